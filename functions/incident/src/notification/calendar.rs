//! How a period is counted. Every method gives the time we work to, which is never later than the law's.

pub(crate) use super::counting::Counting;
use super::vocabulary::Moment;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan, Zoned};

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// What we work to.
    pub(crate) conservative: Timestamp,
    /// The latest that the law allows, on the reading shown to legal reviewers only.
    pub(crate) statutory_latest: Timestamp,
}

impl Due {
    /// The earlier of two, each way of counting by itself.
    pub(crate) fn earlier(self, other: Self) -> Self {
        Self {
            conservative: self.conservative.min(other.conservative),
            statutory_latest: self.statutory_latest.min(other.statutory_latest),
        }
    }
}

/// Counts `hours` from `start`; `None` beyond the calendar that time is kept in.
pub(crate) fn hours(start: Moment, hours: i64, counting: Counting, zones: &[TimeZone]) -> Option<Due> {
    in_each_zone(zones, |zone| {
        let start = start_of(start, zone)?;
        let period = SignedDuration::from_hours(hours);
        let elapsed = start.checked_add(period).ok()?;
        if counting != Counting::WholeHours {
            return Some(Due { conservative: elapsed.timestamp(), statutory_latest: elapsed.timestamp() });
        }
        let by_the_wall = start.datetime().checked_add(period).ok()?.to_zoned(zone.clone()).ok()?;
        let conservative = elapsed.timestamp().min(by_the_wall.timestamp());
        let statutory_latest = next_whole_hour(&start)?.checked_add(period).ok()?.timestamp();
        Some(Due { conservative, statutory_latest: statutory_latest.max(conservative) })
    })
}

/// Counts `period` of days or months from `start` to the end of its last day.
pub(crate) fn days(start: Moment, period: Span, zones: &[TimeZone]) -> Option<Due> {
    in_each_zone(zones, |zone| {
        let last: Date = start_of(start, zone)?.date().checked_add(period).ok()?;
        let end = last.at(23, 59, 59, 0).to_zoned(zone.clone()).ok()?.timestamp();
        Some(Due { conservative: end, statutory_latest: end })
    })
}

/// A number of calendar days as a period.
pub(crate) fn calendar_days(value: i64) -> Option<Span> {
    i32::try_from(value).ok().map(|value| value.days())
}

/// A number of months as a period; the last day of a shorter month stands in for a day that it lacks.
pub(crate) fn months(value: i64) -> Option<Span> {
    i16::try_from(value).ok().map(|value| value.months())
}

/// The earliest over several zones: someone's day ends first.
fn in_each_zone(zones: &[TimeZone], count: impl Fn(&TimeZone) -> Option<Due>) -> Option<Due> {
    zones.iter().map(count).try_fold(None, |earliest: Option<Due>, due| {
        let due = due?;
        Some(Some(earliest.map_or(due, |other| other.earlier(due))))
    })?
}

fn start_of(start: Moment, zone: &TimeZone) -> Option<Zoned> {
    match start {
        Moment::Instant(instant) => Some(instant.to_zoned(zone.clone())),
        Moment::Day(day) => day.to_zoned(zone.clone()).ok(),
    }
}

/// The end of the hour of an event; an event on the stroke of the hour is its own, which is the earlier reading.
fn next_whole_hour(event: &Zoned) -> Option<Zoned> {
    let rounding = jiff::ZonedRound::new().smallest(jiff::Unit::Hour).mode(jiff::RoundMode::Ceil);
    event.round(rounding).ok()
}
