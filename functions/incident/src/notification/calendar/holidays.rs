//! The days on which nobody works, as far as a rule of law counts on them. They come from the statutes' own definitions.
//!
//! Fewer holidays end a period of business days earlier, and move the end of another less far. So a holiday is counted here
//! only where it is sure, and only in the years that were compared with published lists: never one too many.

use jiff::civil::{Date, Weekday};
use std::ops::RangeInclusive;

/// The years for which the holidays were compared with published lists (`tests/holidays.txt`). Later ones have none.
pub(crate) const CHECKED_YEARS: RangeInclusive<i16> = 2024..=2032;

/// Whose holidays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holidays {
    /// Nobody's.
    None,
    /// Those that every Member State of the Union keeps.
    Union,
    /// Those of all sixteen Länder.
    Germany,
    /// Those of every state and territory, on the day itself.
    Australia,
    /// 5 U.S.C. 6103, with the days on which they are kept: Friday for a Saturday, Monday for a Sunday.
    UsFederal,
    /// Of those the nine that states keep too, and only where they fall on a working day themselves.
    UsStates,
    /// Lei 662/1949 (as amended by Lei 10.607/2002), Lei 6.802/1980, Lei 14.759/2023.
    BrazilByStatute,
    /// The same and Good Friday, which Lei 9.093/1995 leaves to the municipalities, and all of them keep.
    Brazil,
}

/// Whether people work on this day.
pub(crate) fn is_working_day(day: Date, holidays: Holidays) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day, holidays)
}

/// The day itself where people work on it, else the next on which they do.
pub(crate) fn next_working_day(day: Date, holidays: Holidays) -> Option<Date> {
    let mut day = day;
    while !is_working_day(day, holidays) {
        day = day.tomorrow().ok()?;
    }
    Some(day)
}

fn is_holiday(day: Date, holidays: Holidays) -> bool {
    if !CHECKED_YEARS.contains(&day.year()) {
        return false;
    }
    let date = (day.month(), day.day());
    match holidays {
        Holidays::None => false,
        Holidays::Union => matches!(date, (1, 1) | (12, 25)),
        Holidays::Germany => {
            matches!(date, (1, 1) | (5, 1) | (10, 3) | (12, 25) | (12, 26))
                || matches!(after_easter(day), Some(-2 | 1 | 39 | 50))
        }
        Holidays::Australia => {
            matches!(date, (1, 1) | (1, 26) | (4, 25) | (12, 25)) || matches!(after_easter(day), Some(-2 | 1))
        }
        Holidays::UsFederal => is_kept_by_the_federation(day) || columbus(day),
        Holidays::UsStates => fixed(date) || on_a_monday(day) || thanksgiving(day),
        Holidays::BrazilByStatute => brazil(day),
        Holidays::Brazil => brazil(day) || after_easter(day) == Some(-2),
    }
}

/// New Year's Day, Juneteenth, Independence Day, Christmas Day.
fn fixed(date: (i8, i8)) -> bool {
    matches!(date, (1, 1) | (6, 19) | (7, 4) | (12, 25))
}

/// Martin Luther King's and Washington's birthdays, Memorial Day, Labor Day.
fn on_a_monday(day: Date) -> bool {
    day.weekday() == Weekday::Monday && matches!((day.month(), day.day()), (1 | 2, 15..=21) | (5, 25..=31) | (9, 1..=7))
}

fn columbus(day: Date) -> bool {
    day.weekday() == Weekday::Monday && matches!((day.month(), day.day()), (10, 8..=14))
}

fn thanksgiving(day: Date) -> bool {
    day.weekday() == Weekday::Thursday && matches!((day.month(), day.day()), (11, 22..=28))
}

fn is_kept_by_the_federation(day: Date) -> bool {
    let on = |day: Date| fixed((day.month(), day.day())) || (day.month(), day.day()) == (11, 11);
    let kept_for = match day.weekday() {
        Weekday::Friday => day.tomorrow().ok(),
        Weekday::Monday => day.yesterday().ok(),
        Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Saturday | Weekday::Sunday => None,
    };
    on(day) || kept_for.is_some_and(on) || on_a_monday(day) || thanksgiving(day)
}

fn brazil(day: Date) -> bool {
    matches!(
        (day.month(), day.day()),
        (1, 1) | (4, 21) | (5, 1) | (9, 7) | (10, 12) | (11, 2) | (11, 15) | (11, 20) | (12, 25)
    )
}

/// How many days after Easter Sunday.
fn after_easter(day: Date) -> Option<i32> {
    Some(day.since(easter(day.year())?).ok()?.get_days())
}

/// Easter Sunday by the Gregorian calendar: the method of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let golden = year % 19;
    let (century, in_century) = (year / 100, year % 100);
    let moon_correction = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - moon_correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * shift + 114;
    Date::new(i16::try_from(year).ok()?, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}
