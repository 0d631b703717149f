//! The sources of evidence: `evidence/<source>.toml` says which read-only calls are made about which kind of resource, and their
//! answers are kept byte for byte. A new source is one file.

mod answer;
mod pointer;
mod request;
mod template;

pub use answer::{Form, read as read_answer};
pub use pointer::values;
pub use request::{Request, escape};
pub use template::{Destination, Known, MemoryTool, NotAKey, Unfilled, Window, suffix};

use crate::evidence::EvidenceItem;
use crate::finding::EntityKind;
use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;
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

/// A document that makes evidence, such as a snapshot. It is run again until it says that it is done
/// (`infra/preservation/README.md`), and its last answer is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// Its name in the file; the answer's file is named by it.
    pub name: String,
    /// The document, which is also the name of its role.
    pub document: String,
    /// In which account it runs.
    #[serde(default)]
    pub at: Whereabouts,
    /// Its parameters: templates.
    pub with: BTreeMap<String, String>,
    /// The gap that is recorded where a parameter has no value.
    #[serde(default)]
    pub without: Option<String>,
    /// Parameters that are lists. Where one of them would be empty there is nothing to make.
    #[serde(default)]
    pub lists: BTreeMap<String, ListOf>,
}

/// A search of logs where they lie, by Athena in the evidence account. Its result is copied like any object that evidence names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Its name in the file.
    pub name: String,
    /// The table of `infra/evidence.yaml`; where it is not set up, that is a gap.
    pub table: String,
    /// Only of resources of these kinds; of all of the source's where it is empty.
    #[serde(default)]
    pub about: Vec<EntityKind>,
    /// Once for each value that the answers of a call have there; of two such lists, for each pair.
    #[serde(default, deserialize_with = "one_or_two")]
    pub each: Vec<String>,
    /// The query: a template whose values stand inside quotes, and nowhere else.
    pub sql: String,
}

impl Search {
    /// The query with its values filled in. A quote in a value is doubled, so that it ends no text of the query.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn query(&self, known: &Known<'_>) -> Result<String, Unfilled> {
        known.fill_as(&self.sql, |_, value| value.replace('\'', "''"))
    }

    /// Whether it is made of this item.
    pub fn is_about(&self, item: &EvidenceItem) -> bool {
        fits(&self.about, item)
    }

    /// The values that it is made for; one without values where it is made once.
    pub fn rounds(&self, known: &Known<'_>) -> Vec<Vec<Value>> {
        rounds(&self.each, known, |_| true)
    }
}

/// In which account a document runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// That of the resource.
    #[default]
    Resource,
    /// The evidence account.
    Evidence,
}

/// A parameter that is a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOf {
    /// Of which values: `name:/pointer` into the answer of an earlier call or document.
    pub each: String,
    /// Only of those that hold this member as true.
    #[serde(default, rename = "where")]
    pub holding: Option<String>,
    /// What becomes of each: a template with `{each:/…}`.
    pub item: String,
}

/// Something that is missing at the source: no trail that records data events, no flow log. The gap is evidence, too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// What is missing.
    pub name: String,
    /// Only of resources of these kinds; of all of the source's where it is empty.
    #[serde(default)]
    pub about: Vec<EntityKind>,
    /// Where it would be: `call:/pointer`, any of them.
    pub unless: Vec<String>,
    /// One of these values must be there; any value does where it is empty.
    #[serde(default)]
    pub holds: Vec<String>,
    /// What the gap says.
    pub reason: String,
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
    /// Only of resources of these kinds; of all of the source's where it is empty.
    #[serde(default)]
    pub about: Vec<EntityKind>,
    /// Only of resources whose ARN is of this form, or not known.
    #[serde(default)]
    pub arn: Option<String>,
    /// Where it is asked, if not in the resource's region: a template.
    #[serde(default)]
    pub region: Option<String>,
    /// Once for each value that the answers of an earlier call have there, `call:/pointer`; of two such lists, for each pair.
    #[serde(default, deserialize_with = "one_or_two")]
    pub each: Vec<String>,
    /// Only for values that hold these: pointers into the value, and templates.
    #[serde(default, rename = "where")]
    pub holding: BTreeMap<String, String>,
    /// The gap that is recorded when there is none.
    #[serde(default)]
    pub without: Option<String>,
    /// For how many days the source keeps what it is asked for, `90d`: a template. What the window wants beyond is a gap.
    #[serde(default)]
    pub keeps: Option<String>,
    /// Which parameter goes on with what of the answer. A listing ends where none of it is there.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
    /// How many pages are read at most: what lies behind is a gap.
    #[serde(default = "many")]
    pub most: usize,
    /// What the answer must hold before it counts: it is asked for again until then, for a minute.
    #[serde(default)]
    pub until: BTreeMap<String, Vec<String>>,
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

fn one_or_two<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lists {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Lists::deserialize(deserializer)? {
        Lists::One(list) => vec![list],
        Lists::Several(lists) => lists,
    })
}

fn get() -> String {
    "GET".to_owned()
}

