//! Facts that follow from others by the rules themselves. They only ever become true: what follows never ends a duty.

use super::assess::{NotTriggered, Obligation, key};
use super::condition::Truth;
use super::facts::{AUTHOR, Fact, Facts, Source};
use super::rule::Rule;
use super::rules::Rules;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

const DUE: &str = "submitted_or_due.";

impl Rule {
    /// Whether it asks if another duty is due.
    pub(super) fn follows_a_duty(&self) -> bool {
        self.conditions().any(|condition| condition.fact.starts_with(DUE))
    }
}

impl Rules {
    /// The facts with what follows from them: reports that were submitted, thresholds that are met, classes of data that a
    /// state counts. What someone recorded stays as it is.
    pub(super) fn with_what_follows(&self, facts: &Facts) -> Facts {
        let mut more = facts.clone();
        let submitted = facts.entries().filter_map(|(name, _)| name.strip_prefix("t.submitted."));
        for report in submitted.filter(|report| facts.known(&format!("t.submitted.{report}")).is_some()) {
            more.follow(&format!("submitted.{report}"), true, "its clock has started");
            more.follow(&format!("{DUE}{report}"), true, "its clock has started");
        }
        for (fact, threshold) in self.thresholds_met(facts) {
            more.follow(fact, true, &format!("threshold {threshold} is met"));
        }
        let classes: BTreeSet<&str> = facts.members("data_classes").into_iter().collect();
        for state in self.states_counting(&classes) {
            more.follow(&format!("us_pi.{state}"), true, "the statute counts one of the classes of data");
        }
        more
    }

    /// The facts that a met threshold makes true, each with the threshold.
    pub(super) fn thresholds_met(&self, facts: &Facts) -> Vec<(&str, &str)> {
        let met = |conditions: &[super::condition::Condition], all: bool| {
            let mut truths = conditions.iter().map(|condition| condition.test(facts) == Truth::Met);
            if all { truths.all(|met| met) } else { truths.any(|met| met) }
        };
        let rows = self.law().thresholds.values().filter(|row| met(&row.if_all, true) && met(&row.if_any, false));
        rows.filter_map(|row| Some((row.derives.as_deref()?, row.id.as_str()))).collect()
    }
}

impl Facts {
    /// Enters whether the duties that `rules` ask for are due. Of a duty that only unknown facts bring, that stays unknown.
    pub(super) fn set_due(&mut self, rules: &[&Rule], obligations: &[Obligation], not_triggered: &[NotTriggered]) {
        let asked = rules.iter().flat_map(|rule| rule.conditions()).filter_map(|one| one.fact.strip_prefix(DUE));
        for id in asked {
            let due = obligations.iter().any(|duty| duty.rule == id && duty.is_established());
            let not_due = not_triggered.iter().any(|refused| refused.rule == key(id));
            if due || not_due {
                self.follow(&format!("{DUE}{id}"), due, "the rule is assessed");
            }
        }
    }

    fn follow(&mut self, fact: &str, value: bool, reason: &str) {
        if !self.is_recorded(fact) {
            let (source, at) = (Some(Source::Tocsin), Timestamp::UNIX_EPOCH);
            let (author, reason) = (AUTHOR.to_owned(), reason.to_owned());
            self.put(fact, Fact { value: Value::Bool(value), source, author, reason, at });
        }
    }
}
