//! A draft: the exact text that counsel decides about.

use super::assess::Obligation;
use super::compose::compose;
use super::facts::Facts;
use super::rules::{RuleError, Rules};
use crate::Digest;
use crate::containment::ActionId;
use crate::organisation::{Organisation, Recipient};
use crate::record::{Incident, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a draft is written from.
#[derive(Clone, Debug)]
pub struct Writing<'a> {
    /// The duty.
    pub obligation: &'a Obligation,
    /// What is known.
    pub facts: &'a Facts,
    /// Who sends it.
    pub organisation: &'a Organisation,
    /// What it is about.
    pub incident: &'a Incident,
    /// Who receives it, and in which language.
    pub recipient: &'a Recipient,
    /// What was done and observed to have taken effect.
    pub measures: &'a [Measure],
    /// The notice to people that was sent or approved, where this one has to show it.
    pub sample: Option<&'a Draft>,
    /// The version of the draft, from 1.
    pub version: u32,
    /// Who has a hand in it, beside those whose words the facts hold.
    pub drafters: BTreeSet<String>,
    /// The date of the notice.
    pub written_at: Timestamp,
}

/// A measure that was taken against the breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// The action.
    pub action: ActionId,
    /// The resource.
    pub target: String,
    /// When its effect was observed.
    pub at: Option<Timestamp>,
}

/// A notice before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version, from 1.
    pub version: u32,
    /// The language, as an ISO 639-1 code.
    pub language: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as accessible HTML.
    pub html: String,
    /// Of subject, text and HTML.
    pub digest: Digest,
    /// Who had a hand in it.
    pub drafters: BTreeSet<String>,
    /// What the law asks for and the text cannot say yet, in the words of the checklist.
    pub gaps: Vec<String>,
    /// The date of the notice.
    pub written_at: Timestamp,
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The rule has no notice yet.
    #[error("rule `{rule}` has no notice: add a folder to `notices/` and name it in the rule")]
    NoNotice {
        /// The rule.
        rule: String,
    },
    /// The notice is not there in the recipient's language.
    #[error("`notices/{notice}/{language}.txt.j2` is missing")]
    NoLanguage {
        /// The notice.
        notice: String,
        /// The language.
        language: String,
    },
    /// The obligation is none of a rule that this version knows.
    #[error("there is no rule `{rule}`")]
    NoRule {
        /// The rule.
        rule: String,
    },
    /// A template failed.
    #[error("the notice cannot be written")]
    Template(#[from] RuleError),
}

impl Draft {
    /// Writes the notice of an obligation in the recipient's language.
    ///
    /// # Errors
    /// A rule without a notice, a notice that lacks the language, a template that cannot be rendered.
    pub fn write(writing: &Writing<'_>) -> Result<Self, DraftError> {
        let rules = Rules::embedded()?;
        let rule = &writing.obligation.rule;
        let known = rules.get(rule).ok_or_else(|| DraftError::NoRule { rule: rule.clone() })?;
        let notice = known.notice.as_deref().ok_or_else(|| DraftError::NoNotice { rule: rule.clone() })?;
        let language = writing.recipient.language.as_str();
        if !rules.notices().speaks(notice, language) {
            return Err(DraftError::NoLanguage { notice: notice.to_owned(), language: language.to_owned() });
        }
        let words = rules.notices().words(language)?;
        let mut context = compose(writing, known, rules, &words);
        let gaps = rules.notices().gaps(notice, &context);
        context.complete = gaps.is_empty();
        let rendered = rules.notices().render(notice, language, &context)?;
        let mut drafters = writing.drafters.clone();
        drafters.extend(authors_of_words(writing.facts));
        Ok(Self {
            incident: writing.incident.id.clone(),
            obligation: writing.obligation.id.clone(),
            version: writing.version,
            language: language.to_owned(),
            digest: Digest::of_parts(&[&rendered.subject, &rendered.text, &rendered.html]),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            drafters,
            gaps,
            written_at: writing.written_at,
        })
    }

    /// Whether the digest is that of the text.
    pub fn is_intact(&self) -> bool {
        self.digest == Digest::of_parts(&[&self.subject, &self.text, &self.html])
    }
}

/// The people whose own words go into the text: they had a hand in it.
fn authors_of_words(facts: &Facts) -> impl Iterator<Item = String> {
    let words = facts.entries().filter(|(name, _)| name.starts_with("notice.") || *name == "identity_services.offer");
    words.map(|(_, fact)| fact.author.clone())
}