fn newer() -> String {
    "1.1".to_owned()
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

    /// Whether something of the source, a later call or a gap, needs the answers of this call.
    pub fn needs(&self, call: &Call) -> bool {
        let reference = format!("{}:", call.name);
        self.calls.iter().any(|later| call.is_needed_by(later))
            || self.searches.iter().flat_map(|search| &search.each).any(|list| list.starts_with(&reference))
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

impl Making {
    /// Its parameters; `None` where there is nothing to make.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn parameters(&self, known: &Known<'_>) -> Result<Option<BTreeMap<String, Vec<String>>>, Unfilled> {
        let mut parameters = BTreeMap::new();
        for (name, template) in &self.with {
            parameters.insert(name.clone(), vec![known.fill(template)?]);
        }
        for (name, list) in &self.lists {
            let mut items = Vec::new();
            for value in known.all_of(&list.each) {
                let is_meant = list
                    .holding
                    .as_ref()
                    .is_none_or(|member| value.pointer(member).and_then(Value::as_bool) == Some(true));
                if is_meant {
                    items.push(Known { each: &[value], ..known.clone() }.fill(&list.item)?);
                }
            }
            if items.is_empty() {
                return Ok(None);
            }
            parameters.insert(name.clone(), items);
        }
        Ok(Some(parameters))
    }
}

impl Absence {
    /// Whether it is missing, as far as the answers tell; not where what would tell was not answered.
    pub fn is_found(&self, known: &Known<'_>) -> bool {
        let is_answered =
            |reference: &String| reference.split(':').next().is_some_and(|call| known.answers.contains_key(call));
        let is_there = |value: &Value| {
            self.holds.is_empty() || pointer::text(value).is_some_and(|text| self.holds.contains(&text))
        };
        fits(&self.about, known.item)
            && self.unless.iter().any(is_answered)
            && !self.unless.iter().any(|reference| known.all_of(reference).iter().any(is_there))
    }
}

/// Every combination of the values of these lists.
fn rounds(each: &[String], known: &Known<'_>, is_meant: impl Fn(&Value) -> bool) -> Vec<Vec<Value>> {
    each.iter().fold(vec![Vec::new()], |rounds, list| {
        let mut values = known.all_of(list);
        values.retain(&is_meant);
        let with = |round: &Vec<Value>| {
            let round = round.clone();
            values.iter().map(move |value| [round.clone(), vec![value.clone()]].concat()).collect::<Vec<_>>()
        };
        rounds.iter().flat_map(with).collect()
    })
}

fn fits(about: &[EntityKind], item: &EvidenceItem) -> bool {
    about.is_empty() || item.kind.is_some_and(|kind| about.contains(&kind))
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

    /// Whether a later call of the source needs its answers.
    fn is_needed_by(&self, later: &Self) -> bool {
        let reference = format!("{}:", self.name);
        later.each.iter().any(|list| list.starts_with(&reference)) || {
            let inside = format!("{{{reference}");
            let texts = serde_json::to_string(&later.with).unwrap_or_default();
            let region = later.region.as_deref().unwrap_or_default();
            let bucket = later.names_objects.as_ref().map_or("", |named| named.bucket.as_str());
            let keeps = later.keeps.as_deref().unwrap_or_default();
            [texts.as_str(), later.path.as_str(), region, bucket, keeps].iter().any(|text| text.contains(&inside))
        }
    }

    /// Whether it is made of this item.
    pub fn is_about(&self, item: &EvidenceItem) -> bool {
        let is_of_form = |form: &String| {
            let form = Regex::new(form);
            item.arn.as_ref().is_none_or(|arn| form.is_ok_and(|form| form.is_match(arn)))
        };
        fits(&self.about, item) && self.arn.as_ref().is_none_or(is_of_form)
    }

    /// From when on the source has what it is asked for, if that is later than the window begins.
    pub fn kept_since(&self, known: &Known<'_>, now: Timestamp) -> Option<Timestamp> {
        let days: i64 = known.fill(self.keeps.as_ref()?).ok()?.strip_suffix('d')?.parse().ok()?;
        let since = now.checked_sub(SignedDuration::from_hours(days.checked_mul(24)?)).ok()?;
        let since = Timestamp::from_second(since.as_second()).ok()?;
        (since > known.window.from).then_some(since)
    }

    /// The lists of values that it is made for, every combination of them; one without values where it is made once.
    pub fn rounds(&self, known: &Known<'_>) -> Vec<Vec<Value>> {
        let is_meant = |value: &Value| {
            self.holding.iter().all(|(pointer, wanted)| {
                let wanted = known.fill(wanted).ok();
                values(value, pointer).iter().any(|found| pointer::text(found) == wanted)
            })
        };
        rounds(&self.each, known, is_meant)
    }

    /// How its answers are read.
    pub fn form(&self) -> Form {
        let protocol = self.spoken_to().map_or(Protocol::Json, |service| service.protocol);
        self.body.unwrap_or(match protocol {
            Protocol::Query | Protocol::Rest => Form::Xml,
            Protocol::Json | Protocol::RestJson => Form::Json,
        })
    }
}

#[cfg(test)]
mod tests;
