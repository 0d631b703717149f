//! The library of actions: `infra/actions/<id>/action.toml`, compiled in. The same files make the Automation documents.

use super::expectation::Expectation;
use crate::address::is_public;
use crate::finding::{EntityKind, Located};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every description as one JSON object by id, made by `build.rs` from the TOML: reading JSON costs a start less.
static DESCRIPTIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/actions.json"));

/// A build whose descriptions cannot be read has no actions; a test fails then.
static LIBRARY: LazyLock<BTreeMap<String, Action>> = LazyLock::new(|| read(DESCRIPTIONS).unwrap_or_default());

fn read(text: &str) -> serde_json::Result<BTreeMap<String, Action>> {
    let mut actions: BTreeMap<String, Action> = serde_json::from_str(text)?;
    for (id, action) in &mut actions {
        action.id.clone_from(id);
    }
    Ok(actions)
}

/// What the responder knows of an action.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Its folder in `infra/actions`.
    #[serde(skip)]
    pub id: String,
    /// What it does, one line.
    pub title: String,
    /// The kind of entity that it acts on.
    pub target: EntityKind,
    /// The document parameter that names the target.
    pub parameter: String,
    /// Whom it hits, one line for the operator.
    pub impact: String,
    /// Whether it always waits for a person.
    #[serde(default)]
    pub asks: bool,
    /// Only a target whose id begins so can be contained by it.
    pub id_prefix: Option<String>,
    /// Only a target whose ARN is of this service can be contained by it.
    pub arn_service: Option<String>,
    /// How often it is applied. The instance metadata service may hand out old role credentials for a while after the
    /// profile was swapped, so sessions are revoked a second time.
    #[serde(default = "once")]
    pub passes: u32,
    /// The document's further parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Whether there is a way back.
    pub reversible: bool,
    /// What a reversal does not bring back: members of the state.
    #[serde(default)]
    pub lost: Vec<String>,
    /// What the observation must show before it counts as contained.
    pub shows: Vec<Expectation>,
}

/// A further parameter of a document.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Where its value comes from; `None` where the document's default is meant.
    pub from: Option<ValueSource>,
    /// Whether the document has a value of its own.
    #[serde(default)]
    pub has_default: bool,
    /// Which of the action's documents take it: `document`, `reversal`, `preview`.
    #[serde(default = "forward")]
    pub documents: Vec<String>,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueSource {
    /// The roles that keep access while something is shut.
    Responders,
    /// The organisation's signed settings for this action.
    Settings,
}

fn once() -> u32 {
    1
}

fn forward() -> Vec<String> {
    vec!["document".to_owned(), "preview".to_owned()]
}

impl Action {
    /// Whether this entity is one that it can contain.
    pub fn fits(&self, found: &Located) -> bool {
        let entity = &found.entity;
        entity.kind == self.target
            // Findings name private addresses, too: nobody outside comes from one.
            && (entity.kind != EntityKind::Address || entity.id.parse().is_ok_and(is_public))
            && self.id_prefix.as_ref().is_none_or(|prefix| entity.id.starts_with(prefix))
            && self
                .arn_service
                .as_ref()
                .is_none_or(|service| entity.arn.as_ref().and_then(|arn| arn.split(':').nth(2)) == Some(service))
    }
}

/// The action of this name.
pub(super) fn named(name: &str) -> Option<&'static Action> {
    LIBRARY.get(name)
}

/// All of them, by name.
pub(super) fn all() -> impl Iterator<Item = &'static Action> {
    LIBRARY.values()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    #[test]
    fn every_description_can_be_read() {
        assert!(!super::read(super::DESCRIPTIONS).unwrap().is_empty());
    }
}
