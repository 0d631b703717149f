//! When the clock of a deadline started, and what stands in for it until then.

use super::super::calendar::{Start, Zones};
use super::super::facts::Facts;
use super::super::rules::Rules;
use super::super::vocabulary::Moment;
use super::terms::Terms;
use super::times;
use jiff::Timestamp;
use jiff::civil::date;

/// How many deadlines can wait for another's end, one after the other.
pub(super) const DEEPEST: u8 = 3;

/// A clock that has started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) start: Start,
    /// The clock that was read: the rule's own, or what stands in for it.
    pub(super) clock: String,
    /// Why another clock than the rule's own was read.
    pub(super) because: Option<String>,
}

impl Started {
    /// The first moment that can be meant.
    pub(super) fn instant(&self, zones: &Zones) -> Option<Timestamp> {
        zones.start_of(self.start.early).map(|start| start.timestamp())
    }
}

/// The clocks that start with the entity's own determination, confirmation or identification of scope. While it is open,
/// awareness or discovery stands in, which is earlier; no other clock ever stands in for another (`policy_clock`).
const OWN_DECISION: [&str; 9] = [
    "determination",
    "determination_or_reason_to_believe",
    "determination_or_reasonable_belief",
    "determination_harm",
    "determination_harm_or_agent_notice",
    "reasonable_determination",
    "materiality_determination",
    "confirmation_and_information_ascertainable",
    "aware_and_scope_identified",
];

/// When `clock` started; `None` while it has not.
pub(super) fn started(clock: &str, facts: &Facts, rules: &Rules, zones: &Zones, depth: u8) -> Option<Started> {
    let recorded = facts.moment(&format!("t.{clock}")).map(Start::at);
    if let Some(report) = clock.strip_prefix("submitted_latest.") {
        return latest_submission(clock, report, recorded, facts);
    }
    let derived = || match clock {
        "end_of_calendar_year_of_discovery" => end_of_year_of_discovery(facts, zones),
        _ => end_of_period(clock, facts, rules, depth),
    };
    if let Some(start) = recorded {
        return Some(Started { start, clock: clock.to_owned(), because: None });
    }
    if let Some((start, because)) = derived() {
        return Some(Started { start, clock: clock.to_owned(), because: Some(because) });
    }
    if OWN_DECISION.contains(&clock) { stand_in(clock, facts, zones) } else { None }
}

/// The earlier of awareness and discovery.
fn stand_in(clock: &str, facts: &Facts, zones: &Zones) -> Option<Started> {
    let known = ["aware", "discovery"].into_iter().filter_map(|name| {
        let moment = facts.moment(&format!("t.{name}"))?;
        Some((zones.start_of(moment)?.timestamp(), name, moment))
    });
    let (_, name, moment) = known.min_by_key(|(at, ..)| *at)?;
    Some(Started {
        start: Start::at(moment),
        clock: name.to_owned(),
        because: Some(format!("`{clock}` is not recorded, so the earlier clock `{name}` stands in for it until it is")),
    })
}

/// The latest update of a report. Until there is one, that is the report itself, which is earlier.
fn latest_submission(clock: &str, report: &str, recorded: Option<Start>, facts: &Facts) -> Option<Started> {
    if let Some(start) = recorded {
        return Some(Started { start, clock: clock.to_owned(), because: None });
    }
    let first = format!("submitted.{report}");
    let start = Start::at(facts.moment(&format!("t.{first}"))?);
    let because = format!("no update of {report} is recorded, so its first submission counts");
    Some(Started { start, clock: first, because: Some(because) })
}

/// 31 December of the year of discovery (45 CFR 164.408(c)).
fn end_of_year_of_discovery(facts: &Facts, zones: &Zones) -> Option<(Start, String)> {
    let discovery = facts.moment("t.discovery_hipaa")?;
    let year = match discovery {
        Moment::Day(day) => day.year(),
        Moment::Instant(_) => zones.first_day(discovery)?.year(),
    };
    let because = format!("the end of {year}, the year of `discovery_hipaa`");
    Some((Start::at(Moment::Day(date(year, 12, 31))), because))
}

/// The end of another duty's period, which runs on by itself.
fn end_of_period(clock: &str, facts: &Facts, rules: &Rules, depth: u8) -> Option<(Start, String)> {
    let name = clock.strip_prefix("end_of_period.")?;
    if depth >= DEEPEST {
        return None;
    }
    let due = times(&Terms::named(name, rules)?, facts, rules, depth + 1).due?;
    let start = Start { early: Moment::Instant(due.conservative), late: Moment::Instant(due.statutory_latest) };
    Some((start, format!("the end of the period of {name}")))
}
