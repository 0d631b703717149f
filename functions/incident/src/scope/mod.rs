//! What Tocsin is asked to act on: accounts, regions, known scanners, exercises.
//!
//! Whoever can write this document can blind the response, so it counts only with a signature. Where it cannot be trusted
//! nothing is suppressed, and somebody hears of it: a broken document never weakens the response.

mod builtin;
mod document;
mod load;
mod rule;
mod words;

pub use load::{Loaded, load, trust};
pub use rule::Rule;

use crate::address;
use crate::finding::{Entity, EntityKind, Finding};
use crate::signed::Period;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Where the document lies among the settings.
pub const PATH: &str = "settings/scope.json";

/// Where its detached signature lies.
pub const SIGNATURE_PATH: &str = "settings/scope.json.sig";

/// What is to be done about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to an incident.
    Act,
    /// It is recorded, and nothing more.
    Suppressed(Suppression),
}

/// Why nothing is done about a finding; recorded with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The rule: built in (`sample`, `archived`, `posture`, `unclassified`), `scope.accounts`, `scope.regions`, or the
    /// id of one in the document.
    pub rule: String,
    /// Its reason, one line for people.
    pub reason: String,
}

/// What is acted on, and what only recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    period: Option<Period>,
    accounts: Vec<String>,
    regions: Vec<String>,
    shared_addresses: Vec<IpNet>,
    rules: Vec<Rule>,
}

impl Scope {
    /// The scope where there is no document: only the built-in rules suppress.
    pub fn none() -> Self {
        Self::default()
    }

    /// What is to be done about a finding. The first rule that holds names the reason: the built-in ones, then accounts
    /// and regions, then the document's rules in their order.
    pub fn decide(&self, finding: &Finding, now: Timestamp) -> Verdict {
        let suppression = builtin::suppression(finding).or_else(|| self.suppression(finding, now));
        suppression.map_or(Verdict::Act, Verdict::Suppressed)
    }

    fn suppression(&self, finding: &Finding, now: Timestamp) -> Option<Suppression> {
        // A process may hold a document for longer than it counts.
        if !self.counts(now) {
            return None;
        }
        if !self.accounts.is_empty() && !self.accounts.contains(&finding.account) {
            return Some(Suppression::of("scope.accounts", "the account is not one that the scope lists"));
        }
        // A global finding is about every region.
        let is_elsewhere = |region: &String| !self.regions.is_empty() && !self.regions.contains(region);
        if finding.region.as_ref().is_some_and(is_elsewhere) {
            return Some(Suppression::of("scope.regions", "the region is not one that the scope lists"));
        }
        let rule = self.rules.iter().find(|rule| rule.suppresses(finding, now))?;
        Some(Suppression::of(&rule.id, &rule.reason))
    }

    /// Whether strangers share this address (an own egress, a VPN): then it ties no findings together.
    pub fn is_shared(&self, entity: &Entity, now: Timestamp) -> bool {
        let shared = |address: IpAddr| self.shared_addresses.iter().any(|network| network.contains(&address));
        self.counts(now) && address_of(entity).is_some_and(shared)
    }

    /// The document's period; `None` without a document.
    pub fn period(&self) -> Option<Period> {
        self.period
    }

    /// The document's rules, in its order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn counts(&self, now: Timestamp) -> bool {
        self.period.is_some_and(|period| period.holds(now))
    }
}

impl Suppression {
    fn of(rule: &str, reason: &str) -> Self {
        Self { rule: rule.to_owned(), reason: reason.to_owned() }
    }
}

/// An address entity's address; IPv4 also where it is written as IPv6.
fn address_of(entity: &Entity) -> Option<IpAddr> {
    let address: Option<IpAddr> = entity.id.parse().ok().filter(|_| entity.kind == EntityKind::Address);
    address.map(|address| address.to_canonical())
}

/// Whether the finding names addresses, a public one among them, and every one of them is listed.
fn names_only(finding: &Finding, networks: &[IpNet]) -> bool {
    let mut named = finding.entities.iter().filter(|entity| entity.kind == EntityKind::Address).map(address_of);
    let is_listed = |address: IpAddr| networks.iter().any(|network| network.contains(&address));
    let is_public = named.clone().flatten().any(address::is_public);
    is_public && named.all(|address| address.is_some_and(is_listed))
}
