//! The name of an action, and of its documents.

use super::library::{self, Action};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// An action of the library. Only a name that the library has can be one.
#[derive(Clone, Copy)]
pub struct ActionId(&'static Action);

impl ActionId {
    /// The action of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        library::named(name).map(Self)
    }

    /// Every action, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        library::all().map(Self)
    }

    /// Its name: the folder in `infra/actions`.
    pub fn as_str(self) -> &'static str {
        &self.0.id
    }

    /// The role that its documents run with.
    pub fn role(self) -> String {
        self.document_named("")
    }

    /// The document that applies it.
    pub fn document(self) -> String {
        self.document_named("")
    }

    /// The document that restores the recorded before-state.
    pub fn reversal_document(self) -> String {
        self.document_named("Reverse")
    }

    /// The document that reads the state, the calls that would be made and whom they hit.
    pub fn preview_document(self) -> String {
        self.document_named("Preview")
    }

    fn document_named(self, prefix: &str) -> String {
        let mut name = format!("Tocsin-{prefix}");
        for part in self.as_str().split('-') {
            let mut letters = part.chars();
            name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
        name
    }
}

impl Deref for ActionId {
    type Target = Action;

    fn deref(&self) -> &Action {
        self.0
    }
}

impl PartialEq for ActionId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ActionId {}

impl PartialOrd for ActionId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ActionId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ActionId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for ActionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ActionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no action `{name}`")))
    }
}

impl fmt::Debug for ActionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ActionId({})", self.as_str())
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
