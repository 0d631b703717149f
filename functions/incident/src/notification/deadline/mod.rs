//! By when a duty is due.
//!
//! Two times: what we work to (`due`), and the latest that the law allows on the reading most favourable to the sender, which
//! only legal reviewers see. No fact moves `due` later: where facts choose between limits, the earliest of all of them is
//! worked to, whatever is known, and the facts move only the latest. (The entity's own zone may: while nobody told it, the day
//! that ends first on Earth counts.) A clock moves `due` later only where it takes the place of
//! a stand-in that was flagged as one, and where an incident was classified after the limit that it cancels (DORA).

mod clock;
mod terms;
mod words;
mod zones;

use super::calendar::{self, Due, Period, Zones};
use super::condition::Truth;
use super::counting::Counting;
use super::deadline_rule::{Alternative, Limit, Unit};
use super::facts::Facts;
use super::rule::Rule;
use super::rules::Rules;
use clock::{Started, started};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
pub(crate) use terms::Terms;
pub use words::Times;

/// Whether a controller is a small agent in the sense of Resolution CD/ANPD 2/2022, which doubles its periods.
const SMALL_AGENT: &str = "entity.br_small_agent";
/// The kind of financial entity.
const ENTITY: &str = "entity";
/// The entities to which RTS (EU) 2025/301 Art. 5(5) gives no relief for initial and intermediate reports.
const WITHOUT_WEEKEND_RELIEF: [&str; 6] = [
    "credit_institution",
    "central_counterparty",
    "ccp",
    "trading_venue",
    "trading_venue_operator",
    "designated_by_authority",
];

/// The times of one duty, as far as its clocks have started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// The limit of the law; `None` where it sets none or its clock has not started.
    pub(crate) due: Option<Due>,
    /// When we mean to be done: three quarters of the way, or the file's own target where the law sets no limit.
    pub(crate) internal_target_at: Option<Timestamp>,
    /// The clock that `due` was counted from: the rule's own, or what stands in for it.
    pub(crate) clock: Option<String>,
    /// What a reviewer should know of the counting.
    pub(crate) notes: Vec<String>,
}

impl Deadline {
    /// The deadline of this rule for these facts.
    pub(crate) fn of(rule: &Rule, facts: &Facts, rules: &Rules) -> Self {
        times(&Terms::of(rule), facts, rules, 0)
    }
}

/// One limit, counted.
struct Counted {
    unit: Unit,
    due: Due,
    started: Started,
}

/// What all limits of one deadline are counted with.
struct Count<'a> {
    terms: &'a Terms<'a>,
    facts: &'a Facts,
    rules: &'a Rules,
    zones: Zones,
    counting: Option<Counting>,
    depth: u8,
}

/// The times of these terms. `depth` is how many deadlines wait for this one.
pub(crate) fn times(terms: &Terms<'_>, facts: &Facts, rules: &Rules, depth: u8) -> Deadline {
    let deadline = &terms.deadline;
    let counting = deadline.calendar.as_deref().and_then(|calendar| rules.counting(calendar));
    let zones = zones::of(terms.jurisdiction, counting.unwrap_or(Counting::EndOfDay), facts, rules);
    let count = Count { terms, facts, rules, zones, counting, depth };
    let counted = if deadline.limits.is_empty() { count.readings() } else { count.limits() };
    let due = counted.iter().map(|counted| counted.due).reduce(Due::earlier);
    let first = counted.iter().min_by_key(|counted| counted.due.conservative);
    let due = if deadline.limits.is_empty() { due.map(|due| count.latest_for_these_facts(due)) } else { due };
    let start = count.clocks().into_iter().filter_map(|clock| count.start(&clock)?.instant(&count.zones)).min();
    let internal_target_at = match (start, due) {
        (Some(start), Some(due)) => three_quarters(start, due.conservative),
        (Some(start), None) => deadline.internal_target_iso8601.and_then(|target| {
            let start = count.zones.start_of(super::vocabulary::Moment::Instant(start))?;
            start.checked_add(target).ok().map(|target| target.timestamp())
        }),
        (None, _) => None,
    };
    Deadline {
        due,
        internal_target_at,
        clock: first.map(|first| first.started.clock.clone()),
        notes: first.map(|first| count.notes(first)).unwrap_or_default(),
    }
}

