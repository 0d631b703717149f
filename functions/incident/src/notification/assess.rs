//! Which duties the facts bring, why, and by when.

use super::deadline::Deadline;
use super::decided::Decided;
use super::facts::Facts;
use super::order::{aim, order, supersede};
use super::rule::{FanOut, Rule};
use super::rules::Rules;
use super::vocabulary::Moment;
use super::weigh::{Weighed, weigh};
use crate::organisation::Organisation;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

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
    /// The family of rules: `gdpr`, `us_state_breach`, …
    #[serde(default)]
    pub regime: String,
    /// The member state whose authority is told, where the duty is one of several under the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_state: Option<String>,
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
    /// The obligations whose notices must be out before this one is.
    #[serde(default)]
    pub waits_for: Vec<String>,
    /// The obligations whose notices go out together with this one.
    #[serde(default)]
    pub together_with: Vec<String>,
    /// The written request of law enforcement that suspends this notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldBack>,
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
    /// Who changed or added the rule for the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
}

/// A request of law enforcement to delay a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Who asked.
    pub agency: Option<String>,
    /// Until when, as it was entered; `None` where no end was set.
    pub until: Option<String>,
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
    /// Why not, one reason a condition.
    #[serde(default)]
    pub reasons: Vec<String>,
}

impl Obligation {
    /// Whether the text of the rule, or a page on it, was read.
    pub fn is_verified(&self) -> bool {
        matches!(self.verified.as_str(), "text" | "secondary")
    }

    /// Whether nothing unknown was taken to bring it.
    pub fn is_established(&self) -> bool {
        self.unknown_facts.is_empty()
    }

    /// Whether it is a record that we keep, or an assessment that we make, rather than a notice to someone.
    pub fn is_internal(&self) -> bool {
        self.recipient_class.starts_with("internal_")
    }

    /// Whether the organisation's counsel has turned it on: has named a recipient, and has decided about an unverified rule.
    pub fn is_turned_on(&self, organisation: &Organisation) -> bool {
        organisation.recipients.contains_key(&self.id)
            && (self.is_verified() || organisation.turned_on.contains_key(&key(&self.rule)))
    }

    /// Whether it is a notice that only unknown facts bring, under a rule that counsel has not turned on: it waits for facts, and wakes
    /// nobody.
    pub fn is_undetermined(&self, organisation: &Organisation) -> bool {
        !self.is_internal() && !self.is_established() && !self.is_turned_on(organisation)
    }
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
        let mut facts = self.with_what_follows(facts);
        let mut obligations = Vec::new();
        let mut not_triggered = Vec::new();
        // What follows from another duty's being due is weighed after that one.
        let (later, first): (Vec<&Rule>, Vec<&Rule>) = self.iter().partition(|rule| rule.follows_a_duty());
        for rule in first {
            self.weigh_one(rule, &facts, as_of, &mut obligations, &mut not_triggered);
        }
        facts.set_due(&later, &obligations, &not_triggered);
        for rule in later {
            self.weigh_one(rule, &facts, as_of, &mut obligations, &mut not_triggered);
        }
        supersede(self, &mut obligations, &mut not_triggered);
        obligations.sort_by(|one, other| one.id.cmp(&other.id));
        order(self, &mut obligations);
        aim(&mut obligations);
        Assessment { facts_version: facts.version(), obligations, not_triggered }
    }

    fn weigh_one(
        &self,
        rule: &Rule,
        facts: &Facts,
        as_of: Option<Moment>,
        obligations: &mut Vec<Obligation>,
        not_triggered: &mut Vec<NotTriggered>,
    ) {
        match weigh(rule, facts, as_of) {
            Err(refused) => not_triggered.push(refused),
            Ok(weighed) => {
                let one = self.obligation(rule, facts, weighed);
                match rule.fan_out {
                    None => obligations.push(one),
                    Some(FanOut::AffectedEeaMemberStates) => obligations.extend(self.fan_out(one, facts)),
                }
            }
        }
    }

    /// One duty for each member state in which people are affected. While no such state is known, one for them all.
    fn fan_out(&self, one: Obligation, facts: &Facts) -> Vec<Obligation> {
        let counted = |state: &&String| {
            let fact = format!("affected.{state}");
            facts.is_recorded(&fact) && facts.count(&fact) != Some(0)
        };
        let states: Vec<&String> = self.members_of(&one.jurisdiction).iter().filter(counted).collect();
        if states.is_empty() {
            let reason = "no member state with people affected is known, so this stands for each of them".to_owned();
            return vec![Obligation { reasons: one.reasons.iter().cloned().chain([reason]).collect(), ..one }];
        }
        let in_state = |state: &String| {
            let fact = format!("affected.{state}");
            let mut each = Obligation {
                id: format!("{}-{}", one.id, key(state)),
                member_state: Some(state.clone()),
                ..one.clone()
            };
            match facts.count(&fact) {
                Some(count) => each.reasons.push(format!("`{fact}` is {count}")),
                None => {
                    each.reasons.push(format!("`{fact}` is unknown, so it counts as above every threshold"));
                    each.unknown_facts.push(fact);
                }
            }
            each
        };
        states.into_iter().map(in_state).collect()
    }

    fn obligation(&self, rule: &Rule, facts: &Facts, weighed: Weighed) -> Obligation {
        let deadline = Deadline::of(rule, facts, self);
        let reasons = [weighed.reasons, deadline.notes].concat();
        Obligation {
            id: key(&rule.id),
            rule: rule.id.clone(),
            jurisdiction: rule.jurisdiction.clone(),
            regime: rule.regime.clone(),
            member_state: None,
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
            waits_for: Vec::new(),
            together_with: Vec::new(),
            held: weighed.held,
            confidence: rule.confidence.clone(),
            verified: rule.verified.clone(),
            reasons,
            unknown_facts: weighed.unknown_facts,
            notice: self.notice_of(rule).map(str::to_owned),
            form: rule.form.clone(),
            notes: rule.notes.clone(),
            source_url: rule.source_url.clone(),
            decided: rule.decided.clone(),
        }
    }
}

/// The key of an obligation: its rule's identifier in lower case.
pub(crate) fn key(rule: &str) -> String {
    rule.to_ascii_lowercase()
}
