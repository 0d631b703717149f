//! The names that rules may use, and what values they take (`obligations/vocabulary.toml`).

use super::iso3166::is_place;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A fact that a rule may ask for, as a row of the data files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactRow {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: FactKind,
    /// The allowed values: `a|b` for an enum, `a,b` for a set.
    pub(crate) values: Option<String>,
    /// More values of a set, which only some statute names.
    pub(crate) statutory_values: Option<String>,
    pub(crate) description: Option<String>,
}

/// What values a fact takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
    pub(crate) checked_on: Option<Date>,
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
        let pattern = match family {
            "affected" if is_place(member) => "affected.<JUR>",
            "us_pi" if is_place(member) => "us_pi.<STATE>",
            "us_no_harm_documented" if is_place(member) => "us_no_harm_documented.<STATE>",
            "submitted" if !member.is_empty() => "submitted.<OBLIGATION_ID>",
            "submitted_or_due" if !member.is_empty() => "submitted_or_due.<OBLIGATION_ID>",
            "t" if self.clock(member).is_some() => "t.<clock>",
            _ => return None,
        };
        self.facts.get(pattern)
    }

    /// The clock of this name, also `submitted.<OBLIGATION_ID>` and `end_of_period.<OBLIGATION_ID>` for any obligation.
    pub(crate) fn clock(&self, name: &str) -> Option<&ClockRow> {
        self.clocks.get(name).or_else(|| {
            let (pattern, obligation) = match name.strip_prefix("end_of_period.") {
                Some(obligation) => ("end_of_period.<OBLIGATION_ID>", obligation),
                None => ("submitted.<OBLIGATION_ID>", submitted_obligation(name)?),
            };
            (!obligation.is_empty()).then(|| self.clocks.get(pattern))?
        })
    }

    /// The name of every fact, families as their pattern.
    pub(crate) fn fact_names(&self) -> impl Iterator<Item = &str> {
        self.facts.keys().map(String::as_str)
    }

    /// The name of every clock, families as their pattern.
    pub(crate) fn clock_names(&self) -> impl Iterator<Item = &str> {
        self.clocks.keys().map(String::as_str)
    }

    /// The members that an enum or a set may have; empty where the file leaves them open.
    pub(crate) fn members(&self, name: &str) -> Vec<&str> {
        let Some(row) = self.fact(name) else { return Vec::new() };
        let mut members = members_of(row.values.as_deref());
        members.extend(members_of(row.statutory_values.as_deref()));
        members
    }

    /// Why `value` cannot be the value of the fact `name`; `None` if it can. The message never holds the value.
    pub(crate) fn refusal(&self, name: &str, value: &Value) -> Option<String> {
        let Some(row) = self.fact(name) else { return Some(self.no_fact(name).to_owned()) };
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
            FactKind::Iso => (value.as_str().is_some_and(is_place), "must be an ISO 3166 code".to_owned()),
            FactKind::Object => return self.refusal_of_object(name, value),
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

    /// Why there is no fact of this name.
    fn no_fact(&self, name: &str) -> &'static str {
        match name.split_once('.') {
            Some(("affected" | "us_pi" | "us_no_harm_documented", _)) => {
                "there is no such place: it must be an ISO 3166 code such as DE or US-CA"
            }
            Some(("t", _)) => "there is no clock of this name",
            _ => "there is no fact of this name",
        }
    }

    /// A request of law enforcement, or a table of texts: its members are those of the row, where it names any, and `from` and `until`
    /// are times.
    fn refusal_of_object(&self, name: &str, value: &Value) -> Option<String> {
        if value == false {
            return None;
        }
        let Some(object) = value.as_object() else {
            return Some("must be an object, or false where there is none".to_owned());
        };
        let row = self.fact(name).and_then(|row| row.values.as_deref()).unwrap_or_default();
        let members: Vec<&str> = row.trim_matches(['{', '}']).split(',').map(str::trim).collect();
        object.iter().find_map(|(member, held)| {
            let fits = match member.as_str() {
                "written" => held.is_boolean(),
                "from" | "until" => held.as_str().is_some_and(|text| Moment::parse(text).is_some()),
                _ => held.is_string(),
            };
            if !row.is_empty() && !members.contains(&member.as_str()) {
                Some(format!("has no member `{member}`"))
            } else if fits || held.is_null() {
                None
            } else {
                Some(format!("`{member}` has no value that can be used"))
            }
        })
    }
}

/// The members of a list: `a|b` or `a,b`.
fn members_of(list: Option<&str>) -> Vec<&str> {
    list.unwrap_or_default().split(['|', ',']).map(str::trim).filter(|member| !member.is_empty()).collect()
}

/// The obligation whose submission the clock `name` waits for.
pub(crate) fn submitted_obligation(name: &str) -> Option<&str> {
    name.strip_prefix("submitted.").or_else(|| name.strip_prefix("submitted_latest."))
}

/// The obligation that a clock, or a fact that follows from one, is named after.
pub(crate) fn obligation_of(name: &str) -> Option<&str> {
    submitted_obligation(name)
        .or_else(|| name.strip_prefix("submitted_or_due."))
        .or_else(|| name.strip_prefix("end_of_period."))
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

    /// Whether this lies before `other` whatever the hour and the zone of a day is.
    pub(crate) fn is_surely_before(self, other: Self) -> bool {
        self.latest().zip(other.earliest()).is_some_and(|(latest, earliest)| latest < earliest)
    }

    /// The first instant that can be meant: a day starts 14 hours before it does in UTC.
    fn earliest(self) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Day(day) => Offset::constant(14).to_timestamp(day.at(0, 0, 0, 0)).ok(),
        }
    }

    /// The last instant that can be meant: a day ends 12 hours after it does in UTC.
    fn latest(self) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Day(day) => {
                let start = Offset::constant(-12).to_timestamp(day.at(0, 0, 0, 0)).ok()?;
                start.checked_add(SignedDuration::from_hours(24)).ok()
            }
        }
    }
}
