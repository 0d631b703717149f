//! What makes a row of the law unusable: a name that nothing has, a limit that cannot be counted, a duty that nothing brings.

use super::deadline_rule::{Alternative, DeadlineRule, StageDeadline, Unit};
use super::law::{Law, RuleError, Sheet};
use super::rows::ThresholdRow;
use super::rule::Rule;
use super::vocabulary::{FactKind, obligation_of};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Law {
    /// The first row that cannot be used, and why; `None` if all can. A row is named as in `rule `US-CA-IND``.
    pub(crate) fn fault(&self) -> Option<(String, String)> {
        let place = |kind: &str, id: &str| format!("{kind} `{id}`");
        let rules = self.rules.values().filter_map(|rule| Some((place("rule", &rule.id), self.fault_of(rule)?)));
        let thresholds = self.thresholds.values();
        let thresholds =
            thresholds.filter_map(|row| Some((place("threshold", &row.id), self.fault_of_threshold(row)?)));
        let places = self.jurisdictions.values().filter_map(|row| {
            let zone = row.time_zones.iter().find(|zone| TimeZone::get(zone).is_err())?;
            Some((place("jurisdiction", &row.id), format!("there is no time zone `{zone}`")))
        });
        let classes = |row: &Vec<String>| self.vocabulary.refusal("data_classes", &json!(row));
        let profiles =
            self.profiles.values().filter_map(|row| Some((place("profile", &row.id), classes(&row.pi_extras)?)));
        let base = classes(&self.base_classes).map(|problem| ("`us_base_pi`".to_owned(), problem));
        let examples = self
            .examples
            .iter()
            .filter(|row| !self.rules.contains_key(&row.obligation) && !self.requests.contains_key(&row.obligation));
        let examples =
            examples.map(|row| (place("example", &row.id), format!("there is no rule `{}`", row.obligation)));
        let requests = self.requests.values().filter_map(|row| {
            Some((place("request", &row.id), self.fault_of_times(&row.deadline, &row.stage_deadlines)?))
        });
        rules.chain(requests).chain(thresholds).chain(places).chain(profiles).chain(base).chain(examples).next()
    }

    /// What is wrong with a rule; `None` if nothing is.
    fn fault_of(&self, rule: &Rule) -> Option<String> {
        let alternatives = rule.deadline.alt.iter().map(|alternative| &alternative.when);
        let conditions = rule.conditions().chain(alternatives);
        let mut condition_faults = conditions
            .filter_map(|condition| condition.fault(&self.vocabulary).or_else(|| self.names_no_rule(&condition.fact)));
        condition_faults
            .next()
            .or_else(|| {
                let triggers = rule.trigger_all.len() + rule.trigger_any.len();
                (triggers == 0).then(|| "nothing triggers it".to_owned())
            })
            .or_else(|| self.fault_of_words(rule))
            .or_else(|| self.fault_of_deadline(rule))
            .or_else(|| self.fault_of_references(rule))
    }

    fn fault_of_words(&self, rule: &Rule) -> Option<String> {
        let known = |what: &str, value: &str, all: &[&str]| {
            (!all.contains(&value)).then(|| format!("`{what}` is `{value}`, which is none of {}", all.join(", ")))
        };
        known("confidence", &rule.confidence, &["high", "medium", "low"])
            .or_else(|| known("verified", &rule.verified, &["text", "secondary", "memory"]))
            .or_else(|| {
                let ends_first =
                    rule.effective_until.zip(rule.effective_from).is_some_and(|(until, from)| until < from);
                ends_first.then(|| "`effective_until` lies before `effective_from`".to_owned())
            })
            .or_else(|| {
                let annexes = self.vocabulary.members("ai.annex");
                let stranger = rule.application_from.keys().find(|annex| !annexes.contains(&annex.as_str()));
                stranger.map(|annex| format!("`application_from` names annex `{annex}`, which `ai.annex` cannot be"))
            })
            .or_else(|| {
                let problem = rule.decided.as_ref().and_then(|decided| decided.fault())?;
                Some(format!("`decided`: {problem}"))
            })
    }

    fn fault_of_deadline(&self, rule: &Rule) -> Option<String> {
        self.fault_of_times(&rule.deadline, &rule.stage_deadlines).or_else(|| {
            let is_nothing = rule.small_agent_multiplier.is_some_and(|times| times < 1);
            is_nothing.then(|| "`small_agent_multiplier` is below 1".to_owned())
        })
    }

    fn fault_of_times(&self, deadline: &DeadlineRule, stages: &[StageDeadline]) -> Option<String> {
        let limits = deadline.limits.iter().map(|limit| (limit.unit, limit.value, limit.clock.as_str()));
        let later = stages.iter().map(|stage| (stage.unit, stage.value, stage.clock.as_str()));
        let own = (deadline.unit, deadline.value, deadline.clock.as_str());
        let all = limits.chain(later).chain([own]);
        let mut faults =
            all.filter_map(|(unit, value, clock)| self.fault_of_clock(clock).or_else(|| fault_of_number(unit, value)));
        faults
            .next()
            .or_else(|| {
                (deadline.limits.is_empty() != deadline.combine.is_none())
                    .then(|| "`limits` and `combine` go together".to_owned())
            })
            .or_else(|| {
                deadline.alt.iter().find_map(|alternative| self.fault_of_alternative(deadline.unit, alternative))
            })
            .or_else(|| {
                let calendars = stages.iter().filter_map(|stage| stage.calendar.as_ref());
                let stranger = calendars.chain(&deadline.calendar).find(|id| !self.calendars.contains_key(*id))?;
                Some(format!("there is no calendar `{stranger}`"))
            })
    }

    fn fault_of_alternative(&self, unit: Unit, alternative: &Alternative) -> Option<String> {
        if alternative.value.is_none() && alternative.clock.is_none() {
            return Some("an alternative in `alt` changes nothing".to_owned());
        }
        let clock = alternative.clock.as_deref().and_then(|clock| self.fault_of_clock(clock));
        clock.or_else(|| alternative.value.and_then(|value| fault_of_number(unit, Some(value))))
    }

    fn fault_of_clock(&self, clock: &str) -> Option<String> {
        if self.vocabulary.clock(clock).is_none() {
            return Some(format!("there is no clock `{clock}`"));
        }
        self.names_no_rule(clock)
    }

    /// The rule that the name of a clock or fact names, where there is none. Behind its name may stand a stage.
    pub(crate) fn names_no_rule(&self, name: &str) -> Option<String> {
        let named = obligation_of(name.strip_prefix("t.").unwrap_or(name))?;
        let is_rule = self.rules.contains_key(named)
            || self.rules.values().any(|rule| {
                let stage = named.strip_prefix(rule.id.as_str()).and_then(|rest| rest.strip_prefix('.'));
                stage.is_some_and(|stage| rule.stage_deadlines.iter().any(|row| row.stage == stage))
            });
        (!is_rule).then(|| format!("there is no rule `{named}`"))
    }

    fn fault_of_references(&self, rule: &Rule) -> Option<String> {
        if let Some(checklist) = rule.checklist.as_ref().filter(|id| !self.checklists.contains_key(*id)) {
            return Some(format!("there is no checklist `{checklist}`"));
        }
        if let Some(profile) = rule.profile.as_ref().filter(|id| !self.profiles.contains_key(*id)) {
            return Some(format!("there is no profile `{profile}`"));
        }
        if !self.jurisdictions.contains_key(&rule.jurisdiction) {
            return Some(format!("there is no jurisdiction `{}`", rule.jurisdiction));
        }
        let stranger = rule.supersedes.iter().find(|id| **id == rule.id || !self.rules.contains_key(*id))?;
        Some(format!("`supersedes` names `{stranger}`, which is no other rule"))
    }

    fn fault_of_threshold(&self, row: &ThresholdRow) -> Option<String> {
        let conditions = row.if_all.iter().chain(&row.if_any);
        if let Some(fault) = conditions.filter_map(|condition| condition.fault(&self.vocabulary)).next() {
            return Some(fault);
        }
        let Some(fact) = &row.derives else {
            let is_idle = row.if_all.is_empty() && row.if_any.is_empty();
            return (!is_idle).then(|| "it has conditions, but derives no fact".to_owned());
        };
        match self.vocabulary.fact(fact) {
            Some(found) if found.kind == FactKind::Bool && !row.if_any.is_empty() => None,
            Some(_) => Some("`derives` needs a fact that is true or false, and something in `if_any`".to_owned()),
            None => Some(format!("there is no fact `{fact}`")),
        }
    }
}

