//! One rule of the document: a reason, and conditions that must all hold.

use super::names_only;
use crate::finding::{EntityKind, Finding};
use ipnet::IpNet;
use jiff::Timestamp;

/// A rule that suppresses findings. An empty list is no condition; a document that writes one is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which is recorded with what it suppresses.
    pub id: String,
    /// Why, one line for people.
    pub reason: String,
    pub(super) until: Option<Timestamp>,
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) sources: Vec<String>,
    pub(super) types: Vec<TypePattern>,
    pub(super) addresses: Vec<IpNet>,
    pub(super) entities: Vec<String>,
    pub(super) markers: Vec<String>,
    pub(super) severity_below: Option<u8>,
}

/// A finding type, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TypePattern {
    Exact(String),
    Prefix(String),
}

impl TypePattern {
    fn fits(&self, kind: &str) -> bool {
        match self {
            Self::Exact(exact) => kind == exact,
            Self::Prefix(prefix) => kind.starts_with(prefix),
        }
    }
}

impl Rule {
    /// Whether every condition holds at this time.
    pub fn suppresses(&self, finding: &Finding, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
            && holds(&self.accounts, |account| *account == finding.account)
            && holds(&self.regions, |region| Some(region) == finding.region.as_ref())
            && holds(&self.sources, |source| *source == finding.source)
            && holds(&self.types, |pattern| pattern.fits(&finding.kind))
            && holds(&self.entities, |entity| names(finding, entity))
            && holds(&self.markers, |marker| bears(finding, marker))
            && (self.addresses.is_empty() || names_only(finding, &self.addresses))
            && self.severity_below.is_none_or(|limit| finding.severity.score < limit)
    }

    /// Whether it is about less than everything. A limit of severity alone would quiet a whole organisation.
    pub(super) fn is_narrow(&self) -> bool {
        let lists = [&self.accounts, &self.regions, &self.sources, &self.entities, &self.markers];
        lists.iter().any(|list| !list.is_empty()) || !self.types.is_empty() || !self.addresses.is_empty()
    }
}

fn holds<T>(listed: &[T], fits: impl Fn(&T) -> bool) -> bool {
    listed.is_empty() || listed.iter().any(fits)
}

/// Addresses are left to their own condition, which asks for all of them.
fn names(finding: &Finding, listed: &String) -> bool {
    let named = finding.entities.iter().filter(|entity| entity.kind != EntityKind::Address);
    named.into_iter().any(|entity| entity.id == *listed || entity.arn.as_ref() == Some(listed))
}

fn bears(finding: &Finding, marker: &String) -> bool {
    finding.title.contains(marker) || finding.entities.iter().any(|entity| entity.id.contains(marker))
}
