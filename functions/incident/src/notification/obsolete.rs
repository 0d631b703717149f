//! Duties that have ended without anybody's decision: the facts do not bring them any more, or another incident has taken them.

use super::assess::Assessment;
use super::duty::{Duty, DutyState};
use crate::record::Incident;

/// Why this duty is obsolete; `None` if it stands, or has ended otherwise.
///
/// `assessment` is of the newest facts.
pub fn obsolete_because(duty: &Duty, incident: &Incident, assessment: &Assessment) -> Option<String> {
    match duty.state {
        DutyState::Open | DutyState::NotTurnedOn => {}
        DutyState::Sent | DutyState::Withheld | DutyState::NotNotifiable | DutyState::Obsolete => return None,
    }
    if let Some(elder) = &incident.absorbed_by {
        return Some(format!("the incident turned out to be part of {elder}, which takes its duties over"));
    }
    let id = &duty.obligation.id;
    if assessment.obligations.iter().any(|obligation| obligation.id == *id) {
        return None;
    }
    let because = assessment.not_triggered.iter().find(|rule| rule.rule == *id).map(|rule| rule.because.as_str());
    let because = because.unwrap_or("there is no such rule any more");
    Some(format!("version {} of the facts does not bring this duty: {because}", assessment.facts_version))
}
