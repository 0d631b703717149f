//! What is a gap although every call was answered.

use super::template::Known;
use super::{fits, pointer};
use crate::finding::EntityKind;
use serde::Deserialize;
use serde_json::Value;

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