impl Count<'_> {
    fn notes(&self, counted: &Counted) -> Vec<String> {
        let is_nowhere = self.zones.are_missed_by(counted.unit, counted.started.start);
        let nowhere = is_nowhere.then(|| "`tz` is not known, so the day that ends first on Earth counts".to_owned());
        counted.started.because.clone().into_iter().chain(nowhere).collect()
    }

    /// Every clock that a limit runs from.
    fn clocks(&self) -> Vec<String> {
        let deadline = &self.terms.deadline;
        let limits = deadline.limits.iter().map(|limit| &limit.clock);
        let alternatives = deadline.alt.iter().filter_map(|other| other.clock.as_ref());
        limits.chain(alternatives).chain([&deadline.clock]).cloned().collect()
    }

    fn start(&self, clock: &str) -> Option<Started> {
        started(clock, self.facts, self.rules, &self.zones, self.depth)
    }

    /// The several limits, without the one that a late classification cancels: an incident that was not classified as major
    /// before that limit has only the limit from its classification (RTS (EU) 2025/301 Art. 5(2)).
    fn limits(&self) -> Vec<Counted> {
        let deadline = &self.terms.deadline;
        let mut counted: Vec<(&Limit, Counted)> =
            deadline.limits.iter().filter_map(|limit| Some((limit, self.count(limit)?))).collect();
        let classified = deadline.late_classification_rule.as_ref().and_then(|_| self.start(&deadline.clock));
        if let Some(classified) = classified.and_then(|classified| classified.instant(&self.zones)) {
            counted.retain(|(limit, other)| limit.clock == deadline.clock || classified <= other.due.conservative);
        }
        counted.into_iter().map(|(_, counted)| counted).collect()
    }

    /// The only limit, and what takes its place for some facts.
    fn readings(&self) -> Vec<Counted> {
        let alternatives = self.terms.deadline.alt.iter().map(|other| self.instead(other));
        [self.own()].into_iter().chain(alternatives).filter_map(|limit| self.count(&limit)).collect()
    }

    fn own(&self) -> Limit {
        let deadline = &self.terms.deadline;
        Limit { unit: deadline.unit, value: deadline.value, clock: deadline.clock.clone() }
    }

    fn instead(&self, other: &Alternative) -> Limit {
        let own = self.own();
        Limit { unit: own.unit, value: other.value.or(own.value), clock: other.clock.clone().unwrap_or(own.clock) }
    }

    /// The latest of the readings that the facts leave open: those that hold, the strictest of them; where none is known to
    /// hold, the rule's own limit or any that may.
    fn latest_for_these_facts(&self, due: Due) -> Due {
        let of = |truth: Truth| -> Vec<Due> {
            let alternatives = self.terms.deadline.alt.iter().filter(|other| other.when.test(self.facts) == truth);
            alternatives.filter_map(|other| self.count(&self.instead(other))).map(|counted| counted.due).collect()
        };
        if let Some(strictest) = of(Truth::Met).into_iter().reduce(Due::earlier) {
            return due.with_latest_of(strictest);
        }
        let open = self.count(&self.own()).map(|counted| counted.due).into_iter().chain(of(Truth::Unknown));
        match open.reduce(Due::with_later_latest) {
            Some(latest) => due.with_latest_of(latest),
            None => due,
        }
    }

    /// One limit; `None` where its clock has not started, or it has no number.
    fn count(&self, limit: &Limit) -> Option<Counted> {
        let started = self.start(&limit.clock)?;
        let due = match limit.unit {
            Unit::SameTime | Unit::BeforeEvent => Due::at(&self.zones.start_of(started.start.early)?),
            Unit::Hours | Unit::CalendarDays | Unit::BusinessDays | Unit::Months | Unit::None => {
                let due = self.end(limit.unit, limit.value?, &started)?;
                let longest = self.longest(limit.value?);
                longest
                    .and_then(|longest| self.end(limit.unit, longest, &started))
                    .map_or(due, |longest| due.with_latest_of(longest))
            }
        };
        Some(Counted { unit: limit.unit, due, started })
    }

    fn end(&self, unit: Unit, value: i64, started: &Started) -> Option<Due> {
        let otherwise = if unit == Unit::Hours { Counting::ElapsedHours } else { Counting::EndOfDay };
        let counting = self.counting.unwrap_or(otherwise);
        calendar::end(
            started.start,
            Period { unit, value, counting, weekend_relief: self.has_weekend_relief() },
            &self.zones,
        )
    }

    /// The longest number that the rule allows: a guideline's upper end, or a small agent's multiple.
    fn longest(&self, value: i64) -> Option<i64> {
        if let Some(most) = self.terms.deadline.guideline_max {
            return Some(most);
        }
        let multiplier = self.terms.small_agent_multiplier?;
        let is_not = self.facts.known(SMALL_AGENT) == Some(&Value::Bool(false));
        if is_not { None } else { value.checked_mul(multiplier) }
    }

    /// Whether a weekend may move the latest end of a DORA report. Of the final report it does for every entity; of the others
    /// not for those that Art. 5(5) names, nor for essential and important entities (NIS2). An unknown entity may have it.
    fn has_weekend_relief(&self) -> bool {
        let is_excluded = self.facts.text(ENTITY).is_some_and(|entity| WITHOUT_WEEKEND_RELIEF.contains(&entity))
            || matches!(self.facts.text("entity.nis2_class"), Some("essential" | "important"));
        self.terms.report == Some("final_report") || !is_excluded
    }
}

fn three_quarters(start: Timestamp, due: Timestamp) -> Option<Timestamp> {
    let whole: SignedDuration = due.duration_since(start);
    if whole.is_negative() { Some(due) } else { start.checked_add(whole / 4 * 3).ok() }
}
