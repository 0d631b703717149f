//! A rule of law as data: one `[[obligation]]` row of `obligations/*.toml`, and the rows that it refers to.
//!
//! A field that the engine cannot weigh is refused rather than skipped: a rule must not lose a limit or an exception.

use super::condition::Condition;
use super::counting::Counting;
pub use super::deadline_rule::{Alternative, Combine, DeadlineRule, Limit, StageDeadline, Unit};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// One duty to tell someone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The identifier, such as `EU-GDPR-33-1`.
    pub id: String,
    /// `EU`, an ISO 3166 code, or `XX` for contracts.
    pub jurisdiction: String,
    /// The family of rules: `gdpr`, `us_state_breach`, …
    pub regime: String,
    /// The statute.
    pub citation: String,
    /// Whose duty it is.
    pub obligor: String,
    /// The class of recipient: `supervisory_authority`, `residents`, `attorney_general`, …
    pub recipient: String,
    /// Which recipient, in words.
    pub recipient_detail: Option<String>,
    /// The state's profile that says what counts as personal information.
    pub profile: Option<String>,
    /// Whether it binds.
    pub status: Status,
    /// The first day on which it applies.
    #[serde(default, deserialize_with = "day")]
    pub effective_from: Option<Date>,
    /// The last day on which it applies.
    #[serde(default, deserialize_with = "day")]
    pub effective_until: Option<Date>,
    /// All of these must hold.
    pub trigger_all: Vec<Condition>,
    /// At least one of these must hold, where there are any.
    #[serde(default)]
    pub trigger_any: Vec<Condition>,
    /// None of these may hold.
    #[serde(default)]
    pub exempt_if: Vec<Condition>,
    /// By when.
    pub deadline: DeadlineRule,
    /// The exemptions in words.
    #[serde(default)]
    pub exemptions: Vec<String>,
    /// The checklist of its content.
    pub checklist: Option<String>,
    /// What is unclear about the trigger.
    pub trigger_note: Option<String>,
    /// The day of the last amendment.
    #[serde(default, deserialize_with = "day")]
    pub amended_from: Option<Date>,
    /// What may take the place of telling each person.
    pub substitute: Option<String>,
    /// What has to be offered.
    pub remedy: Option<String>,
    /// The limits that card brands set by contract.
    #[serde(default)]
    pub card_brand_limits: Vec<String>,
    /// The content in words.
    #[serde(default)]
    pub content: Vec<String>,
    /// The form in words.
    #[serde(default)]
    pub form: Vec<String>,
    /// The languages in words.
    pub language: Option<String>,
    /// Later stages in words.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Which stage of several it is.
    pub stage: Option<String>,
    /// Later stages with limits of their own.
    #[serde(default)]
    pub stage_deadlines: Vec<StageDeadline>,
    /// Where a weekend or a holiday moves the end, in words; the rule's calendar is what counts.
    pub weekend_rule: Option<String>,
    /// By what the limit is multiplied for a small agent (Brazil, Resolution CD/ANPD 15/2024 Art. 6(8)).
    pub small_agent_multiplier: Option<i64>,
    /// A power rather than a duty.
    #[serde(default)]
    pub optional: bool,
    /// The template of its notice: a folder of `notices/`.
    pub notice: Option<String>,
    /// How sure the research is of it: `high`, `medium` or `low`.
    pub confidence: String,
    /// What was read: `text`, `secondary` or `memory`.
    pub verified: String,
    /// What a reviewer should know.
    pub notes: Option<String>,
    /// What was read.
    pub source_title: Option<String>,
    /// Where it was read.
    pub source_url: Option<String>,
    /// What kind of text was read.
    pub source_basis: Option<String>,
    /// The words that were read.
    pub source_phrase: Option<String>,
    /// What was compared.
    pub check_note: Option<String>,
    /// When it was read.
    #[serde(default, deserialize_with = "day")]
    pub checked_on: Option<Date>,
}

/// Whether a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the data files")]
pub enum Status {
    InForce,
    InForceViaTransposition,
    InForcePre2023Text,
    Contract,
    DeferredInPractice,
    FinalRuleNotConfirmed,
    Deferred,
    Enacted,
    EnactedNotYetApplicable,
    NoStatutoryBasis,
}

impl Status {
    /// Whether the rule binds once its first day has come. In doubt it does.
    pub fn binds(self) -> bool {
        match self {
            Self::InForce
            | Self::InForceViaTransposition
            | Self::InForcePre2023Text
            | Self::Contract
            | Self::DeferredInPractice
            | Self::FinalRuleNotConfirmed
            | Self::Enacted
            | Self::EnactedNotYetApplicable
            | Self::Deferred => true,
            Self::NoStatutoryBasis => false,
        }
    }
}

/// What a notice has to say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// Its identifier.
    pub id: String,
    /// The statute.
    pub citation: String,
    /// What has to be in it.
    pub items: Vec<String>,
    /// What is advised, or of the form.
    #[serde(default)]
    pub additional: Vec<String>,
    /// How sure the research is of it.
    pub confidence: String,
    /// What was read.
    pub verified: String,
}

/// How time is counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of a calendar is there for the people who check it")]
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
    pub(crate) checked_on: Option<toml::value::Datetime>,
}

/// What a state counts as personal information, and how it may be told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of a profile is there for the people who check it")]
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
    pub(crate) encryption_safe_harbor: Option<bool>,
    pub(crate) identity_services_months: Option<u32>,
    pub(crate) substitute_notice: Option<String>,
    #[serde(default)]
    pub(crate) deemed_compliance: Vec<String>,
    pub(crate) no_harm_record_retention_years: Option<u32>,
    pub(crate) law_enforcement_release: Option<String>,
    pub(crate) profile_confidence: String,
    pub(crate) email_rule: Option<String>,
    pub(crate) email_rule_confidence: Option<String>,
}

/// A credit reporting agency that people can turn to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditAgencyRow {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    #[expect(dead_code, reason = "read by people, in the file")]
    pub(crate) source_url: String,
    #[expect(dead_code, reason = "read by people, in the file")]
    pub(crate) verified: String,
}

/// What has to be kept in a register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the register's form is in `post_incident`; the row says what it rests on")]
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
    pub(crate) checked_on: Option<toml::value::Datetime>,
}

/// A deadline that was worked out by hand. The tests compute every one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "only the tests compute the examples"))]
#[cfg_attr(test, expect(dead_code, reason = "some of an example is there for the people who check it"))]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JurisdictionRow {
    pub(crate) id: String,
    #[expect(dead_code, reason = "read by people, in the file")]
    pub(crate) name: String,
    /// The zones in which its residents live.
    pub(crate) time_zones: Vec<String>,
}

/// Accepts a TOML date.
pub(crate) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let value = toml::value::Datetime::deserialize(deserializer)?;
    value.to_string().parse().map(Some).map_err(serde::de::Error::custom)
}
