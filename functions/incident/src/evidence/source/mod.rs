//! The sources of evidence: `evidence/<source>.toml` says which read-only calls are made about which kind of resource, and their
//! answers are kept byte for byte. A new source is one file.

mod absence;
mod answer;
mod call;
mod each;
mod making;
mod pointer;
mod request;
mod search;
mod template;

pub use absence::Absence;
pub use answer::{Form, read as read_answer};
pub use call::{Call, NamesObjects};
pub use making::{ListOf, Making, Whereabouts};
pub use pointer::values;
pub use request::{Request, escape};
pub use search::{Lies, Search};
pub use template::{Destination, Known, MemoryTool, NotAKey, Unfilled, Window, suffix};

use crate::evidence::EvidenceItem;
use crate::finding::EntityKind;
use regex_lite::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The source of the findings themselves: what was received, which no file describes.
pub const FINDING: &str = "finding";

/// Every source and service as one JSON object, made by `build.rs` from the TOML: reading JSON costs a start less.
static DESCRIPTIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/evidence.json"));

/// A build whose descriptions cannot be read has no sources; a test fails then.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| read(DESCRIPTIONS).unwrap_or_default());

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    sources: BTreeMap<String, Source>,
    services: BTreeMap<String, Service>,
}

fn read(text: &str) -> serde_json::Result<Library> {
    let mut library: Library = serde_json::from_str(text)?;
    for (id, source) in &mut library.sources {
        source.id.clone_from(id);
    }
    Ok(library)
}

/// A source of evidence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its file's name.
    #[serde(skip)]
    pub id: String,
    /// What it knows, one line.
    pub title: String,
    /// The kinds of resource that it is asked about.
    #[serde(default)]
    pub about: Vec<EntityKind>,
    /// Whether it is asked once about the account and region of each resource, instead of about the resource.
    #[serde(default)]
    pub of: Option<Whole>,
    /// Lower is taken first: the order of volatility of RFC 3227, section 2.1.
    pub volatility: u8,
    /// Whether it is begun before containment and waited for by nobody, whatever the playbook: containment would make it impossible.
    #[serde(default)]
    pub begun_first: bool,
    /// Only a resource whose id begins so is asked about.
    pub id_prefix: Option<String>,
    /// The form of ids. Its named groups are names for templates.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Words of a kind of resource, for templates, such as what CloudTrail calls it.
    #[serde(default)]
    pub words: BTreeMap<EntityKind, BTreeMap<String, String>>,
    /// The calls, in the order in which they are made.
    #[serde(default, rename = "call")]
    pub calls: Vec<Call>,
    /// What has to be made before it can be kept, after the calls: documents that are run until they are done.
    #[serde(default, rename = "document")]
    pub documents: Vec<Making>,
    /// Searches of logs where they lie, after the documents.
    #[serde(default, rename = "query")]
    pub searches: Vec<Search>,
    /// What is a gap although every call was answered.
    #[serde(default, rename = "gap")]
    pub gaps: Vec<Absence>,
}

/// What a source that is about no single resource is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// Each account and region of the incident.
    Place,
    /// Each account of the incident.
    Account,
}

/// How a service is spoken to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The form of its requests.
    pub protocol: Protocol,
    /// Of the query protocol.
    #[serde(default)]
    pub version: String,
    /// Of the JSON protocols: what stands before the operation in `X-Amz-Target`.
    #[serde(default)]
    pub target: String,
    /// Of the JSON protocol: its version.
    #[serde(default = "newer")]
    pub json: String,
    /// Further headers: templates.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether it has one endpoint for all regions of a partition.
    #[serde(default)]
    pub global: bool,
    /// The name that requests are signed for, where it is not the service's own here.
    #[serde(default)]
    pub signing: Option<String>,
    /// Its host, where that is not `<service>.<region>.<suffix>`: a template.
    #[serde(default)]
    pub host: Option<String>,
    /// What its IAM actions begin with, where it is not the service's own name here.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// The protocols of AWS, as far as they differ for who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// A form, answered by XML.
    Query,
    /// JSON by `X-Amz-Target`.
    Json,
    /// Method and path, answered by XML.
    Rest,
    /// Method and path, answered by JSON.
    RestJson,
}

fn newer() -> String {
    "1.1".to_owned()
}

impl Source {
    /// The source of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LIBRARY.sources.get(name)
    }

    /// All of them, by name.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        LIBRARY.sources.values()
    }

    /// Whether something of the source, a later call or a gap, needs the answers of this call.
    pub fn needs(&self, call: &Call) -> bool {
        let reference = format!("{}:", call.name);
        self.calls.iter().any(|later| call.is_needed_by(later))
            || self.searches.iter().flat_map(|search| &search.each).any(|list| list.starts_with(&reference))
            || self.searches.iter().flat_map(|search| &search.lies).any(|lies| lies.at.starts_with(&reference))
            || self.gaps.iter().flat_map(|gap| &gap.unless).any(|unless| unless.starts_with(&reference))
            || self.words.values().flat_map(BTreeMap::values).any(|word| word.contains(&format!("{{{reference}")))
    }

    /// The parts of a subject that the pattern names; `None` where the subject is not of its form.
    pub fn parts(&self, subject: &str) -> Option<BTreeMap<String, String>> {
        let Some(pattern) = &self.pattern else { return Some(BTreeMap::new()) };
        let pattern = Regex::new(pattern).ok()?;
        let found = pattern.captures(subject)?;
        let named = pattern.capture_names().flatten();
        Some(named.filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned()))).collect())
    }
}

fn fits(about: &[EntityKind], item: &EvidenceItem) -> bool {
    about.is_empty() || item.kind.is_some_and(|kind| about.contains(&kind))
}

#[cfg(test)]
mod tests;
