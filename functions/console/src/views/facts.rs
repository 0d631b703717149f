//! What is known: each fact with its source and its history.

use super::text::{value, words};
use super::time::At;
use incident::notification::{Fact, Facts};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// Its name.
    pub name: String,
    /// How it stands now.
    pub now: Entry,
    /// What was said of it before, the latest first.
    pub before: Vec<Entry>,
}

/// What somebody said of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value, in words.
    pub value: String,
    /// Where it comes from.
    pub source: String,
    /// Who said so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: At,
}

impl Entry {
    fn of(fact: &Fact) -> Self {
        Self {
            value: value(&fact.value),
            source: words(&fact.source()),
            author: fact.author.clone(),
            reason: fact.reason.clone(),
            at: At::of(fact.at),
        }
    }
}

impl FactLine {
    /// Every fact of the last version, by name. `versions` are in order.
    pub fn all(versions: &[Facts]) -> Vec<Self> {
        let Some(last) = versions.last() else { return Vec::new() };
        last.entries().map(|(name, fact)| Self::of(name, fact, versions)).collect()
    }

    fn of(name: &str, fact: &Fact, versions: &[Facts]) -> Self {
        let mut before: Vec<Entry> = Vec::new();
        let mut last = fact;
        for earlier in versions.iter().rev() {
            let Some((_, said)) = earlier.entries().find(|(known, _)| *known == name) else { continue };
            if said != last {
                before.push(Entry::of(said));
                last = said;
            }
        }
        Self { name: name.to_owned(), now: Entry::of(fact), before }
    }
}
