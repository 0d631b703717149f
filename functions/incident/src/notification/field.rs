//! The facts that a person can enter: what values each takes, and what was typed as such values.

use super::rules::Rules;
use super::vocabulary::{FactKind, FactRow};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A fact that a person can enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The fact, such as `risk_level`, `affected.DE` or `t.aware`.
    pub name: String,
    /// What it means, where the vocabulary says so.
    pub description: Option<String>,
    /// What values it takes, beside that it is not known.
    pub takes: Takes,
}

/// What values a fact takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "members")]
pub enum Takes {
    /// Yes or no.
    YesNo,
    /// A whole number from 0.
    Count,
    /// Words.
    Text,
    /// One of these.
    OneOf(Vec<String>),
    /// Any of these, or none.
    AnyOf(Vec<String>),
    /// An ISO 3166 code such as `DE` or `US-CA`.
    Place,
    /// An IANA time zone such as `Europe/Berlin`.
    TimeZone,
    /// A time with its offset from UTC, or a day.
    Time,
    /// A table with these members, or any where none are named; or that there is none. It is typed member by member, `fact.member`, and
    /// entered whole: a member that is left out is gone.
    Table(Vec<String>),
}

impl Rules {
    /// The fact of this name, also one of a family such as `affected.DE`; `None` where there is none, and for the pattern of a family.
    pub fn field(&self, name: &str) -> Option<Field> {
        if name.contains('<') || self.law().names_no_rule(name).is_some() {
            return None;
        }
        let vocabulary = self.vocabulary();
        let row = vocabulary.fact(name)?;
        let clock = name.strip_prefix("t.").and_then(|clock| vocabulary.clock(clock));
        let description = clock.map(|clock| clock.definition.clone()).or_else(|| row.description.clone());
        let members = || vocabulary.members(name).into_iter().map(str::to_owned).collect();
        Some(Field { name: name.to_owned(), description, takes: takes(row, members) })
    }

    /// Every fact and every clock that has a name of its own, by name. Of families such as `affected.DE` there are more: ask for
    /// each by [`Rules::field`].
    pub fn fields(&self) -> Vec<Field> {
        let clocks = self.vocabulary().clock_names().map(|clock| format!("t.{clock}"));
        let names: BTreeSet<String> = self.vocabulary().fact_names().map(str::to_owned).chain(clocks).collect();
        names.iter().filter_map(|name| self.field(name)).collect()
    }

    /// What was typed into fields, by fact. A field that was left empty enters nothing; `unknown` says that a fact is not known,
    /// and `none` that a list is empty or that there is no such table. A name comes once for each member of a list.
    ///
    /// What cannot be read stays text, and [`Facts::enter`](super::Facts::enter) refuses it by name.
    pub fn typed<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, Value> {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, text) in fields {
            let text = text.trim();
            if !text.is_empty() {
                texts.entry(name).or_default().push(text);
            }
        }
        let mut values = BTreeMap::new();
        let mut tables: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (name, texts) in texts {
            match (self.field(name), self.table_of(name)) {
                (Some(field), _) => drop(values.insert(name.to_owned(), field.read(&texts))),
                (None, Some((table, member))) => {
                    let value = member_value(member, texts.first().copied().unwrap_or_default());
                    tables.entry(table).or_default().insert(member.to_owned(), value);
                }
                (None, None) => drop(values.insert(name.to_owned(), json!(texts.first()))),
            }
        }
        for (table, members) in tables {
            values.entry(table.to_owned()).or_insert(Value::Object(members));
        }
        values
    }

    /// The table and the member that a name such as `law_enforcement_hold.agency` stands for.
    fn table_of<'a>(&self, name: &'a str) -> Option<(&'a str, &'a str)> {
        let is_table = |table: &str| self.field(table).is_some_and(|field| matches!(field.takes, Takes::Table(_)));
        let dots = name.match_indices('.').map(|(place, _)| place);
        let mut parts = dots.filter_map(|place| Some((name.get(..place)?, name.get(place + 1..)?)));
        parts.find(|(table, member)| is_table(table) && !member.is_empty())
    }
}

impl Field {
    fn read(&self, texts: &[&str]) -> Value {
        let text = texts.first().copied().unwrap_or_default();
        if texts == ["unknown"] {
            return Value::Null;
        }
        match &self.takes {
            Takes::YesNo => match text {
                "yes" | "true" => json!(true),
                "no" | "false" => json!(false),
                other => json!(other),
            },
            Takes::Count => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
            Takes::AnyOf(_) if texts == ["none"] => json!([]),
            Takes::AnyOf(_) => json!(texts.iter().collect::<BTreeSet<_>>()),
            Takes::Table(_) if text == "none" => json!(false),
            Takes::Text | Takes::OneOf(_) | Takes::Place | Takes::TimeZone | Takes::Time | Takes::Table(_) => {
                json!(text)
            }
        }
    }
}

fn takes(row: &FactRow, members: impl Fn() -> Vec<String>) -> Takes {
    match row.kind {
        FactKind::Bool => Takes::YesNo,
        FactKind::Int => Takes::Count,
        FactKind::String => Takes::Text,
        FactKind::Enum => Takes::OneOf(members()),
        FactKind::Set => Takes::AnyOf(members()),
        FactKind::Iso => Takes::Place,
        FactKind::TimeZone => Takes::TimeZone,
        FactKind::Rfc3339 | FactKind::Day => Takes::Time,
        FactKind::Object => {
            let row = row.values.as_deref().unwrap_or_default().trim_matches(['{', '}']);
            Takes::Table(row.split(',').map(str::trim).filter(|member| !member.is_empty()).map(str::to_owned).collect())
        }
    }
}

/// A member of a table: whether a request is in writing is yes or no, everything else is words.
fn member_value(member: &str, text: &str) -> Value {
    match (member, text) {
        (_, "unknown") => Value::Null,
        ("written", "yes" | "true") => json!(true),
        ("written", "no" | "false") => json!(false),
        (_, words) => json!(words),
    }
}
