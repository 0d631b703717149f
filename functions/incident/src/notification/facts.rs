//! What is known of an incident, in the names of the obligation rules. Every change is a new version with author and reason.

use super::Rules;
use super::vocabulary::Moment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The author of what was derived without a person.
pub const AUTHOR: &str = "tocsin";

/// One value, and who says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The value, of the type that the vocabulary gives the fact.
    pub value: Value,
    /// Who entered it: an ARN, or `tocsin`.
    pub author: String,
    /// Why, or from where.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// One version of what is known. A fact that is not here is unknown, and an unknown fact counts as triggering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    version: u32,
    values: BTreeMap<String, Fact>,
    authors: BTreeSet<String>,
}

/// Why an amendment was refused. Never holds a value, which may be personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum FactError {
    /// The author is missing.
    #[error("an amendment needs an author")]
    AuthorMissing,
    /// The reason is missing.
    #[error("an amendment needs a reason")]
    ReasonMissing,
    /// There is nothing to amend.
    #[error("an amendment needs at least one fact")]
    Empty,
    /// The fact does not exist, or the value is not one of its values.
    #[error("fact `{fact}`: {problem}")]
    Refused {
        /// The fact.
        fact: String,
        /// What is wrong.
        problem: String,
    },
    /// A clock that has not started yet.
    #[error("clock `{fact}` lies in the future")]
    InFuture {
        /// The clock.
        fact: String,
    },
    /// The rules that name the facts cannot be read.
    #[error("the obligation rules cannot be read")]
    NoRules(
        #[source]
        #[serde(skip)]
        super::RuleError,
    ),
}

impl Facts {
    /// Version 1, of which nothing is known yet.
    pub(crate) fn unknown() -> Self {
        Self { version: 1, values: BTreeMap::new(), authors: BTreeSet::from([AUTHOR.to_owned()]) }
    }

    /// The facts of a document: names and values.
    ///
    /// # Errors
    /// Every fact that does not exist, every value of the wrong type, every clock that lies after `now`.
    pub fn read(values: BTreeMap<String, Value>, now: Timestamp) -> Result<Self, Vec<FactError>> {
        let rules = Rules::embedded().map_err(|error| vec![FactError::NoRules(error)])?;
        let mut facts = Self::unknown();
        let mut errors = Vec::new();
        for (fact, value) in values {
            let is_unknown = value.is_null() && rules.vocabulary().fact(&fact).is_some();
            if let Some(problem) = rules.vocabulary().refusal(&fact, &value).filter(|_| !is_unknown) {
                errors.push(FactError::Refused { fact, problem });
            } else if fact.starts_with("t.") && is_after(&value, now) {
                errors.push(FactError::InFuture { fact });
            } else {
                facts.set(&fact, value, AUTHOR, "a document of facts", now);
            }
        }
        if errors.is_empty() { Ok(facts) } else { Err(errors) }
    }

    /// The same facts, with these values entered, as the next version. `null` records that a fact is not known.
    ///
    /// # Errors
    /// A missing author or reason, a fact that does not exist, a value of the wrong type, or a clock in the future.
    pub fn amend(
        &self,
        changes: BTreeMap<String, Value>,
        author: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Self, FactError> {
        if author.trim().is_empty() {
            return Err(FactError::AuthorMissing);
        }
        if reason.trim().is_empty() {
            return Err(FactError::ReasonMissing);
        }
        if changes.is_empty() {
            return Err(FactError::Empty);
        }
        let rules = Rules::embedded().map_err(FactError::NoRules)?;
        let mut next = self.clone();
        next.version += 1;
        next.authors.insert(author.to_owned());
        for (fact, value) in changes {
            let is_withdrawn = value.is_null() && rules.vocabulary().fact(&fact).is_some();
            if let Some(problem) = rules.vocabulary().refusal(&fact, &value).filter(|_| !is_withdrawn) {
                return Err(FactError::Refused { fact, problem });
            }
            if fact.starts_with("t.") && is_after(&value, at) {
                return Err(FactError::InFuture { fact });
            }
            next.set(&fact, value, author, reason, at);
        }
        Ok(next)
    }

    /// Enters one value without a new version: for deriving the first.
    pub(crate) fn set(&mut self, fact: &str, value: Value, author: &str, reason: &str, at: Timestamp) {
        let entry = Fact { value, author: author.to_owned(), reason: reason.to_owned(), at };
        self.values.insert(fact.to_owned(), entry);
    }

    /// The version, from 1.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Everyone who entered a fact in this or an earlier version.
    pub fn authors(&self) -> &BTreeSet<String> {
        &self.authors
    }

    /// Every value that was entered, by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.values.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// The value of a fact; `None` while it is unknown, also when someone recorded that it is.
    pub fn known(&self, fact: &str) -> Option<&Value> {
        let value = &self.values.get(fact)?.value;
        (!value.is_null() && value != "unknown").then_some(value)
    }

    /// The text of a fact.
    pub(crate) fn text(&self, fact: &str) -> Option<&str> {
        self.known(fact)?.as_str()
    }

    /// The whole number of a fact.
    pub(crate) fn count(&self, fact: &str) -> Option<u64> {
        self.known(fact)?.as_u64()
    }

    /// The members of a set.
    pub(crate) fn members(&self, fact: &str) -> Vec<&str> {
        let set = self.known(fact).and_then(Value::as_array);
        set.map(|set| set.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// The time that a fact holds.
    pub(crate) fn moment(&self, fact: &str) -> Option<Moment> {
        Moment::parse(self.text(fact)?)
    }
}

/// Whether the time lies after `now`. A day counts from its start anywhere on Earth, which is 14 hours before UTC.
fn is_after(value: &Value, now: Timestamp) -> bool {
    match value.as_str().and_then(Moment::parse) {
        Some(Moment::Instant(instant)) => instant > now,
        Some(Moment::Day(day)) => day > jiff::tz::Offset::constant(14).to_datetime(now).date(),
        None => false,
    }
}