fn fault_of_number(unit: Unit, value: Option<i64>) -> Option<String> {
    let counts = unit.is_counted();
    (counts != value.is_some_and(|value| value > 0))
        .then(|| format!("a limit in {unit:?} {} a `value` above 0", if counts { "needs" } else { "cannot have" }))
}

/// Reads files of rules (name and document) and checks them against each other, and against what `law` holds already.
///
/// # Errors
/// Names the file, the row and the field.
pub(crate) fn read_all(mut law: Law, files: Vec<(String, Value)>) -> Result<Law, RuleError> {
    let mut origins = BTreeMap::new();
    for (file, document) in files {
        let sheet = Sheet::read(&file, document)?;
        for place in places(&sheet) {
            origins.insert(place, file.clone());
        }
        law.take_in(&file, sheet)?;
    }
    match law.fault() {
        None => Ok(law),
        Some((place, problem)) => {
            let file = origins.get(&place).map_or("obligations", String::as_str);
            Err(RuleError::new(file, place, problem))
        }
    }
}

/// How `Law::fault` names the rows of a file.
fn places(sheet: &Sheet) -> impl Iterator<Item = String> {
    let rules = sheet.obligation.iter().map(|row| ("rule", &row.id));
    let thresholds = sheet.threshold.iter().map(|row| ("threshold", &row.id));
    let jurisdictions = sheet.jurisdiction.iter().map(|row| ("jurisdiction", &row.id));
    let profiles = sheet.us_profile.iter().map(|row| ("profile", &row.id));
    let examples = sheet.example.iter().map(|row| ("example", &row.id));
    let named = rules.chain(thresholds).chain(jurisdictions).chain(profiles).chain(examples);
    named.map(|(kind, id)| format!("{kind} `{id}`"))
}
