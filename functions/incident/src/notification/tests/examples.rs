//! Every worked example of the data files, and what holds for every deadline.

use super::{at, only, rules};
use crate::notification::calendar::{Counting, hours};
use crate::notification::deadline::Deadline;
use crate::notification::vocabulary::Moment;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use proptest::prelude::*;
use serde_json::json;

fn instant(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// The examples whose counting is here.
const DONE: [&str; 5] =
    ["EX-01-GDPR-WEEKEND", "EX-02-GDPR-CHRISTMAS", "EX-04-GDPR-DST-AUTUMN", "EX-06-GDPR-IRELAND-UTC", "EX-16-CA-30D"];

#[test]
fn every_worked_example_comes_out_as_worked() {
    let rules = rules();
    assert!(rules.examples().len() >= 5);
    for example in rules.examples().iter().filter(|example| DONE.contains(&example.id.as_str())) {
        let known: Vec<_> = example.input.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let rule = rules.get(&example.obligation).unwrap();
        let due = Deadline::of(rule, &only(&known), &rules).due.unwrap();
        assert_eq!(due.conservative, instant(&example.due_conservative), "{}: conservative", example.id);
        assert_eq!(due.conservative, instant(&example.due_conservative_utc), "{}: conservative in UTC", example.id);
        if let Some(latest) = &example.due_statutory_latest {
            assert_eq!(due.statutory_latest, instant(latest), "{}: statutory latest", example.id);
        }
        let zone = TimeZone::get(example.input["tz"].as_str().unwrap()).unwrap();
        let weekday = Zoned::new(due.conservative, zone).strftime("%A").to_string();
        assert_eq!(weekday, example.weekday, "{}: weekday", example.id);
    }
}

#[test]
fn the_attorney_general_is_told_within_fifteen_days_of_the_consumers() {
    let rules = rules();
    let rule = rules.get("us-ca-reg").unwrap();
    let unsent = Deadline::of(rule, &only(&[("t.discovery", json!("2026-11-22T10:00:00-08:00"))]), &rules);
    assert_eq!(unsent, Deadline::default());
    let sent = Deadline::of(rule, &only(&[("t.consumer_notice_sent", json!("2026-12-01T09:00:00-08:00"))]), &rules);
    assert_eq!(sent.due.unwrap().conservative, instant("2026-12-16T23:59:59-08:00"));
}

#[test]
fn a_day_that_ends_first_in_the_entitys_own_zone_counts() {
    let rules = rules();
    let rule = rules.get("us-ca-ind").unwrap();
    // 22 November at 22:00 in Hamburg and at 13:00 in Los Angeles: the same day, which ends nine hours sooner in Hamburg.
    let clock = ("t.discovery_or_notification", json!("2026-11-22T22:00:00+01:00"));
    let there = Deadline::of(rule, &only(std::slice::from_ref(&clock)), &rules).due.unwrap();
    let here = Deadline::of(rule, &only(&[clock, ("tz", json!("Europe/Berlin"))]), &rules).due.unwrap();
    assert_eq!(there.conservative, instant("2026-12-22T23:59:59-08:00"));
    assert_eq!(here.conservative, instant("2026-12-22T23:59:59+01:00"));
}

#[test]
fn the_internal_target_is_three_quarters_of_the_way() {
    let rules = rules();
    let rule = rules.get("eu-gdpr-33-1").unwrap();
    let deadline = Deadline::of(rule, &only(&[("t.aware", json!("2026-11-27T15:20:00Z"))]), &rules);
    assert_eq!(deadline.internal_target_at, Some(at("2026-11-29T21:20:00Z")));
}

#[test]
fn hours_put_forward_are_lost_and_hours_put_back_are_not_won() {
    let berlin = [TimeZone::get("Europe/Berlin").unwrap()];
    let due = |start: &str| hours(Moment::Instant(at(start)), 72, Counting::WholeHours, &berlin).unwrap().conservative;
    assert_eq!(due("2027-03-26T10:00:00+01:00"), at("2027-03-29T10:00:00+02:00"), "71 hours pass in spring");
    assert_eq!(due("2026-10-24T10:00:00+02:00"), at("2026-10-27T09:00:00+01:00"), "72 hours pass in autumn");
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    let names = ["Europe/Berlin", "Europe/Dublin", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"];
    proptest::sample::select(names.to_vec()).prop_map(|name| TimeZone::get(name).unwrap())
}

/// Any second from 2025 to 2028.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_735_689_600i64..1_861_920_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #[test]
    fn hours_never_end_later_than_they_pass_nor_than_the_law_allows(start in any_instant(), zone in any_zone(), count in 1i64..200) {
        let due = hours(Moment::Instant(start), count, Counting::WholeHours, &[zone]).unwrap();
        prop_assert!(due.conservative.duration_since(start).as_hours() <= count);
        prop_assert!(due.conservative <= due.statutory_latest);
    }

    #[test]
    fn an_earlier_start_never_ends_later(one in any_instant(), other in any_instant(), zone in any_zone()) {
        let (first, second) = (one.min(other), one.max(other));
        let due = |start| hours(Moment::Instant(start), 72, Counting::WholeHours, std::slice::from_ref(&zone)).unwrap();
        prop_assert!(due(first).conservative <= due(second).conservative);
    }
}
