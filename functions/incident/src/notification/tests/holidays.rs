//! The holidays, against the lists that governments publish.

use crate::notification::calendar::holidays::{CHECKED_YEARS, Holidays, is_working_day};
use jiff::civil::{Date, Weekday, date};
use std::collections::BTreeSet;

fn published(whose: &str) -> BTreeSet<Date> {
    let lines = include_str!("holidays.txt").lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(name, _)| *name == whose).map(|(_, day)| day.parse().unwrap()).collect()
}

/// Every Monday to Friday of the years from 2020 to 2040 on which nobody works.
fn counted(holidays: Holidays) -> BTreeSet<Date> {
    let days = date(2020, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() <= 2040);
    let weekdays = days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday));
    weekdays.filter(|day| !is_working_day(*day, holidays)).collect()
}

#[test]
fn holidays_are_those_that_were_published_and_hold_until_2032() {
    assert_eq!(CHECKED_YEARS, 2024..=2032);
    for (whose, holidays) in
        [("us", Holidays::UsFederal), ("br", Holidays::Brazil), ("de", Holidays::Germany), ("eu", Holidays::Union)]
    {
        assert_eq!(counted(holidays), published(whose), "{whose}");
    }
}

#[test]
fn a_year_that_nobody_compared_has_no_holidays_and_so_ends_earlier() {
    for holidays in [Holidays::UsFederal, Holidays::Brazil, Holidays::Germany, Holidays::Union, Holidays::Australia] {
        assert!(is_working_day(date(2036, 12, 25), holidays), "{holidays:?}: Christmas Day 2036, a Thursday");
    }
}

#[test]
fn what_is_kept_in_part_of_a_country_is_no_holiday() {
    assert!(counted(Holidays::Australia).is_subset(&published("au")));
    assert!(counted(Holidays::UsStates).is_subset(&published("us")));
    assert!(counted(Holidays::BrazilByStatute).is_subset(&published("br")));
    // Columbus and Veterans Day are not kept everywhere; a Saturday's holiday is not kept on Friday everywhere.
    for day in [date(2026, 10, 12), date(2026, 11, 11), date(2026, 7, 3)] {
        assert!(is_working_day(day, Holidays::UsStates) && !is_working_day(day, Holidays::UsFederal), "{day}");
    }
}
