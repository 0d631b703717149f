//! What is known of an incident, in the names of the obligation rules. Every change is a new version with author and reason.

use super::rules::Rules;
use super::vocabulary::Moment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The author of what was derived without a person.
pub const AUTHOR: &str = "tocsin";

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// What the findings say.
    Finding,
    /// The organisation's inventory of its data, or what else its settings say.
    DataMap,
    /// A person.
    Counsel,
    /// What follows from the others, or from what Tocsin did.
    Tocsin,
}

/// One value, and who says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The value, of the type that the vocabulary gives the fact.
    pub value: Value,
    /// Where it comes from; `None` in records of before this was kept, see [`Fact::source`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who entered it: an ARN, or `tocsin`.
    pub author: String,
    /// Why, or from where.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Fact {
    /// Where it comes from. Before this was kept, what Tocsin did not enter a person did.
    pub fn source(&self) -> Source {
        self.source.unwrap_or(if self.author == AUTHOR { Source::Tocsin } else { Source::Counsel })
    }
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
    /// Two facts that cannot both hold.
    #[error("facts `{fact}` and `{other}` contradict each other: {problem}")]
    Contradiction {
        /// The one.
        fact: String,
        /// The other.
        other: String,
        /// Why.
        problem: String,
    },
    /// The rules that name the facts cannot be read.
    #[error("the obligation rules cannot be read")]
    NoRules(
        #[source]
        #[serde(skip)]
        super::RuleError,
    ),
}

impl FactError {
    /// The facts that it is about: none, one, or two that contradict each other.
    pub fn facts(&self) -> Vec<&str> {
        match self {
            Self::AuthorMissing | Self::ReasonMissing | Self::Empty | Self::NoRules(_) => Vec::new(),
            Self::Refused { fact, .. } | Self::InFuture { fact } => vec![fact],
            Self::Contradiction { fact, other, .. } => vec![fact, other],
        }
    }
}

impl Facts {
    /// Version 1, of which nothing is known yet.
    pub(crate) fn unknown() -> Self {
        Self { version: 1, values: BTreeMap::new(), authors: BTreeSet::from([AUTHOR.to_owned()]) }
    }

    /// The facts of a document: names and clocks with their values. `null` says that a fact is not known.
    ///
    /// # Errors
    /// Every fact that does not exist or cannot have its value, every clock in the future, and facts that contradict.
    pub fn read(values: BTreeMap<String, Value>, now: Timestamp) -> Result<Self, Vec<FactError>> {
        let rules = Rules::embedded().map_err(|error| vec![FactError::NoRules(error)])?;
        let mut facts = Self::unknown();
        let mut errors = Vec::new();
        for (name, value) in values {
            match refusal(rules, &name, &value, now) {
                Some(error) => errors.push(error),
                None => facts.set(&name, value, Source::Counsel, AUTHOR, "a document of facts", now),
            }
        }
        errors.extend(facts.contradictions(rules));
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
        let first = |errors: Vec<FactError>| errors.into_iter().next().unwrap_or(FactError::Empty);
        self.enter(changes, author, reason, at).map_err(first)
    }

    /// As [`Facts::amend`], for a form whose every field says what is wrong with it.
    ///
    /// # Errors
    /// All that [`Facts::amend`] refuses, with the facts it is about ([`FactError::facts`]).
    pub fn enter(
        &self,
        changes: BTreeMap<String, Value>,
        author: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Self, Vec<FactError>> {
        let missing = [
            (author.trim().is_empty(), FactError::AuthorMissing),
            (reason.trim().is_empty(), FactError::ReasonMissing),
            (changes.is_empty(), FactError::Empty),
        ];
        let mut errors: Vec<FactError> = missing.into_iter().filter(|(is, _)| *is).map(|(_, error)| error).collect();
        let rules = Rules::embedded().map_err(|error| vec![FactError::NoRules(error)])?;
        let mut next = self.clone();
        next.version += 1;
        next.authors.insert(author.to_owned());
        let source = if author == AUTHOR { Source::Tocsin } else { Source::Counsel };
        for (fact, value) in changes {
            match refusal(rules, &fact, &value, at) {
                Some(error) => errors.push(error),
                None => next.set(&fact, value, source, author, reason, at),
            }
        }
        // Only what these changes bring: what contradicted itself before is not theirs.
        let known = self.contradictions(rules);
        errors.extend(next.contradictions(rules).into_iter().filter(|error| !known.contains(error)));
        if errors.is_empty() { Ok(next) } else { Err(errors) }
    }

    /// Enters one value without a new version: for deriving the first.
    pub(crate) fn set(&mut self, fact: &str, value: Value, source: Source, author: &str, reason: &str, at: Timestamp) {
        let (author, reason) = (author.to_owned(), reason.to_owned());
        self.put(fact, Fact { value, source: Some(source), author, reason, at });
    }

    pub(super) fn put(&mut self, fact: &str, entry: Fact) {
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

    /// Whether someone entered something for the fact, be it that it is not known.
    pub(crate) fn is_recorded(&self, fact: &str) -> bool {
        self.values.contains_key(fact)
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

/// Why a fact cannot have this value. `null` says that it is not known.
fn refusal(rules: &Rules, fact: &str, value: &Value, now: Timestamp) -> Option<FactError> {
    let vocabulary = rules.vocabulary();
    let refused = |problem: String| Some(FactError::Refused { fact: fact.to_owned(), problem });
    if let Some(problem) = rules.law().names_no_rule(fact) {
        return refused(problem);
    }
    if value.is_null() && vocabulary.fact(fact).is_some() {
        return None;
    }
    if let Some(problem) = vocabulary.refusal(fact, value) {
        return refused(problem);
    }
    (fact.starts_with("t.") && is_after(value, now)).then(|| FactError::InFuture { fact: fact.to_owned() })
}

/// Whether the time lies after `now`. A day counts from its start anywhere on Earth, which is 14 hours before UTC.
fn is_after(value: &Value, now: Timestamp) -> bool {
    match value.as_str().and_then(Moment::parse) {
        Some(Moment::Instant(instant)) => instant > now,
        Some(Moment::Day(day)) => day > jiff::tz::Offset::constant(14).to_datetime(now).date(),
        None => false,
    }
}
