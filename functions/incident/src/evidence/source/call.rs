//! The calls of a source.

use super::answer::Form;
use super::each::{one_or_two, rounds};
use super::pointer::{self, values};
use super::template::Known;
use super::{LIBRARY, Protocol, Service, fits};
use crate::evidence::EvidenceItem;
use crate::finding::EntityKind;
use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

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
    /// Only for values (of two lists, of the first) that hold these: pointers into the value, and templates.
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
    pub(super) fn is_needed_by(&self, later: &Self) -> bool {
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

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn many() -> usize {
    100_000
}
