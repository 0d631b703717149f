//! What is to be counted: the deadline of a rule, of a later stage of it, or of the answer to a person's request.

use super::super::deadline_rule::{DeadlineRule, StageDeadline};
use super::super::rule::Rule;
use super::super::rules::Rules;
use std::borrow::Cow;

/// A deadline with what it needs of its rule.
#[derive(Clone, Debug)]
pub(crate) struct Terms<'a> {
    /// The rule's identifier; for a stage `<OBLIGATION>.<stage>`.
    pub(crate) id: String,
    pub(crate) jurisdiction: &'a str,
    pub(crate) deadline: Cow<'a, DeadlineRule>,
    /// Which of several reports it is.
    pub(crate) report: Option<&'a str>,
    /// By what the limit is multiplied for a small agent.
    pub(crate) small_agent_multiplier: Option<i64>,
}

impl<'a> Terms<'a> {
    pub(crate) fn of(rule: &'a Rule) -> Self {
        Self {
            id: rule.id.clone(),
            jurisdiction: &rule.jurisdiction,
            deadline: Cow::Borrowed(&rule.deadline),
            report: rule.stage.as_deref(),
            small_agent_multiplier: rule.small_agent_multiplier,
        }
    }

    /// The terms of that name: `EU-NIS2-23-4B`, `DE-BSIG-32.notification`, `US-CCPA-REQ.acknowledgement`. In any case of letters.
    pub(crate) fn named(name: &str, rules: &'a Rules) -> Option<Self> {
        if let Some(terms) = rules.get(name).map(Self::of).or_else(|| Self::of_request(name, rules)) {
            return Some(terms);
        }
        // Identifiers have dots of their own: `US-NY-DFS-500.17C.written_explanation`.
        let (id, stage) = name.rsplit_once('.')?;
        let is_asked = |deadline: &&StageDeadline| deadline.stage.eq_ignore_ascii_case(stage);
        if let Some(rule) = rules.get(id) {
            let stage = rule.stage_deadlines.iter().find(is_asked)?;
            return Some(Self::of(rule).staged(stage));
        }
        let request = rules.request(id)?;
        Some(Self::of_request(id, rules)?.staged(request.stage_deadlines.iter().find(is_asked)?))
    }

    fn of_request(name: &str, rules: &'a Rules) -> Option<Self> {
        let request = rules.request(name)?;
        Some(Self {
            id: request.id.clone(),
            jurisdiction: &request.jurisdiction,
            deadline: Cow::Borrowed(&request.deadline),
            report: None,
            small_agent_multiplier: None,
        })
    }

    /// The same duty's later report: its own limit, and nothing of the first one's.
    fn staged(self, stage: &'a StageDeadline) -> Self {
        let deadline = DeadlineRule {
            standard: format!("{} ({})", self.deadline.standard, stage.stage.replace('_', " ")),
            unit: stage.unit,
            value: stage.value,
            iso8601: None,
            clock: stage.clock.clone(),
            calendar: stage.calendar.clone(),
            hard: self.deadline.hard,
            late_rule: None,
            internal_target_iso8601: None,
            contract_override: self.deadline.contract_override,
            clock_note: None,
            guideline_max: None,
            late_classification_rule: None,
            limits: Vec::new(),
            combine: None,
            alt: Vec::new(),
        };
        Self {
            id: format!("{}.{}", self.id, stage.stage),
            deadline: Cow::Owned(deadline),
            report: Some(&stage.stage),
            ..self
        }
    }
}
