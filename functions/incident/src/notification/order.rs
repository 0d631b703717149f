//! What the duties of one incident have to do with each other: which takes another's place, which waits, which go together.

use super::assess::{NotTriggered, Obligation, key};
use super::deadline_rule::Unit;
use super::rule::Rule;
use super::rules::Rules;
use super::vocabulary::submitted_obligation;
use super::weigh::not_triggered;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Takes out the duties whose place another takes. One that only unknown facts bring takes no place.
pub(super) fn supersede(rules: &Rules, obligations: &mut Vec<Obligation>, not_triggered_too: &mut Vec<NotTriggered>) {
    let sure = obligations.iter().filter(|obligation| obligation.unknown_facts.is_empty());
    let pairs: Vec<(String, String)> = sure
        .filter_map(|obligation| Some((obligation, rules.get(&obligation.rule)?)))
        .flat_map(|(obligation, rule)| rule.supersedes.iter().map(|other| (other.clone(), obligation.rule.clone())))
        .collect();
    for (superseded, by) in pairs {
        let before = obligations.len();
        obligations.retain(|obligation| obligation.rule != superseded);
        if let Some(rule) = rules.get(&superseded).filter(|_| obligations.len() < before) {
            not_triggered_too.push(not_triggered(rule, vec![format!("rule `{by}` takes its place")]));
            for obligation in obligations.iter_mut().filter(|one| one.after.as_deref() == Some(&key(&superseded))) {
                obligation.after = Some(key(&by));
            }
        }
    }
    not_triggered_too.sort_by(|one, other| one.rule.cmp(&other.rule));
}

impl Rules {
    /// The obligation whose sending starts the clock of `rule`. What has to come before that sending does not wait for it.
    pub(super) fn starter_of(&self, rule: &Rule) -> Option<String> {
        if matches!(rule.deadline.unit, Unit::BeforeEvent | Unit::SameTime) {
            return None;
        }
        if let Some(submitted) = submitted_obligation(&rule.deadline.clock) {
            return Some(key(submitted));
        }
        self.sender_of(rule).map(|other| key(&other.id))
    }

    /// The rule whose notice starts the clock of `rule`: the one to people in the same place.
    fn sender_of(&self, rule: &Rule) -> Option<&Rule> {
        let class = self.vocabulary().clock(&rule.deadline.clock)?.started_by_notice_to.as_ref()?;
        self.iter().find(|other| {
            other.jurisdiction == rule.jurisdiction && other.regime == rule.regime && &other.recipient == class
        })
    }
}

/// Enters which notice waits for which (`before_event`), and which go out together (`same_time`).
pub(super) fn order(rules: &Rules, obligations: &mut [Obligation]) {
    let mut waits: Vec<(String, String)> = Vec::new();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for obligation in obligations.iter() {
        let Some(rule) = rules.get(&obligation.rule) else { continue };
        let Some(sender) = rules.sender_of(rule).map(|sender| key(&sender.id)) else { continue };
        match rule.deadline.unit {
            Unit::BeforeEvent => waits.push((sender, obligation.id.clone())),
            Unit::SameTime => {
                pairs.push((sender.clone(), obligation.id.clone()));
                pairs.push((obligation.id.clone(), sender));
            }
            Unit::Hours | Unit::CalendarDays | Unit::BusinessDays | Unit::Months | Unit::None => {}
        }
    }
    let known: Vec<String> = obligations.iter().map(|obligation| obligation.id.clone()).collect();
    for obligation in obligations.iter_mut() {
        let of = |all: &[(String, String)]| -> Vec<String> {
            let own = all.iter().filter(|(id, other)| *id == obligation.id && known.contains(other));
            own.map(|(_, other)| other.clone()).collect()
        };
        (obligation.waits_for, obligation.together_with) = (of(&waits), of(&pairs));
    }
}

/// What is aimed at: a duty whose clock waits for another notice goes with that one, and the notices to the residents of
/// several states of the US go out by the earliest of their due times.
pub(super) fn aim(obligations: &mut [Obligation]) {
    let to_residents = |obligation: &Obligation| {
        obligation.recipient_class == "residents" && obligation.jurisdiction.starts_with("US-")
    };
    let earliest = obligations.iter().filter(|one| to_residents(one)).filter_map(|one| one.due_at).min();
    for obligation in obligations.iter_mut().filter(|one| to_residents(one)) {
        let own = obligation.internal_target_at;
        obligation.internal_target_at = own.into_iter().chain(earliest).min();
    }
    let targets: BTreeMap<String, Option<Timestamp>> =
        obligations.iter().map(|obligation| (obligation.id.clone(), obligation.internal_target_at)).collect();
    for obligation in obligations.iter_mut().filter(|obligation| obligation.internal_target_at.is_none()) {
        let first = obligation.after.iter().chain(&obligation.together_with).find_map(|id| targets.get(id));
        obligation.internal_target_at = first.copied().flatten();
    }
}
