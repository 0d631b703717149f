//! A rule of law as data: one `[[obligation]]` row of `obligations/*.toml`, and its checklist.
//!
//! A field that the engine cannot weigh is refused rather than skipped: a rule must not lose a limit or an exception.

use super::condition::Condition;
use super::deadline_rule::{DeadlineRule, StageDeadline};
use super::decided::Decided;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One duty to tell someone.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    pub effective_from: Option<Date>,
    /// The last day on which it applies.
    pub effective_until: Option<Date>,
    /// The first day on which it applies in practice, by the annex of the AI Act that the system falls under (`ai.annex`).
    #[serde(default)]
    pub application_from: BTreeMap<String, Date>,
    /// The rules whose place it takes where it is triggered.
    #[serde(default)]
    pub supersedes: Vec<String>,
    /// What it brings one duty each for.
    pub fan_out: Option<FanOut>,
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
    /// The later reports under the same duty.
    #[serde(default)]
    pub stage_deadlines: Vec<StageDeadline>,
    /// What a weekend does to the limit, in words.
    pub weekend_rule: Option<String>,
    /// By how much the period of a small processing agent is longer.
    pub small_agent_multiplier: Option<i64>,
    /// Whether a written request of law enforcement may delay the notice.
    pub law_enforcement_hold_applies: Option<bool>,
    /// The exemptions in words.
    #[serde(default)]
    pub exemptions: Vec<String>,
    /// The checklist of its content.
    pub checklist: Option<String>,
    /// What is unclear about the trigger.
    pub trigger_note: Option<String>,
    /// The day of the last amendment.
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
    /// Whether it is of a sector or place that few organisations belong to.
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
    pub checked_on: Option<Date>,
    /// Who changed or added the rule for the organisation; `None` for one as it comes with Tocsin.
    pub decided: Option<Decided>,
}

impl Rule {
    /// Whether the text, or a page on it, was read. What is not verified starts nothing before counsel turned it on.
    pub fn is_verified(&self) -> bool {
        matches!(self.verified.as_str(), "text" | "secondary")
    }

    /// Every condition.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.trigger_all.iter().chain(&self.trigger_any).chain(&self.exempt_if)
    }
}

/// What a rule brings one duty each for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FanOut {
    /// Each member state of the EEA in which people are affected.
    AffectedEeaMemberStates,
}

/// Whether a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It binds.
    InForce,
    /// A directive: the law of the member state binds.
    InForceViaTransposition,
    /// It binds in its text of before a change of 2023, which is not in force.
    #[serde(rename = "in_force_pre_2023_text")]
    InForcePre2023Text,
    /// Agreed, not law.
    Contract,
    /// It binds by its words; what it rests on applies later.
    DeferredInPractice,
    /// It waits for a final rule that nobody has seen.
    FinalRuleNotConfirmed,
    /// Its first day was put off.
    Deferred,
    /// It was passed, and its first day is to come.
    Enacted,
    /// It was passed, and parts of it apply already.
    EnactedNotYetApplicable,
    /// A duty that others claim and no statute holds.
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
#[derive(Clone, Debug, Deserialize, Serialize)]
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
