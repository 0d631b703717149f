//! By when a duty is due, as data: the `deadline` table of an `[[obligation]]` row and what stands beside it.
//!
//! A field that the engine cannot weigh is refused rather than skipped: a deadline must not lose a limit.

use super::condition::Condition;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// By when a duty is due.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeadlineRule {
    /// The limit in the words of the law.
    pub standard: String,
    /// What the limit is counted in.
    pub unit: Unit,
    /// How many.
    pub value: Option<i64>,
    /// The same in ISO 8601, for people and other programs; `unit` and `value` are what counts.
    pub iso8601: Option<String>,
    /// What it runs from.
    pub clock: String,
    /// How it is counted: the identifier of a `[[calendar]]` row.
    pub calendar: Option<String>,
    /// Whether missing it is an infringement by itself.
    pub hard: bool,
    /// What follows when it is missed.
    pub late_rule: Option<String>,
    /// Our own target where the law sets no limit.
    pub internal_target_iso8601: Option<jiff::Span>,
    /// Whether a contract can set an earlier one.
    #[serde(default)]
    pub contract_override: bool,
    /// What a reviewer should know of the clock.
    pub clock_note: Option<String>,
    /// The longest that the authority's guideline allows where `value` is the shortest.
    pub guideline_max: Option<i64>,
    /// Which of the limits drops out where the incident was classified only after it: DORA RTS 2025/301 Art. 5(2), in words.
    pub late_classification_rule: Option<String>,
    /// The several limits of which the earliest counts.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// How the limits combine.
    pub combine: Option<Combine>,
    /// What takes the place of the limit for some facts.
    #[serde(default)]
    pub alt: Vec<Alternative>,
}

/// One of several limits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What it is counted in.
    pub unit: Unit,
    /// How many.
    pub value: Option<i64>,
    /// What it runs from.
    pub clock: String,
}

/// Another value or clock, for an entity or an incident of some kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// For whom or what it holds.
    pub when: Condition,
    /// How many, in place of the limit's own number.
    pub value: Option<i64>,
    /// The same in ISO 8601, for people and other programs.
    pub iso8601: Option<String>,
    /// What it runs from, in place of the limit's own clock.
    pub clock: Option<String>,
}

/// A later report under the same duty, with a limit of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StageDeadline {
    /// Its name; `<OBLIGATION>.<stage>` names its deadline, and `submitted.<OBLIGATION>.<stage>` the clock that it starts.
    pub stage: String,
    /// What its limit is counted in.
    pub unit: Unit,
    /// How many.
    pub value: Option<i64>,
    /// What it runs from.
    pub clock: String,
    /// How it is counted.
    pub calendar: Option<String>,
    /// Whom it goes to, where that is another than the duty's own recipient.
    pub recipient: Option<String>,
}

/// By when a person's request about their own data is to be answered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestRow {
    pub(crate) id: String,
    pub(crate) jurisdiction: String,
    /// What it may be that is asked for: `access`, `erasure`, `opt-out`. None where nobody can ask for it by the form.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    pub(crate) citation: String,
    pub(crate) deadline: DeadlineRule,
    /// The extension, the acknowledgement, the appeal.
    #[serde(default)]
    pub(crate) stage_deadlines: Vec<StageDeadline>,
    /// When it may be extended.
    pub(crate) extension_condition: Option<String>,
    pub(crate) effective_from: Option<Date>,
    pub(crate) confidence: String,
    pub(crate) verified: String,
    pub(crate) notes: Option<String>,
    pub(crate) source_title: Option<String>,
    pub(crate) source_url: Option<String>,
    pub(crate) source_basis: Option<String>,
    pub(crate) source_phrase: Option<String>,
    pub(crate) check_note: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

/// What a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Hours.
    Hours,
    /// Days, whatever day it is.
    CalendarDays,
    /// Days on which people work, by the rule's calendar.
    BusinessDays,
    /// Months.
    Months,
    /// At the time of another notice, at the latest.
    SameTime,
    /// Before the event of its clock.
    BeforeEvent,
    /// No number: without undue delay and the like.
    None,
}

impl Unit {
    /// Whether a limit in this unit has a number.
    pub fn is_counted(self) -> bool {
        match self {
            Self::Hours | Self::CalendarDays | Self::BusinessDays | Self::Months => true,
            Self::SameTime | Self::BeforeEvent | Self::None => false,
        }
    }
}

/// How several limits combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The earliest counts.
    Min,
}
