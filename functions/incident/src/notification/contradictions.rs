//! Facts that cannot both hold. They are refused rather than weighed: one of them is wrong, and nobody can say which.

use super::facts::{FactError, Facts};
use super::rules::Rules;
use super::vocabulary::submitted_obligation;
use serde_json::json;

/// Clocks of which the first cannot start after the second.
const IN_ORDER: [(&str, &str); 9] = [
    ("t.incident_occurrence", "t.aware"),
    ("t.aware_ict_incident", "t.classified_major"),
    ("t.aware", "t.incident_handled"),
    ("t.aware_significant_incident", "t.incident_handled"),
    ("t.discovery", "t.determination"),
    ("t.discovery", "t.determination_harm"),
    ("t.discovery", "t.consumer_notice_sent"),
    ("t.suspicion", "t.reasonable_grounds_to_believe"),
    ("breach.started", "breach.ended"),
];

impl Facts {
    /// Every pair of facts that cannot both hold.
    pub(crate) fn contradictions(&self, rules: &Rules) -> Vec<FactError> {
        let mut found = Vec::new();
        let mut report = |fact: &str, other: &str, problem: &str| {
            let (fact, other, problem) = (fact.to_owned(), other.to_owned(), problem.to_owned());
            found.push(FactError::Contradiction { fact, other, problem });
        };
        for (first, second) in IN_ORDER {
            if self.is_surely_before(second, first) {
                report(second, first, "the first lies before the second");
            }
        }
        for (clock, _) in self.entries() {
            let Some(id) = clock.strip_prefix("t.").and_then(submitted_obligation) else { continue };
            let Some(rule) = rules.get(id) else { continue };
            let start = format!("t.{}", rule.deadline.clock);
            // Other clocks may start after a report that was sent early.
            let starts_first =
                ["aware", "discovery", "discovery_or_notification"].contains(&rule.deadline.clock.as_str());
            if starts_first && self.is_surely_before(clock, &start) {
                report(clock, &start, "a report cannot be submitted before what it reports is known");
            }
            let flag = format!("submitted.{id}");
            if self.known(clock).is_some() && self.known(&flag) == Some(&json!(false)) {
                report(&flag, clock, "a report that was submitted at that time was submitted");
            }
        }
        let home = self.text("entity.main_establishment");
        let in_union = home.is_some_and(|home| rules.members_of("EU").iter().any(|state| state == home));
        if in_union && self.known("entity.eu_establishment") == Some(&json!(false)) {
            report("entity.eu_establishment", "entity.main_establishment", "a main establishment there is one there");
        }
        if let (Some(most), Some(all)) = (self.count("affected_max_single_state_phi"), self.count("affected_total_phi"))
            && most > all
        {
            report("affected_max_single_state_phi", "affected_total_phi", "a part is larger than the whole");
        }
        for (fact, threshold) in rules.thresholds_met(self) {
            if self.known(fact) == Some(&json!(false)) {
                report(fact, "entity.nis2_type", &format!("threshold {threshold} is met"));
            }
        }
        found
    }

    /// Whether the time of `fact` lies before that of `other`, whatever hour and zone a day stands for.
    fn is_surely_before(&self, fact: &str, other: &str) -> bool {
        let times = self.moment(fact).zip(self.moment(other));
        times.is_some_and(|(fact, other)| fact.is_surely_before(other))
    }
}
