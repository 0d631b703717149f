//! Periods in days and months, and what a weekend or a holiday does to their end.

use super::holidays::{Holidays, is_working_day, next_working_day};
use super::{Due, Period, Start, day_of, end_of};
use crate::notification::counting::Counting;
use crate::notification::deadline_rule::Unit;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

/// The end of a period in calendar days or months. The day of the event is not counted, but where `inclusive` says so.
pub(super) fn end(start: Start, period: Period, zone: &TimeZone) -> Option<Due> {
    let span = span(period)?;
    let unrolled = day_of(start.early, zone).checked_add(span).ok()?;
    let last = if period.counting == Counting::Inclusive { unrolled.yesterday().ok()? } else { unrolled };
    let begun = day_of(start.late, zone);
    let conservative = end_of(last, zone)?;
    let latest = end_of(begun.checked_add(span).ok()?, zone)?;
    let latest = match period.counting {
        Counting::UnionWorkingDay => end_of(union_working_day(begun, latest.date())?, zone)?,
        Counting::GermanWorkingDay => end_of(next_working_day(latest.date(), Holidays::Germany)?, zone)?,
        Counting::AustralianWorkingDay => end_of(next_working_day(latest.date(), Holidays::Australia)?, zone)?,
        Counting::DoraNoon => noon_of_next_working_day(&latest, period).unwrap_or(latest),
        Counting::WholeHours
        | Counting::ElapsedHours
        | Counting::EndOfDay
        | Counting::Inclusive
        | Counting::UsBusinessDays
        | Counting::FederalBusinessDays
        | Counting::SecBusinessDays
        | Counting::BrazilianBusinessDays => latest,
    };
    Some(Due::new(&conservative, &latest))
}

/// In months, the last day of a shorter month stands in for a day that it lacks (Reg. 1182/71 Art. 3(2)(c), BGB § 188(3)).
fn span(period: Period) -> Option<Span> {
    if period.unit == Unit::Months {
        return Span::new().try_months(i16::try_from(period.value).ok()?).ok();
    }
    Span::new().try_days(i32::try_from(period.value).ok()?).ok()
}

/// Reg. 1182/71 Art. 3(4): an end on a Saturday, Sunday or holiday moves to the next working day; Art. 3(5): two days or
/// more hold at least two working days. Whose holidays count is open, so only those of every Member State do.
fn union_working_day(begun: Date, last: Date) -> Option<Date> {
    let mut end = next_working_day(last, Holidays::Union)?;
    if last <= begun.tomorrow().ok()? {
        return Some(end);
    }
    let mut working = 0;
    let mut day = begun;
    while day < end && working < 2 {
        day = day.tomorrow().ok()?;
        working += u8::from(is_working_day(day, Holidays::Union));
    }
    while working < 2 {
        end = next_working_day(end.tomorrow().ok()?, Holidays::Union)?;
        working += 1;
    }
    Some(end)
}

/// RTS (EU) 2025/301 Art. 5(4): an end on a weekend or bank holiday moves to noon of the next working day. `None` where the
/// end stays: on a working day, and for the entities that Art. 5(5) leaves out.
pub(super) fn noon_of_next_working_day(end: &Zoned, period: Period) -> Option<Zoned> {
    let relieved = period.counting == Counting::DoraNoon && period.weekend_relief;
    if !relieved || is_working_day(end.date(), Holidays::Union) {
        return None;
    }
    let day = next_working_day(end.date(), Holidays::Union)?;
    day.at(12, 0, 0, 0).to_zoned(end.time_zone().clone()).ok()
}
