//! Periods in hours.

use super::{Due, Period, Start, days, start_of};
use crate::notification::counting::Counting;
use crate::notification::vocabulary::Moment;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ToSpan, Zoned};

/// The end of a period in hours. No weekend or holiday moves it (Reg. 1182/71 Art. 3(3), (4)), but for DORA's relief.
pub(super) fn end(start: Start, period: Period, zone: &TimeZone) -> Option<Due> {
    let hours = SignedDuration::try_from_hours(period.value)?;
    let first = start_of(start.early, zone)?;
    let elapsed = first.checked_add(hours).ok()?;
    let last = latest_start(start.late, zone)?;
    let by_the_wall = || wall(first.datetime().checked_add(hours).ok()?, zone);
    let conservative = match period.counting {
        Counting::WholeHours | Counting::DoraNoon => earlier(elapsed, by_the_wall()?),
        Counting::ElapsedHours
        | Counting::EndOfDay
        | Counting::UnionWorkingDay
        | Counting::GermanWorkingDay
        | Counting::AustralianWorkingDay
        | Counting::Inclusive
        | Counting::UsBusinessDays
        | Counting::FederalBusinessDays
        | Counting::SecBusinessDays
        | Counting::BrazilianBusinessDays => elapsed,
    };
    let from = if period.counting == Counting::WholeHours { next_whole_hour(&last)? } else { last };
    let latest = from.checked_add(hours).ok()?;
    let latest = match days::noon_of_next_working_day(&latest, period) {
        Some(noon) => noon,
        None => latest,
    };
    Some(Due::new(&conservative, &latest))
}

/// A day as the start of hours can mean its last moment.
fn latest_start(moment: Moment, zone: &TimeZone) -> Option<Zoned> {
    let start = start_of(moment, zone)?;
    match moment {
        Moment::Instant(_) => Some(start),
        Moment::Day(day) => day.checked_add(1.day()).ok()?.to_zoned(zone.clone()).ok(),
    }
}

fn earlier(one: Zoned, other: Zoned) -> Zoned {
    if other.timestamp() < one.timestamp() { other } else { one }
}

/// The instant at which clocks on the wall first show this time or, where they jump over it, a later one: so a later start
/// never ends earlier.
fn wall(time: DateTime, zone: &TimeZone) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            Some(ambiguous.compatible().ok()?.to_zoned(zone.clone()))
        }
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            let jump = zone.following(before).next()?.timestamp();
            Some(jump.to_zoned(zone.clone()))
        }
    }
}

/// The end of the hour of an event; an event on the stroke of the hour is its own, which is the earlier reading.
fn next_whole_hour(event: &Zoned) -> Option<Zoned> {
    let rounding = jiff::ZonedRound::new().smallest(jiff::Unit::Hour).mode(jiff::RoundMode::Ceil);
    event.round(rounding).ok()
}
