//! Which duties the facts bring, why, and by when.

use super::condition::{Condition, Truth};
use super::deadline::Deadline;
use super::facts::Facts;
use super::rule::Rule;
use super::rules::Rules;
use super::vocabulary::{Moment, submitted_obligation};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the rules say of one version of the facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The version of the facts.
    pub facts_version: u32,
    /// The duties, by identifier.
    pub obligations: Vec<Obligation>,
    /// The rules that bring none, by identifier.
    pub not_triggered: Vec<NotTriggered>,
}

/// A duty to tell someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// The rule's identifier in lower case, such as `eu-gdpr-33-1`: a key, and part of execution names.
    pub id: String,
    /// The rule's identifier as the data files write it.
    pub rule: String,
    /// Whose law it is.
    pub jurisdiction: String,
    /// The statute.
    pub citation: String,
    /// Whom to tell: `supervisory_authority`, `residents`, `attorney_general`, …
    pub recipient_class: String,
    /// Which recipient, in words.
    pub recipient_detail: Option<String>,
    /// The limit in the words of the law.
    pub standard: String,
    /// Whether missing the limit is an infringement by itself.
    pub hard: bool,
    /// The time to work to; `None` where the law sets no limit, or its clock has not started.
    pub due_at: Option<Timestamp>,
    /// The latest on the reading most favourable to the sender: for legal reviewers only, never to plan by.
    pub due_statutory_latest: Option<Timestamp>,
    /// Our own target, never to be called law.
    pub internal_target_at: Option<Timestamp>,
    /// What the limit runs from.
    pub clock: String,
    /// The obligation whose sending starts that clock.
    pub after: Option<String>,
    /// How sure the research is of the rule.
    pub confidence: String,
    /// What was read of it: `text`, `secondary` or `memory`.
    pub verified: String,
    /// Why it counts, one reason a condition.
    pub reasons: Vec<String>,
    /// The facts that are unknown and were taken to trigger it, or not to exempt from it.
    pub unknown_facts: Vec<String>,
    /// The template of the notice; `None` where there is none yet.
    pub notice: Option<String>,
    /// What the law says of its form, for the reviewer.
    pub form: Vec<String>,
    /// What a reviewer should know of the rule.
    pub notes: Option<String>,
    /// Where the rule was read.
    pub source_url: Option<String>,
}

/// A rule that brings no duty for these facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTriggered {
    /// The rule's identifier in lower case.
    pub rule: String,
    /// Why not.
    pub because: String,
    /// Whether it would be triggered, but the facts exempt from it.
    pub exempt: bool,
}

impl Rules {
    /// The duties of these facts under the law of the day of awareness; under all of it while that day is unknown.
    pub fn assess(&self, facts: &Facts) -> Assessment {
        self.assess_as_of(facts, facts.moment("t.aware"))
    }

    /// The duties of these facts under the law of `day`.
    pub fn assess_on(&self, facts: &Facts, day: Date) -> Assessment {
        self.assess_as_of(facts, Some(Moment::Day(day)))
    }

    fn assess_as_of(&self, facts: &Facts, as_of: Option<Moment>) -> Assessment {
        let mut obligations = Vec::new();
        let mut not_triggered = Vec::new();
        for rule in self.iter() {
            match weigh(rule, facts, as_of) {
                Ok(weighed) => obligations.push(self.obligation(rule, facts, weighed)),
                Err(refused) => not_triggered.push(refused),
            }
        }
        aim_with_what_comes_first(&mut obligations);
        Assessment { facts_version: facts.version(), obligations, not_triggered }
    }

    fn obligation(&self, rule: &Rule, facts: &Facts, weighed: Weighed) -> Obligation {
        let deadline = Deadline::of(rule, facts, self);
        Obligation {
            id: key(&rule.id),
            rule: rule.id.clone(),
            jurisdiction: rule.jurisdiction.clone(),
            citation: rule.citation.clone(),
            recipient_class: rule.recipient.clone(),
            recipient_detail: rule.recipient_detail.clone(),
            standard: rule.deadline.standard.clone(),
            hard: rule.deadline.hard,
            due_at: deadline.due.map(|due| due.conservative),
            due_statutory_latest: deadline.due.map(|due| due.statutory_latest),
            internal_target_at: deadline.internal_target_at,
            clock: rule.deadline.clock.clone(),
            after: self.starter_of(rule),
            confidence: rule.confidence.clone(),
            verified: rule.verified.clone(),
            reasons: weighed.reasons,
            unknown_facts: weighed.unknown_facts,
            notice: rule.notice.clone(),
            form: rule.form.clone(),
            notes: rule.notes.clone(),
            source_url: rule.source_url.clone(),
        }
    }

