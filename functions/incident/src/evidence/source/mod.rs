//! The sources of evidence: `evidence/<source>.toml` says which read-only calls are made about which kind of resource, and their
//! answers are kept byte for byte. A new source is one file.

mod answer;
mod pointer;
mod request;
mod template;

pub use answer::{Form, read as read_answer};
pub use pointer::values;
pub use request::{Asked, Request};
pub use template::{Known, Unfilled, Window};

use crate::finding::EntityKind;
use serde::Deserialize;
use serde_json::{Map, Value};
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
    /// Only a resource whose id begins so is asked about.
    pub id_prefix: Option<String>,
    /// The form of ids, for who reads the file.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The calls, in the order in which they are made.
    #[serde(default, rename = "call")]
    pub calls: Vec<Call>,
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

/// One read-only call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its name in the file; the answers' files are named by it.
    pub name: String,
    /// A name of `services.toml`.
    pub service: String,
    /// The operation; of a REST service, its name for people.
    pub operation: String,
    /// The IAM action, where it is not the service's prefix and the operation.
    #[serde(default)]
    pub action: Option<String>,
    /// Of a REST service.
    #[serde(default = "get")]
    pub method: String,
    /// Of a REST service.
    #[serde(default = "root")]
    pub path: String,
    /// Parameters: of the query string (REST), of the form (query protocol), of the body (JSON).
    #[serde(default)]
    pub with: Map<String, Value>,
    /// Once for each value that the first page of an earlier call has there: `call:/pointer`.
    #[serde(default)]
    pub each: Option<String>,
    /// The gap that is recorded when there is none.
    #[serde(default)]
    pub without: Option<String>,
    /// Which parameter goes on with what of the answer. A listing ends where none of it is there.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
    /// How many pages are read at most.
    #[serde(default = "many")]
    pub most_pages: usize,
    /// Codes that say that there is none: that answer is the evidence.
    #[serde(default)]
    pub absent: Vec<String>,
    /// How the answer is read for what follows it.
    #[serde(default)]
    pub body: Option<Form>,
    /// Objects that the answer names, which are copied.
    #[serde(default)]
    pub names_objects: Option<NamesObjects>,
}

/// Which objects an answer names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamesObjects {
    /// The bucket.
    pub bucket: String,
    /// Where the keys are in the answer.
    pub keys: String,
    /// Where the versions are, in the same order.
    #[serde(default)]
    pub versions: Option<String>,
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
    /// Whether it has one endpoint for all regions of a partition.
    #[serde(default)]
    pub global: bool,
    /// The name that requests are signed for, where it is not the service's own here.
    #[serde(default)]
    pub signing: Option<String>,
    /// The first label of its host, where it is not the service's own name here.
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
    /// JSON 1.1 by `X-Amz-Target`.
    Json,
    /// JSON 1.0 by `X-Amz-Target`.
    #[serde(rename = "json-1.0")]
    Json10,
    /// Method and path, answered by XML.
    Rest,
    /// Method and path, answered by JSON.
    RestJson,
}

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn many() -> usize {
    100_000
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
}

impl Call {
    /// The service that is asked.
    pub fn spoken_to(&self) -> Option<&'static Service> {
        LIBRARY.services.get(&self.service)
    }

    /// The IAM action: which API it is.
    pub fn api(&self) -> String {
        let prefix = self.spoken_to().and_then(|service| service.prefix.as_deref()).unwrap_or(&self.service);
        self.action.clone().unwrap_or_else(|| format!("{prefix}:{}", self.operation))
    }

    /// How its answers are read.
    pub fn form(&self) -> Form {
        let protocol = self.spoken_to().map_or(Protocol::Json, |service| service.protocol);
        self.body.unwrap_or(match protocol {
            Protocol::Query | Protocol::Rest => Form::Xml,
            Protocol::Json | Protocol::Json10 | Protocol::RestJson => Form::Json,
        })
    }
}

#[cfg(test)]
mod tests;
