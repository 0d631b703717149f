//! What the form sends back: which facts a person wants to be otherwise.

use super::typed::{member_of, texts_of};
use incident::notification::{FactError, Facts, Field, Rules, Takes};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the names of fields begin with: a value, that it is not known, a member of a record, a place, how many live there.
const VALUE: &str = "value.";
const UNKNOWN: &str = "unknown.";
const MEMBER: &str = "member.";
const PLACE: &str = "place";
const PEOPLE: &str = "people";

/// How it is typed that a fact is not known, and that a list or a table is empty.
const NOT_KNOWN: &str = "unknown";
const NONE: &str = "none";

/// What was sent, as names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// Why a fact cannot be entered as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// The fact; empty where it is about the whole form.
    pub fact: String,
    /// What is wrong.
    pub problem: String,
}

impl Slip {
    /// About this fact.
    pub fn new(fact: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { fact: fact.into(), problem: problem.into() }
    }

    /// What the facts refused, by field.
    pub fn all(errors: &[FactError]) -> Vec<Self> {
        let slips = |error: &FactError| {
            let problem =
                if let FactError::Refused { problem, .. } = error { problem.clone() } else { error.to_string() };
            let facts = error.facts();
            let named: Vec<Self> = facts.iter().map(|fact| Self::new(*fact, &problem)).collect();
            if named.is_empty() { vec![Self::new("", problem)] } else { named }
        };
        errors.iter().flat_map(slips).collect()
    }

    /// The anchor of its field on the page.
    pub fn anchor(&self) -> String {
        match self.fact.as_str() {
            "" => "reason".to_owned(),
            fact if fact.starts_with("affected.") => "places".to_owned(),
            fact => format!("f-{fact}"),
        }
    }
}

impl From<Vec<(String, String)>> for Form {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl Form {
    /// The text of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Why the facts are changed.
    pub fn reason(&self) -> &str {
        self.text("reason").unwrap_or_default().trim()
    }

    /// The version of the facts that the person saw.
    pub fn version(&self) -> Option<u32> {
        self.text("version")?.parse().ok()
    }

    /// What was sent for a fact: its texts, and whether it is not known. `None` where its field was not there.
    pub(super) fn sent(&self, fact: &str) -> Option<(Vec<String>, bool)> {
        let texts: Vec<String> = self.all(&format!("{VALUE}{fact}")).map(clean).collect();
        let is_unknown = self.text(&format!("{UNKNOWN}{fact}")).is_some() || texts.iter().any(|text| text == "unknown");
        let is_there = self.all("asked").any(|asked| asked == fact);
        is_there.then_some((texts, is_unknown))
    }

    /// What was sent for a member of a record.
    pub(super) fn member(&self, fact: &str, member: &str) -> String {
        self.text(&format!("{MEMBER}{fact}.{member}")).map(clean).unwrap_or_default()
    }

    /// The places, with how many people live there.
    pub(super) fn places(&self) -> Vec<(String, String)> {
        self.all(PLACE).map(clean).zip(self.all(PEOPLE).map(clean)).collect()
    }

    /// What the person wants to be otherwise than in `facts`; `null` says that it is not known. What cannot be read stays text, which
    /// the facts refuse by name.
    pub fn changes(&self, rules: &Rules, questions: &[Field], facts: &Facts) -> BTreeMap<String, Value> {
        let recorded = |fact: &str| facts.entries().find(|(name, _)| *name == fact).map(|(_, entry)| &entry.value);
        let mut typed: Vec<(String, String)> = Vec::new();
        for question in questions {
            self.type_in(question, recorded(&question.name), &mut typed);
        }
        for (place, people) in self.places().into_iter().filter(|(place, _)| !place.is_empty()) {
            typed.push((
                format!("affected.{}", place.to_uppercase()),
                if people.is_empty() { NOT_KNOWN.to_owned() } else { people },
            ));
        }
        let mut changes = rules.typed(typed.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        changes.retain(|fact, value| !is_same(recorded(fact), value));
        changes
    }

    /// The answer to one question, in the words that [`Rules::typed`] reads. A field that is emptied takes nothing back: only that it
    /// is not known does.
    fn type_in(&self, question: &Field, recorded: Option<&Value>, typed: &mut Vec<(String, String)>) {
        let name = &question.name;
        let Some((texts, is_unknown)) = self.sent(name) else { return };
        if is_unknown {
            typed.push((name.clone(), NOT_KNOWN.to_owned()));
            return;
        }
        match &question.takes {
            // Of a list in which nothing is chosen any more, nothing is left.
            Takes::AnyOf(_) if texts.is_empty() && !texts_of(recorded).is_empty() => {
                typed.push((name.clone(), NONE.to_owned()))
            }
            Takes::Table(members) => {
                let held: Vec<(&String, String)> =
                    members.iter().map(|member| (member, self.member(name, member))).collect();
                let is_changed = held.iter().any(|(member, text)| *text != member_of(recorded, member));
                if is_changed && held.iter().all(|(_, text)| text.is_empty()) {
                    typed.push((name.clone(), NONE.to_owned()));
                } else if is_changed {
                    typed.extend(held.into_iter().map(|(member, text)| (format!("{name}.{member}"), text)));
                }
            }
            Takes::YesNo
            | Takes::Count
            | Takes::Text
            | Takes::OneOf(_)
            | Takes::AnyOf(_)
            | Takes::Place
            | Takes::TimeZone
            | Takes::Time => typed.extend(texts.into_iter().map(|text| (name.clone(), text))),
        }
    }
}

/// A browser sends lines with CR and LF; what is kept has LF.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// Whether a fact stands like that already. A set has no order.
fn is_same(recorded: Option<&Value>, value: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts = texts_of(Some(value));
        texts.sort();
        texts
    };
    match (recorded, value) {
        (Some(Value::Array(_)), Value::Array(_)) => recorded.is_some_and(|recorded| sorted(recorded) == sorted(value)),
        (Some(Value::String(text)), Value::Null) => text == "unknown",
        (recorded, value) => recorded == Some(value),
    }
}
