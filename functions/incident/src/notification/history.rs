//! How the facts came to be what they are.

use super::facts::{Fact, Facts};
use serde::Serialize;
use serde_json::Value;

/// A value that was entered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactEntered {
    /// In which version.
    pub version: u32,
    /// Which fact.
    pub name: String,
    /// The value, who entered it, when, and why.
    pub fact: Fact,
    /// The value in the version before; `None` where nobody had entered one.
    pub before: Option<Value>,
}

/// What each version entered, the oldest first; what it left as it was is left out.
pub fn history(versions: &[Facts]) -> Vec<FactEntered> {
    let nothing = Facts::unknown();
    let before = std::iter::once(&nothing).chain(versions);
    let mut entered = Vec::new();
    for (before, facts) in before.zip(versions) {
        for (name, fact) in facts.entries() {
            let known = before.entries().find(|(known, _)| *known == name).map(|(_, known)| known);
            if known != Some(fact) {
                let (name, before) = (name.to_owned(), known.map(|known| known.value.clone()));
                entered.push(FactEntered { version: facts.version(), name, fact: fact.clone(), before });
            }
        }
    }
    entered
}
