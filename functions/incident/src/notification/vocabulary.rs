//! The names that rules may use, and what values they take (`obligations/vocabulary.toml`).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A fact that a rule may ask for, as a row of the data files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactRow {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: FactKind,
    /// The allowed values: `a|b` for an enum, `a,b` for a set.
    pub(crate) values: Option<String>,
    #[expect(dead_code, reason = "read by people, in the file")]
    pub(crate) description: Option<String>,
}

/// What values a fact takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FactKind {
    Bool,
    Int,
    String,
    Enum,
    Set,
    Iso,
    Object,
    TimeZone,
    /// An instant with its offset from UTC.
    Rfc3339,
    /// An instant with its offset from UTC, or a day.
    Day,
}

/// What a deadline runs from, as a row of the data files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of a clock is there for the people who check it")]
pub(crate) struct ClockRow {
    pub(crate) id: String,
    pub(crate) definition: String,
    /// The class of recipient whose notice, in the same jurisdiction, starts this clock.
    pub(crate) started_by_notice_to: Option<String>,
    pub(crate) confidence: Option<String>,
    pub(crate) verified: Option<String>,
    pub(crate) source_title: Option<String>,
    pub(crate) source_url: Option<String>,
    pub(crate) source_basis: Option<String>,
    pub(crate) source_phrase: Option<String>,
    pub(crate) check_note: Option<String>,
    pub(crate) checked_on: Option<toml::value::Datetime>,
}

/// Every fact and clock that the files define.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    facts: BTreeMap<String, FactRow>,
    clocks: BTreeMap<String, ClockRow>,
}

impl Vocabulary {
    /// Takes in a fact; `false` if there is one of that name.
    pub(crate) fn add_fact(&mut self, row: FactRow) -> bool {
        self.facts.insert(row.name.clone(), row).is_none()
    }

    /// Takes in a clock; `false` if there is one of that name.
    pub(crate) fn add_clock(&mut self, row: ClockRow) -> bool {
        self.clocks.insert(row.id.clone(), row).is_none()
    }

    /// The fact of this name, also where the file gives only the pattern, such as `affected.<JUR>`.
    pub(crate) fn fact(&self, name: &str) -> Option<&FactRow> {
        if let Some(row) = self.facts.get(name) {
            return Some(row);
        }
        let (family, member) = name.split_once('.')?;
        match family {
            "affected" => is_jurisdiction(member).then(|| self.facts.get("affected.<JUR>"))?,
            "us_pi" => is_jurisdiction(member).then(|| self.facts.get("us_pi.<STATE>"))?,
            "us_no_harm_documented" => {
                is_jurisdiction(member).then(|| self.facts.get("us_no_harm_documented.<STATE>"))?
            }
            "t" => self.clock(member).and_then(|_| self.facts.get("t.<clock>")),
            _ => None,
        }
    }

    /// The clock of this name, also `submitted.<OBLIGATION_ID>` for any obligation.
    pub(crate) fn clock(&self, name: &str) -> Option<&ClockRow> {
        self.clocks.get(name).or_else(|| {
            let obligation = submitted_obligation(name)?;
            (!obligation.is_empty()).then(|| self.clocks.get("submitted.<OBLIGATION_ID>"))?
        })
    }

    /// The members that an enum or a set may have; empty where the file leaves them open.
    pub(crate) fn members(&self, name: &str) -> Vec<&str> {
        let Some(row) = self.fact(name) else { return Vec::new() };
        let values = row.values.as_deref().unwrap_or_default();
        values.split(['|', ',']).map(str::trim).filter(|member| !member.is_empty()).collect()
    }

    /// Why `value` cannot be the value of the fact `name`; `None` if it can. The message never holds the value.
    pub(crate) fn refusal(&self, name: &str, value: &Value) -> Option<String> {
        let Some(row) = self.fact(name) else { return Some("there is no fact of this name".to_owned()) };
        let members = self.members(name);
        let is_member = |text: &str| members.is_empty() || members.contains(&text);
        let (fits, wanted) = match row.kind {
            FactKind::Bool => (value.is_boolean(), "must be true or false".to_owned()),
            FactKind::Int => {
                (value.as_i64().is_some_and(|number| number >= 0), "must be a whole number from 0".to_owned())
            }
            FactKind::Enum => (value.as_str().is_some_and(is_member), format!("must be one of {}", members.join(", "))),
            FactKind::Set => (
                value.as_array().is_some_and(|set| set.iter().all(|item| item.as_str().is_some_and(is_member))),
                format!("must be a list of {}", members.join(", ")),
            ),
            FactKind::Iso => (value.as_str().is_some_and(is_jurisdiction), "must be an ISO 3166 code".to_owned()),
            FactKind::Object => {
                (value.is_object() || value == false, "must be an object, or false where there is none".to_owned())
            }
            FactKind::String => (value.as_str().is_some_and(|text| !text.trim().is_empty()), "must be text".to_owned()),
            FactKind::TimeZone => (
                value.as_str().is_some_and(|zone| jiff::tz::TimeZone::get(zone).is_ok()),
                "must be an IANA time zone such as Europe/Berlin".to_owned(),
            ),
            FactKind::Rfc3339 | FactKind::Day => (
                value.as_str().is_some_and(|text| Moment::parse(text).is_some()),
                "must be a time with its offset (2026-11-22T10:00:00+01:00) or a day (2026-11-22)".to_owned(),
            ),
        };
        (!fits).then_some(wanted)
    }
}

/// The obligation whose submission the clock `name` waits for.
pub(crate) fn submitted_obligation(name: &str) -> Option<&str> {
    name.strip_prefix("submitted.").or_else(|| name.strip_prefix("submitted_latest."))
}

/// `DE`, `US-CA`: two letters, and a subdivision of one to three letters or digits.
fn is_jurisdiction(text: &str) -> bool {
    let (country, subdivision) = text.split_once('-').unwrap_or((text, "X"));
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=3).contains(&subdivision.len())
        && subdivision.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What a clock or a date holds: an instant, or only a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Instant(Timestamp),
    Day(Date),
}

impl Moment {
    /// Reads an RFC 3339 time or a day. A time without an offset is refused: it would mean a different instant everywhere.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self::Instant(instant));
        }
        // A `Date` also parses from a longer text, whose time of day would be dropped.
        if text.len() == "2026-11-22".len() { text.parse().ok().map(Self::Day) } else { None }
    }
}
