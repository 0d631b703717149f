//! One text before counsel: as its recipients get it, beside what it has to say, what it rests on, and what may be done with it.

mod difference;
mod standing;

pub use difference::{Difference, Passage};
pub use standing::{Offer, Standing};

use super::badge::Badge;
use super::facts::FactLine;
use super::reviews::{eyes, path};
use super::shell::Shell;
use super::text::{NoticeText, Verbatim, spaced};
use super::time::{At, Due};
use askama::Template;
use incident::notification::{Draft, Duty, Facts, LegalReview, Rules, Verdict};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What the review is about.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    /// The review.
    pub review: &'a LegalReview,
    /// The text.
    pub draft: &'a Draft,
    /// The text before it, if there was one.
    pub previous: Option<&'a Draft>,
    /// The duty.
    pub duty: &'a Duty,
    /// Every version of the facts, the oldest first.
    pub facts: &'a [Facts],
    /// The rules of the organisation.
    pub rules: &'a Rules,
}

/// Who reads the page.
#[derive(Clone, Copy, Debug)]
pub struct Reviewer<'a> {
    /// As records name them.
    pub id: &'a str,
    /// Whether they may decide.
    pub may_decide: bool,
}

/// What was sent and not taken: why, and what it was, so that nothing has to be written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub message: String,
    /// What was to become of the text.
    pub verdict: Option<Verdict>,
    /// The reason that was given.
    pub reason: String,
    /// Why the text may go out although it is not complete.
    pub missing_items_reason: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "review.html")]
pub struct ReviewPage {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// The incident.
    pub incident: String,
    /// The obligation.
    pub obligation: String,
    /// The version of the text.
    pub version: u32,
    /// Its address.
    pub href: String,
    /// By when.
    pub due: Option<Due>,
    /// Since when it waits.
    pub since: At,
    /// Whether the text is the one whose digest is shown.
    pub is_intact: bool,
    /// One line.
    pub subject: String,
    /// The language, as an ISO 639-1 code.
    pub language: String,
    /// The plain text.
    pub text: NoticeText,
    /// Where the page lies that the public reads once this is approved, below the public origin; `None` where nothing is published.
    pub public_path: Option<String>,
    /// The digest of the text, and of that page.
    pub digest: String,
    /// Who had a hand in it.
    pub drafters: Vec<String>,
    /// To whom it goes, where it goes to many: how many people in all, by mail, by post, and lines that cannot be used.
    pub audience: Option<(u64, u64, u64, u64)>,
    /// What it has to say, and whether it does.
    pub checklist: Vec<Item>,
    /// How many items are missing.
    pub missing: usize,
    /// What the rule is and how sure it is.
    pub rule: RuleLine,
    /// The facts that the duty and the text rest on.
    pub facts: Vec<FactLine>,
    /// The version of the facts that the duty was assessed from.
    pub facts_version: u32,
    /// What was changed since the text before.
    pub difference: Option<Difference>,
    /// Who still has to decide.
    pub eyes: Badge,
    /// The first of two reviewers, with what they decided and why.
    pub first: Option<(String, Badge, String, At)>,
    /// Where the review stands.
    pub standing: Standing,
    /// What the reader may do with it; nothing where it is decided, or not theirs to decide.
    pub offers: Vec<Offer>,
    /// Why what was sent was not taken.
    pub refused: Option<Refused>,
}

/// Something that the text has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub name: String,
    /// Whether it says it.
    pub is_there: bool,
}

/// The rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Its identifier.
    pub id: String,
    /// The statute.
    pub citation: String,
    /// Who is told.
    pub recipient: String,
    /// The limit in the words of the law.
    pub standard: String,
    /// What the limit runs from.
    pub clock: String,
    /// What was read of it, and how sure that is.
    pub verified: String,
    /// Whether it was read at all.
    pub is_verified: bool,
    /// What was read: title, address, and the words.
    pub source: (Option<String>, Option<String>, Option<String>),
    /// When it was read.
    pub checked_on: Option<String>,
    /// Why it counts.
    pub reasons: Vec<String>,
    /// What is not known and was taken to bring it.
    pub unknown: Vec<String>,
    /// What the law says of the form.
    pub form: Vec<String>,
    /// What a reviewer should know.
    pub notes: Option<String>,
    /// Who changed or added it for the organisation, when and why.
    pub decided: Option<String>,
    /// A request of law enforcement that holds it back.
    pub held: Option<String>,
}