    /// The obligation whose sending starts the clock of `rule`.
    fn starter_of(&self, rule: &Rule) -> Option<String> {
        let clock = &rule.deadline.clock;
        if let Some(submitted) = submitted_obligation(clock) {
            return Some(key(submitted));
        }
        let class = self.vocabulary().clock(clock)?.started_by_notice_to.as_ref()?;
        let starts = |other: &&Rule| {
            other.jurisdiction == rule.jurisdiction && other.regime == rule.regime && &other.recipient == class
        };
        self.iter().find(starts).map(|other| key(&other.id))
    }
}

struct Weighed {
    reasons: Vec<String>,
    unknown_facts: Vec<String>,
}

/// Whether the facts bring the duty: nothing that must hold fails, and nothing that exempts holds. Unknown is neither.
fn weigh(rule: &Rule, facts: &Facts, as_of: Option<Moment>) -> Result<Weighed, NotTriggered> {
    let no = |because: String, exempt: bool| Err(NotTriggered { rule: key(&rule.id), because, exempt });
    if !rule.status.binds() {
        return no("the rule has no force".to_owned(), false);
    }
    if let Some(because) = out_of_force(rule, as_of) {
        return no(because, false);
    }
    let fails = |condition: &&Condition| condition.test(facts) == Truth::NotMet;
    if let Some(failed) = rule.trigger_all.iter().find(fails) {
        return no(failed.reason(facts), false);
    }
    if !rule.trigger_any.is_empty() && rule.trigger_any.iter().all(|condition| fails(&condition)) {
        let because: Vec<String> = rule.trigger_any.iter().map(|condition| condition.reason(facts)).collect();
        return no(because.join("; "), false);
    }
    if let Some(exempting) = rule.exempt_if.iter().find(|condition| condition.test(facts) == Truth::Met) {
        return no(exempting.reason(facts), true);
    }
    let triggers = rule.trigger_all.iter().chain(rule.trigger_any.iter().filter(|condition| !fails(condition)));
    let mut reasons: Vec<String> = triggers.clone().map(|condition| condition.reason(facts)).collect();
    let unknown = |condition: &&Condition| condition.test(facts) == Truth::Unknown;
    let open_exemptions = rule.exempt_if.iter().filter(unknown);
    let triggered_by = triggers.clone().map(|condition| condition.fact.as_str());
    let triggered_by: Vec<&str> = triggered_by.collect();
    for exemption in open_exemptions.clone().filter(|exemption| !triggered_by.contains(&exemption.fact.as_str())) {
        reasons.push(format!("`{}` is unknown, so it does not exempt", exemption.fact));
    }
    if facts.known("law_enforcement_hold").is_some() {
        reasons.push(
            "a law-enforcement hold is recorded: whether it delays this notice is for counsel; the due time stays"
                .to_owned(),
        );
    }
    let mut unknown_facts: Vec<String> =
        triggers.filter(unknown).chain(open_exemptions).map(|condition| condition.fact.clone()).collect();
    unknown_facts.sort();
    unknown_facts.dedup();
    Ok(Weighed { reasons, unknown_facts })
}

/// Why the rule does not apply on that day. A day is taken where on Earth it keeps the rule in force.
fn out_of_force(rule: &Rule, as_of: Option<Moment>) -> Option<String> {
    let (earliest, latest) = match as_of? {
        Moment::Day(day) => (day, day),
        Moment::Instant(instant) => (day_at(instant, -12), day_at(instant, 14)),
    };
    if let Some(from) = rule.effective_from.filter(|from| latest < *from) {
        return Some(format!("the rule applies from {from}"));
    }
    let until = rule.effective_until.filter(|until| earliest > *until)?;
    Some(format!("the rule applied until {until}"))
}

fn day_at(instant: Timestamp, offset: i8) -> civil::Date {
    Offset::constant(offset).to_datetime(instant).date()
}

/// A duty whose clock waits for another notice is aimed at together with that one.
fn aim_with_what_comes_first(obligations: &mut [Obligation]) {
    let targets: BTreeMap<String, Option<Timestamp>> =
        obligations.iter().map(|obligation| (obligation.id.clone(), obligation.internal_target_at)).collect();
    for obligation in obligations.iter_mut().filter(|obligation| obligation.internal_target_at.is_none()) {
        let first = obligation.after.as_ref().and_then(|id| targets.get(id));
        obligation.internal_target_at = first.copied().flatten();
    }
}

/// The key of an obligation: its rule's identifier in lower case.
pub(crate) fn key(rule: &str) -> String {
    rule.to_ascii_lowercase()
}
