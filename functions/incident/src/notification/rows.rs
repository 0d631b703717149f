//! What the rules refer to, as rows of `obligations/*.toml`: calendars, places, profiles of states, thresholds, registers.

use super::condition::Condition;
use super::counting::Counting;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How time is counted.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarRow {
    pub(crate) id: String,
    pub(crate) counting: Counting,
    pub(crate) applies_to: String,
    pub(crate) rule: String,
    pub(crate) engine: String,
    pub(crate) confidence: String,
    pub(crate) confidence_note: Option<String>,
    pub(crate) verified: Option<String>,
    pub(crate) source_title: Option<String>,
    pub(crate) source_url: Option<String>,
    pub(crate) source_basis: Option<String>,
    pub(crate) source_phrase: Option<String>,
    pub(crate) check_note: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

/// What a state counts as personal information, and how it may be told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) citation: String,
    /// Whether the classes that every state counts are counted here.
    pub(crate) base_pi: bool,
    /// The classes of data that are counted beside them.
    #[serde(default)]
    pub(crate) pi_extras: Vec<String>,
    /// Whether credentials count without a name.
    pub(crate) credentials_standalone: bool,
    pub(crate) harm_threshold: Option<String>,
    pub(crate) harm_exemption: Option<bool>,
    pub(crate) harm_condition: Option<String>,
    pub(crate) encryption_safe_harbor: Option<bool>,
    pub(crate) encryption_condition: Option<String>,
    pub(crate) identity_services_months: Option<u32>,
    pub(crate) substitute_notice: Option<String>,
    #[serde(default)]
    pub(crate) deemed_compliance: Vec<String>,
    pub(crate) no_harm_record_retention_years: Option<u32>,
    pub(crate) law_enforcement_release: Option<String>,
    pub(crate) profile_confidence: String,
    pub(crate) email_rule: Option<String>,
    pub(crate) email_rule_confidence: Option<String>,
    /// What was found after the profile was written, and where.
    #[serde(default)]
    pub(crate) amendments: Vec<String>,
}

/// What makes an incident count as significant, where that can be said in figures.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThresholdRow {
    pub(crate) id: String,
    pub(crate) citation: String,
    pub(crate) applies_to: String,
    pub(crate) any_of: Vec<String>,
    pub(crate) exclusions: Option<String>,
    /// The fact that is true where the threshold is met; not met, it says nothing: most of them ask for what might have been.
    pub(crate) derives: Option<String>,
    /// For whom it holds.
    #[serde(default)]
    pub(crate) if_all: Vec<Condition>,
    /// What meets it.
    #[serde(default)]
    pub(crate) if_any: Vec<Condition>,
    pub(crate) confidence: String,
    pub(crate) verified: String,
    pub(crate) source_title: Option<String>,
    pub(crate) source_url: Option<String>,
    pub(crate) source_basis: Option<String>,
    pub(crate) source_phrase: Option<String>,
    pub(crate) check_note: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

/// A credit reporting agency that people can turn to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditAgencyRow {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    pub(crate) source_url: String,
    pub(crate) verified: String,
}

/// What has to be kept in a register.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterRow {
    pub(crate) id: String,
    pub(crate) jurisdiction: String,
    pub(crate) citation: String,
    pub(crate) scope: String,
    pub(crate) content: String,
    pub(crate) retention: String,
    pub(crate) confidence: String,
    pub(crate) verified: Option<String>,
    pub(crate) source_title: Option<String>,
    pub(crate) source_url: Option<String>,
    pub(crate) source_basis: Option<String>,
    pub(crate) source_phrase: Option<String>,
    pub(crate) check_note: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

/// A deadline that was worked out by hand. The tests compute every one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleRow {
    pub(crate) id: String,
    pub(crate) obligation: String,
    pub(crate) input: BTreeMap<String, Value>,
    pub(crate) due_conservative: String,
    pub(crate) due_conservative_utc: String,
    pub(crate) due_statutory_latest: Option<String>,
    pub(crate) weekday: String,
    pub(crate) rule: String,
    pub(crate) confidence: String,
    pub(crate) notes: Option<String>,
}

/// A place with a law of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JurisdictionRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The zones in which its residents live.
    pub(crate) time_zones: Vec<String>,
    /// The states that it is made of.
    #[serde(default)]
    pub(crate) members: Vec<String>,
}

/// A change of the law that is on its way.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchRow {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) verified: String,
}