impl ReviewPage {
    /// The page for this reviewer at `now`.
    pub fn of(
        shell: Shell,
        records: Records<'_>,
        reviewer: Reviewer<'_>,
        refused: Option<Refused>,
        now: Timestamp,
    ) -> Self {
        let Records { review, draft, previous, duty, facts, rules } = records;
        let standing = Standing::of(review, duty.state, now);
        let offers = Offer::all(review, reviewer);
        let first = review.first.as_ref().map(|first| {
            (first.reviewer.clone(), Badge::of_verdict(first.verdict), first.reason.clone(), At::of(first.at))
        });
        Self {
            shell,
            now: At::of(now),
            incident: review.incident.to_string(),
            obligation: review.obligation.clone(),
            version: review.version,
            href: path(&review.incident, &review.obligation, review.version),
            due: review.due_at.map(|due| Due::of(due, now)),
            since: At::of(review.requested_at),
            is_intact: draft.is_intact() && draft.digest == review.digest,
            subject: draft.subject.clone(),
            language: draft.language.clone(),
            text: NoticeText(draft.text.clone()),
            public_path: draft.page.as_ref().map(|page| page.folder().to_owned()),
            digest: review.digest.as_str().to_owned(),
            drafters: draft.drafters.iter().cloned().collect(),
            audience: draft.audience.as_ref().map(|list| (list.people, list.by_mail, list.by_post, list.unusable)),
            checklist: checklist(review, duty, rules),
            missing: review.missing_items.len(),
            rule: RuleLine::of(duty, rules),
            facts: facts_used(duty, facts, rules),
            facts_version: duty.facts_version,
            difference: previous.map(|before| Difference::between(before, draft)),
            eyes: eyes(review.four_eyes, review.first.as_ref().map(|first| first.reviewer.as_str()), reviewer.id),
            first,
            standing,
            offers,
            refused,
        }
    }

    /// Whether this verdict is the one that was sent and refused.
    pub fn was_chosen(&self, value: &str) -> bool {
        let chosen = self.refused.as_ref().and_then(|refused| refused.verdict);
        chosen.and_then(|verdict| serde_json::to_value(verdict).ok()).is_some_and(|verdict| verdict == value)
    }

    /// What was written before it was refused: the reason, and that about what is missing.
    pub fn written(&self) -> (&str, &str) {
        self.refused.as_ref().map_or(("", ""), |refused| (&refused.reason, &refused.missing_items_reason))
    }
}

/// What is missing first, then what else the rule's checklist asks for.
fn checklist(review: &LegalReview, duty: &Duty, rules: &Rules) -> Vec<Item> {
    let rule = rules.get(&duty.obligation.rule);
    let asked = rule
        .and_then(|rule| rule.checklist.as_ref())
        .and_then(|id| rules.checklist(id))
        .map(|list| list.items.as_slice());
    let asked = asked.or_else(|| rule.map(|rule| rule.content.as_slice())).unwrap_or_default();
    let missing: BTreeSet<String> = review.missing_items.iter().map(|item| spaced(item)).collect();
    let there = asked.iter().map(|item| spaced(item)).filter(|name| !missing.contains(name));
    let there: Vec<Item> = there.map(|name| Item { name, is_there: true }).collect();
    missing.into_iter().map(|name| Item { name, is_there: false }).chain(there).collect()
}

/// The facts that the rule asks for, how many people live where, when its clock began, and the words of the text.
fn facts_used(duty: &Duty, facts: &[Facts], rules: &Rules) -> Vec<FactLine> {
    let mut asked: BTreeSet<String> = duty.obligation.unknown_facts.iter().cloned().collect();
    if let Some(rule) = rules.get(&duty.obligation.rule) {
        let conditions = rule.trigger_all.iter().chain(&rule.trigger_any).chain(&rule.exempt_if);
        asked.extend(conditions.map(|condition| condition.fact.clone()));
    }
    asked.insert(format!("t.{}", duty.obligation.clock));
    let is_used = |name: &str| {
        asked.contains(name)
            || ["affected.", "notice.", "breach.", "data_classes", "people_", "records_"]
                .iter()
                .any(|begin| name.starts_with(begin))
    };
    let upto: Vec<Facts> = facts.iter().filter(|version| version.version() <= duty.facts_version).cloned().collect();
    FactLine::all(&upto).into_iter().filter(|line| is_used(&line.name)).collect()
}

impl RuleLine {
    fn of(duty: &Duty, rules: &Rules) -> Self {
        let obligation = &duty.obligation;
        let rule = rules.get(&obligation.rule);
        let held = obligation.held.as_ref().map(|held| {
            let until = held.until.as_deref().unwrap_or("no end is set");
            format!("{}, {until}", held.agency.as_deref().unwrap_or("law enforcement"))
        });
        let verified = match obligation.verified.as_str() {
            "text" => "the text of the law was read",
            "secondary" => "a page about the law was read, not its text",
            _ => "nothing was read: this is from memory",
        };
        Self {
            id: obligation.rule.clone(),
            citation: obligation.citation.clone(),
            recipient: obligation.recipient_detail.clone().unwrap_or_else(|| spaced(&obligation.recipient_class)),
            standard: obligation.standard.clone(),
            clock: spaced(&obligation.clock),
            verified: format!("{verified}; confidence {}", obligation.confidence),
            is_verified: obligation.is_verified(),
            source: (
                rule.and_then(|rule| rule.source_title.clone()),
                obligation.source_url.clone().filter(|url| url.starts_with("https://")),
                rule.and_then(|rule| rule.source_phrase.clone()),
            ),
            checked_on: rule.and_then(|rule| rule.checked_on).map(|day| day.to_string()),
            reasons: obligation.reasons.clone(),
            unknown: obligation.unknown_facts.clone(),
            form: obligation.form.clone(),
            notes: obligation.notes.clone(),
            decided: obligation
                .decided
                .as_ref()
                .map(|one| format!("{}, {}: {}", one.by, At::of(one.at).text, one.reason)),
            held,
        }
    }
}
