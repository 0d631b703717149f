//! Periods in business days.

use super::holidays::{Holidays, is_working_day};
use super::{Due, Period, Start, day_of, end_of};
use crate::notification::counting::Counting;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Where the EDGAR system keeps its time (Regulation S-T Rule 12).
const EDGAR: &str = "America/New_York";

/// The end of a period in business days. The day of the event is not counted. An event on a day that is none runs from the
/// next business day and includes it (Form 8-K, General Instruction B.1), which is what not counting the event's day gives.
pub(super) fn end(start: Start, period: Period, zone: &TimeZone) -> Option<Due> {
    let (earliest, latest) = holidays(period.counting);
    let first = nth(day_of(start.early, zone), period.value, earliest)?;
    let last = nth(day_of(start.late, zone), period.value, latest)?;
    if period.counting == Counting::SecBusinessDays {
        let edgar = TimeZone::get(EDGAR).ok()?;
        let closes = |day: Date| day.at(17, 30, 0, 0).to_zoned(edgar.clone()).ok();
        return Some(Due::new(&closes(first)?, &closes(last)?));
    }
    Some(Due::new(&end_of(first, zone)?, &end_of(last, zone)?))
}

/// The holidays that are left out: for what we work to, and for the latest.
fn holidays(counting: Counting) -> (Holidays, Holidays) {
    match counting {
        Counting::UsBusinessDays => (Holidays::UsStates, Holidays::UsFederal),
        Counting::FederalBusinessDays | Counting::SecBusinessDays => (Holidays::UsFederal, Holidays::UsFederal),
        Counting::BrazilianBusinessDays => (Holidays::BrazilByStatute, Holidays::Brazil),
        // No calendar names holidays here: Saturdays and Sundays only, which ends first.
        Counting::WholeHours
        | Counting::ElapsedHours
        | Counting::EndOfDay
        | Counting::UnionWorkingDay
        | Counting::GermanWorkingDay
        | Counting::AustralianWorkingDay
        | Counting::DoraNoon
        | Counting::Inclusive => (Holidays::None, Holidays::None),
    }
}

/// The `count`th working day after `event`.
fn nth(event: Date, count: i64, holidays: Holidays) -> Option<Date> {
    let mut day = event;
    let mut left = count;
    while left > 0 {
        day = day.tomorrow().ok()?;
        if is_working_day(day, holidays) {
            left -= 1;
        }
    }
    Some(day)
}
