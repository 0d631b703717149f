//! A draft: the exact text that counsel decides about.

use super::assess::Obligation;
use super::compose::{Script, compose};
use super::context::Context;
use super::delivery::Audience;
use super::facts::Facts;
use super::packet::Packet;
use super::page::Pages;
use super::publication::{NoticeBody, PublicPage};
use super::rules::{RuleError, Rules};
use super::settings::SettingError;
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
    /// Of subject, text and HTML, and of the audience and the public page where there are such.
    pub digest: Digest,
    /// Who had a hand in it.
    pub drafters: BTreeSet<String>,
    /// What the law asks for and the text cannot say yet, in the words of the checklist.
    pub gaps: Vec<String>,
    /// The date of the notice.
    pub written_at: Timestamp,
    /// Whom it goes to, where it goes to a list of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The page that the public reads, where the organisation publishes notices under this obligation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PublicPage>,
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The rule has no notice yet.
    #[error("rule `{rule}` has no notice: name its class of recipients in `notices/recipients.toml`")]
    NoNotice {
        /// The rule.
        rule: String,
    },
    /// The notice is not there in the recipient's language.
    #[error(
        "notice `{notice}` is not written in `{language}`: add `notices/phrases/{language}.toml` and `words/{language}.toml`"
    )]
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
    /// The organisation's own rules cannot be used.
    #[error("the organisation's own rules cannot be used")]
    Setting(#[from] SettingError),
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
        Self::write_under(&Rules::embedded()?.of(writing.organisation)?, writing)
    }

    /// Writes it under these rules.
    pub(crate) fn write_under(rules: &Rules, writing: &Writing<'_>) -> Result<Self, DraftError> {
        let Prepared { notice, context, gaps } = Prepared::of(rules, writing)?;
        let notices = rules.notices();
        let subject = notices.subject(notice).unwrap_or_default();
        let pages = Pages::of(notices)?;
        let rendered = pages.write(notice, subject, &context)?;
        let id = &writing.obligation.id;
        let site = writing.organisation.public_pages.as_ref();
        let page = match site.filter(|site| site.obligations.contains(id) && notices.is_public(notice)) {
            None => None,
            Some(site) => {
                let body = NoticeBody {
                    incident: &writing.incident.id,
                    obligation: id,
                    context: &context,
                    subject: &rendered.subject,
                    html: &rendered.body,
                };
                Some(PublicPage::write(notices, &pages, &site.origin, body)?)
            }
        };
        let mut drafters = writing.drafters.clone();
        drafters.extend(authors_of_words(writing.facts));
        let draft = Self {
            incident: writing.incident.id.clone(),
            obligation: writing.obligation.id.clone(),
            version: writing.version,
            language: context.language,
            digest: Digest::of_parts(&[&rendered.subject, &rendered.text, &rendered.html]),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            drafters,
            gaps,
            written_at: writing.written_at,
            audience: None,
            page,
        };
        Ok(Self { digest: draft.measured(), ..draft })
    }

    /// Whether the digest is that of the text.
    pub fn is_intact(&self) -> bool {
        self.digest == self.measured()
    }

    /// The same for these people: whoever approves it approves both, the text and whom it goes to.
    #[must_use]
    pub fn addressed_to(mut self, audience: Audience) -> Self {
        self.gaps.extend(audience.gaps(&self.language));
        self.audience = Some(audience);
        self.digest = self.measured();
        self
    }

    fn measured(&self) -> Digest {
        // No two of these lists are equally long and differ in what they hold: `of_parts` tells them apart.
        let mut parts = vec![self.subject.as_str(), &self.text, &self.html];
        let audience = self.audience.as_ref().map(Audience::digest);
        parts.extend(audience.as_ref().map(Digest::as_str));
        if let Some(page) = &self.page {
            parts.extend([page.path.as_str(), &page.html]);
        }
        Digest::of_parts(&parts)
    }
}

/// What a notice is written from.
struct Prepared<'a> {
    notice: &'a str,
    context: Context,
    gaps: Vec<String>,
}

impl<'a> Prepared<'a> {
    fn of(rules: &'a Rules, writing: &Writing<'_>) -> Result<Self, DraftError> {
        let rule = &writing.obligation.rule;
        let known = rules.get(rule).ok_or_else(|| DraftError::NoRule { rule: rule.clone() })?;
        let notices = rules.notices();
        let notice = notices.of_rule(known).ok_or_else(|| DraftError::NoNotice { rule: rule.clone() })?;
        let language = writing.recipient.language.as_str();
        if !notices.speaks(notice, language) {
            return Err(DraftError::NoLanguage { notice: notice.to_owned(), language: language.to_owned() });
        }
        let table = notices.items()?;
        let checklist = known.checklist.as_ref().and_then(|id| rules.checklist(id));
        let items = table.asked(known, checklist.map(|list| list.items.as_slice()), notices.usual(known));
        let asks = table.asks(&items);
        let (words, say) = (notices.words(language)?, notices.phrases(language)?);
        let script = Script { words, say, items, asks, consequences: notices.consequences()? };
        let mut context = compose(writing, known, rules, &script);
        context.withhold(&table.bans(&script.items));
        let gaps = table.gaps(&script.items, &context);
        context.complete = gaps.is_empty();
        Ok(Self { notice, context, gaps })
    }
}

impl Packet {
    /// The packet of an obligation and the same as a page to print; `None` where its checklist is not that of the template.
    ///
    /// # Errors
    /// As [`Draft::write`].
    pub fn write(writing: &Writing<'_>) -> Result<Option<(Self, String)>, DraftError> {
        let rules = &Rules::embedded()?.of(writing.organisation)?;
        let form = rules.notices().packet()?;
        let checklist = rules.get(&writing.obligation.rule).and_then(|rule| rule.checklist.as_deref());
        if !form.serves(checklist) {
            return Ok(None);
        }
        let prepared = Prepared::of(rules, writing)?;
        let title = format!("Notification of a personal data breach, {}", prepared.context.reference);
        let packet = form.fill(title, &prepared.context, writing.facts);
        let page = packet.page(rules.notices())?;
        Ok(Some((packet, page)))
    }
}

/// The people whose own words go into the text: they had a hand in it.
fn authors_of_words(facts: &Facts) -> impl Iterator<Item = String> {
    let words = facts.entries().filter(|(name, _)| name.starts_with("notice.") || *name == "identity_services.offer");
    words.map(|(_, fact)| fact.author.clone())
}
