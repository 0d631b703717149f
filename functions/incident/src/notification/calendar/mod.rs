//! How a period is counted. Every method gives the time we work to, which is never later than the law's, and the law's latest.

mod business;
mod days;
pub(crate) mod holidays;
mod hours;

use super::counting::Counting;
use super::deadline_rule::Unit;
use super::vocabulary::Moment;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// What we work to.
    pub(crate) conservative: Timestamp,
    /// The latest that the law allows, on the reading shown to legal reviewers only.
    pub(crate) statutory_latest: Timestamp,
    /// The offset of the zone in which the first ends.
    pub(crate) conservative_offset: Offset,
    /// The offset of the zone in which the second ends.
    pub(crate) latest_offset: Offset,
}

impl Due {
    /// An end in one zone. The latest is never before what we work to.
    fn new(conservative: &Zoned, latest: &Zoned) -> Self {
        let latest = if latest.timestamp() < conservative.timestamp() { conservative } else { latest };
        Self {
            conservative: conservative.timestamp(),
            statutory_latest: latest.timestamp(),
            conservative_offset: conservative.offset(),
            latest_offset: latest.offset(),
        }
    }

    /// An end that is an event.
    pub(crate) fn at(event: &Zoned) -> Self {
        Self::new(event, event)
    }

    /// The earlier of two, each way of counting by itself.
    pub(crate) fn earlier(self, other: Self) -> Self {
        let first = if other.conservative < self.conservative { other } else { self };
        first.with_latest_of(if other.statutory_latest < self.statutory_latest { other } else { self })
    }

    /// The later of two latest readings; what we work to stays.
    pub(crate) fn with_later_latest(self, other: Self) -> Self {
        if other.statutory_latest > self.statutory_latest { self.with_latest_of(other) } else { self }
    }

    /// The latest reading of the other, but never before what we work to.
    pub(crate) fn with_latest_of(self, other: Self) -> Self {
        if other.statutory_latest < self.conservative {
            return Self { statutory_latest: self.conservative, latest_offset: self.conservative_offset, ..self };
        }
        Self { statutory_latest: other.statutory_latest, latest_offset: other.latest_offset, ..self }
    }
}

/// When a period began: the earliest that can be meant, and the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) early: Moment,
    pub(crate) late: Moment,
}

impl Start {
    pub(crate) fn at(moment: Moment) -> Self {
        Self { early: moment, late: moment }
    }
}

/// How long, in which unit, counted how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) unit: Unit,
    pub(crate) value: i64,
    pub(crate) counting: Counting,
    /// Whether a weekend or holiday moves the latest end of a DORA report for this entity.
    pub(crate) weekend_relief: bool,
}

/// The zones in which the days of a period can end.
#[derive(Clone, Debug)]
pub(crate) struct Zones {
    list: Vec<TimeZone>,
    known: bool,
}

impl Zones {
    /// These zones; where there are none, any on Earth can be meant.
    pub(crate) fn new(list: Vec<TimeZone>) -> Self {
        if list.is_empty() {
            let hours = (-12..=14).map(|hour| TimeZone::fixed(Offset::constant(hour)));
            return Self { list: hours.collect(), known: false };
        }
        Self { list, known: true }
    }

    /// Whether an end in this unit had to be counted anywhere on Earth.
    pub(crate) fn are_missed_by(&self, unit: Unit, start: Start) -> bool {
        let is_the_same_everywhere = unit == Unit::Hours && matches!(start.early, Moment::Instant(_));
        !self.known && unit.is_counted() && !is_the_same_everywhere
    }

    /// The first moment of a day, or the instant itself.
    pub(crate) fn start_of(&self, moment: Moment) -> Option<Zoned> {
        let starts = self.list.iter().filter_map(|zone| start_of(moment, zone));
        starts.min_by_key(Zoned::timestamp)
    }

    /// The earliest day that a moment falls on.
    pub(crate) fn first_day(&self, moment: Moment) -> Option<Date> {
        self.list.iter().map(|zone| day_of(moment, zone)).min()
    }

    /// The earliest over several zones: someone's day ends first. Where none is known, no zone can end sooner.
    fn earliest(&self, count: impl Fn(&TimeZone) -> Option<Due>) -> Option<Due> {
        let dues: Option<Vec<Due>> = self.list.iter().map(count).collect();
        let due = dues?.into_iter().reduce(Due::earlier)?;
        if self.known {
            return Some(due);
        }
        // An hour for the zones between whole hours, and one for clocks that are put forward.
        let conservative = due.conservative.checked_sub(SignedDuration::from_hours(2)).ok()?;
        Some(Due { conservative, conservative_offset: Offset::UTC, latest_offset: Offset::UTC, ..due })
    }
}

/// The end of `period` from `start`; `None` for a unit that has no number, and beyond the calendar that time is kept in.
pub(crate) fn end(start: Start, period: Period, zones: &Zones) -> Option<Due> {
    match period.unit {
        // Hours pass everywhere alike, but a day does not begin everywhere at once.
        Unit::Hours if !zones.known && !zones.are_missed_by(period.unit, start) => {
            hours::end(start, period, &TimeZone::UTC)
        }
        Unit::Hours => zones.earliest(|zone| hours::end(start, period, zone)),
        Unit::CalendarDays | Unit::Months => zones.earliest(|zone| days::end(start, period, zone)),
        Unit::BusinessDays => zones.earliest(|zone| business::end(start, period, zone)),
        Unit::SameTime | Unit::BeforeEvent | Unit::None => None,
    }
}

fn start_of(moment: Moment, zone: &TimeZone) -> Option<Zoned> {
    match moment {
        Moment::Instant(instant) => Some(instant.to_zoned(zone.clone())),
        Moment::Day(day) => day.to_zoned(zone.clone()).ok(),
    }
}

/// The day of an event in a zone.
fn day_of(moment: Moment, zone: &TimeZone) -> Date {
    match moment {
        Moment::Instant(instant) => zone.to_datetime(instant).date(),
        Moment::Day(day) => day,
    }
}

/// The last second of a day.
fn end_of(day: Date, zone: &TimeZone) -> Option<Zoned> {
    day.at(23, 59, 59, 0).to_zoned(zone.clone()).ok()
}
