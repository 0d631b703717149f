//! By when a duty is due.

use super::calendar::{self, Counting, Due};
use super::deadline_rule::{DeadlineRule, Limit, Unit};
use super::facts::Facts;
use super::rule::Rule;
use super::rules::Rules;
use super::vocabulary::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The times of one duty, as far as its clocks have started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// The limit of the law; `None` where it sets none or its clock has not started.
    pub(crate) due: Option<Due>,
    /// When we mean to be done: three quarters of the way, or the file's own target where the law sets no limit.
    pub(crate) internal_target_at: Option<Timestamp>,
}

impl Deadline {
    /// The deadline of this rule for these facts.
    pub(crate) fn of(rule: &Rule, facts: &Facts, rules: &Rules) -> Self {
        let zones = zones(rule, facts, rules);
        let limits = limits(&rule.deadline);
        let dues = limits.iter().filter_map(|limit| due(limit, rule, facts, rules, &zones));
        let due = dues.reduce(Due::earlier);
        let started = limits.iter().filter_map(|limit| started(&limit.clock, facts, &zones)).min();
        let internal_target_at = match (started, due) {
            (Some(started), Some(due)) => three_quarters(started, due.conservative),
            (Some(started), None) => rule.deadline.internal_target_iso8601.and_then(|target| {
                let start = zones.first().map(|zone| started.to_zoned(zone.clone()))?;
                start.checked_add(target).ok().map(|target| target.timestamp())
            }),
            (None, _) => None,
        };
        Self { due, internal_target_at }
    }
}

/// The limits that count: the several ones, or the only one.
fn limits(deadline: &DeadlineRule) -> Vec<Limit> {
    if deadline.limits.is_empty() {
        vec![Limit { unit: deadline.unit, value: deadline.value, clock: deadline.clock.clone() }]
    } else {
        deadline.limits.clone()
    }
}

fn due(limit: &Limit, rule: &Rule, facts: &Facts, rules: &Rules, zones: &[TimeZone]) -> Option<Due> {
    let start = facts.moment(&format!("t.{}", limit.clock))?;
    match limit.unit {
        Unit::Hours => {
            let counting = rules.counting(rule).unwrap_or(Counting::ElapsedHours);
            calendar::hours(start, limit.value?, counting, zones)
        }
        Unit::CalendarDays => calendar::days(start, calendar::calendar_days(limit.value?)?, zones),
        Unit::Months => calendar::days(start, calendar::months(limit.value?)?, zones),
        Unit::SameTime => {
            let at = started(&limit.clock, facts, zones)?;
            Some(Due { conservative: at, statutory_latest: at })
        }
        Unit::BusinessDays | Unit::BeforeEvent | Unit::None => None,
    }
}

/// When a clock started; a day counts from its first moment.
fn started(clock: &str, facts: &Facts, zones: &[TimeZone]) -> Option<Timestamp> {
    match facts.moment(&format!("t.{clock}"))? {
        Moment::Instant(instant) => Some(instant),
        Moment::Day(day) => {
            let starts = zones.iter().filter_map(|zone| day.to_zoned(zone.clone()).ok());
            starts.map(|start| start.timestamp()).min()
        }
    }
}

/// The zones whose day can end first: those of the jurisdiction's residents and the entity's own; else UTC.
fn zones(rule: &Rule, facts: &Facts, rules: &Rules) -> Vec<TimeZone> {
    let mut zones = rules.time_zones(&rule.jurisdiction);
    zones.extend(facts.text("tz").and_then(|zone| TimeZone::get(zone).ok()));
    if zones.is_empty() {
        zones.push(TimeZone::UTC);
    }
    zones
}

fn three_quarters(start: Timestamp, due: Timestamp) -> Option<Timestamp> {
    let whole = due.duration_since(start);
    if whole.is_negative() { Some(due) } else { start.checked_add(whole / 4 * 3).ok() }
}
