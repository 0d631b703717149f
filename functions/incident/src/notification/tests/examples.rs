//! Every worked example of the data files, and the readings that the examples do not show.

use super::{at, rules};
use crate::notification::Facts;
use crate::notification::deadline::Deadline;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

/// Facts of which only these are known. The examples lie years ahead.
fn known(values: &[(&str, Value)]) -> Facts {
    if values.is_empty() {
        return Facts::unknown();
    }
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Facts::unknown().amend(values, "counsel", "an example", at("2100-01-01T00:00:00Z")).unwrap()
}

fn instant(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// The times to work to and the latest of the rule or stage of that name.
fn times(name: &str, values: &[(&str, Value)]) -> (Option<String>, Option<String>) {
    let times = rules().times(name, &known(values)).unwrap();
    (times.due, times.due_statutory_latest)
}

#[track_caller]
fn assert_times(name: &str, values: &[(&str, Value)], due: &str, latest: &str) {
    assert_eq!(times(name, values), (Some(due.to_owned()), Some(latest.to_owned())), "{name}");
}

#[test]
fn every_worked_example_comes_out_as_worked() {
    let rules = rules();
    assert_eq!(rules.examples().len(), 18);
    for example in rules.examples() {
        let values: Vec<_> = example.input.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let times = rules.times(&example.obligation, &known(&values)).unwrap();
        assert_eq!(times.obligation, example.obligation);
        assert_eq!(times.due.as_ref(), Some(&example.due_conservative), "{}: conservative", example.id);
        let due = instant(&example.due_conservative);
        assert_eq!(due, instant(&example.due_conservative_utc), "{}: conservative in UTC", example.id);
        if let Some(latest) = &example.due_statutory_latest {
            assert_eq!(times.due_statutory_latest.as_ref(), Some(latest), "{}: statutory latest", example.id);
        }
        let zone = TimeZone::get(example.input["tz"].as_str().unwrap()).unwrap();
        assert_eq!(Zoned::new(due, zone).strftime("%A").to_string(), example.weekday, "{}: weekday", example.id);
        assert!(example.input.contains_key(&format!("t.{}", times.clock)), "{}: clock {}", example.id, times.clock);
    }
}

#[test]
fn the_attorney_general_is_told_within_fifteen_days_of_the_consumers() {
    let discovery = ("t.discovery", json!("2026-11-22T10:00:00-08:00"));
    let rules = rules();
    let unsent = rules.times("us-ca-reg", &known(&[discovery])).unwrap();
    assert_eq!((unsent.due, unsent.clock.as_str()), (None, "consumer_notice_sent"));
    assert!(unsent.rule.contains("no clock of it has started"), "{}", unsent.rule);
    let sent = [("t.consumer_notice_sent", json!("2026-12-01T09:00:00-08:00"))];
    assert_times("us-ca-reg", &sent, "2026-12-16T23:59:59-08:00", "2026-12-16T23:59:59-08:00");
}

#[test]
fn a_day_that_ends_first_in_the_entitys_own_zone_counts() {
    // 22 November at 22:00 in Hamburg and at 13:00 in Los Angeles: the same day, which ends nine hours sooner in Hamburg.
    let clock = ("t.discovery_or_notification", json!("2026-11-22T22:00:00+01:00"));
    let hamburg = ("tz", json!("Europe/Berlin"));
    assert_eq!(times("us-ca-ind", std::slice::from_ref(&clock)).0.unwrap(), "2026-12-22T23:59:59-08:00");
    assert_eq!(times("us-ca-ind", &[clock, hamburg]).0.unwrap(), "2026-12-22T23:59:59+01:00");
}

#[test]
fn the_internal_target_is_three_quarters_of_the_way() {
    let rules = rules();
    let rule = rules.get("eu-gdpr-33-1").unwrap();
    let deadline = Deadline::of(rule, &known(&[("t.aware", json!("2026-11-27T15:20:00Z"))]), &rules);
    assert_eq!(deadline.internal_target_at, Some(at("2026-11-29T21:20:00Z")));
}

#[test]
fn hours_put_forward_are_lost_and_hours_put_back_are_not_won() {
    let berlin = ("tz", json!("Europe/Berlin"));
    let due = |start: &str| instant(&times("EU-GDPR-33-1", &[("t.aware", json!(start)), berlin.clone()]).0.unwrap());
    assert_eq!(due("2027-03-26T10:00:00+01:00"), at("2027-03-29T10:00:00+02:00"), "71 hours pass in spring");
    assert_eq!(due("2026-10-24T10:00:00+02:00"), at("2026-10-27T09:00:00+01:00"), "72 hours pass in autumn");
    // 02:30 is jumped over: the first moment after it counts, so that a later start cannot end earlier.
    assert_eq!(due("2027-03-25T02:30:00+01:00"), at("2027-03-28T03:00:00+02:00"));
    assert_eq!(due("2027-03-25T03:01:00+01:00"), at("2027-03-28T03:01:00+02:00"));
}

#[test]
fn the_latest_of_a_union_period_ends_on_a_working_day() {
    let rome = ("tz", json!("Europe/Rome"));
    let serious = |day: &str| [("t.aware_serious_incident", json!(day)), rome.clone()];
    // 15 days to Saturday 25 December 2027, whose next working day is Monday.
    assert_times("EU-AIA-73-2", &serious("2027-12-10"), "2027-12-25T23:59:59+01:00", "2027-12-27T23:59:59+01:00");
    // Two days from a Friday end on Sunday. Art. 3(5) asks for two working days: Monday and Tuesday.
    assert_times("EU-AIA-73-3", &serious("2027-11-12"), "2027-11-14T23:59:59+01:00", "2027-11-16T23:59:59+01:00");
    // Two days from a Thursday hold Friday, and end on Saturday 1 January, a holiday too.
    assert_times("EU-AIA-73-3", &serious("2027-12-30"), "2028-01-01T23:59:59+01:00", "2028-01-03T23:59:59+01:00");
}

#[test]
fn a_month_ends_on_the_last_day_where_it_lacks_the_date() {
    let submitted =
        |id: &str, at: &str| [(format!("t.submitted.{id}"), json!(at)), ("tz".to_owned(), json!("Europe/Berlin"))];
    let of = |name: &str, values: &[(String, Value)]| {
        let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        times(name, &values)
    };
    let due = of("EU-NIS2-23-4D", &submitted("EU-NIS2-23-4B", "2027-01-31T08:00:00+01:00"));
    // 28 February 2027 is a Sunday.
    assert_eq!(due, (Some("2027-02-28T23:59:59+01:00".to_owned()), Some("2027-03-01T23:59:59+01:00".to_owned())));
    let german = of("DE-BSIG-32.final", &submitted("DE-BSIG-32.notification", "2026-12-01T08:00:00+01:00"));
    assert_eq!(german, (Some("2027-01-01T23:59:59+01:00".to_owned()), Some("2027-01-04T23:59:59+01:00".to_owned())));
}

#[test]
fn stages_have_limits_of_their_own() {
    let significant =
        [("t.aware_significant_incident", json!("2026-12-30T23:10:00+01:00")), ("tz", json!("Europe/Berlin"))];
    assert_eq!(times("DE-BSIG-32", &significant).0.unwrap(), "2026-12-31T23:10:00+01:00");
    assert_eq!(times("DE-BSIG-32.notification", &significant).0.unwrap(), "2027-01-02T23:10:00+01:00");
    assert_eq!(times("DE-BSIG-32.final", &significant), (None, None));
    let paid = [("t.ransom_payment", json!("2026-12-01T09:00:00-05:00")), ("tz", json!("America/New_York"))];
    assert_eq!(times("us-ny-dfs-500.17c", &paid).0.unwrap(), "2026-12-02T09:00:00-05:00");
    assert_eq!(times("us-ny-dfs-500.17c.written_explanation", &paid).0.unwrap(), "2026-12-31T23:59:59-05:00");
    assert!(rules().times("DE-BSIG-32.unheard_of", &Facts::unknown()).is_none());
}

#[test]
fn a_business_day_is_no_weekend_and_no_holiday() {
    let material = |at: &str| [("t.materiality_determination", json!(at)), ("tz", json!("America/New_York"))];
    // Friday 3 July 2026 is kept for Independence Day: from Thursday, days 6, 7, 8 and 9 July.
    assert_eq!(times("US-SEC-8K-105", &material("2026-07-02T15:00:00-04:00")).0.unwrap(), "2026-07-09T17:30:00-04:00");
    // On a Saturday the period runs from Monday, and includes it.
    assert_eq!(times("US-SEC-8K-105", &material("2026-11-14T15:00:00-05:00")).0.unwrap(), "2026-11-19T17:30:00-05:00");
    // Midnight has passed in New York, not where the determination was made.
    let west =
        [("t.materiality_determination", json!("2026-11-10T22:00:00-08:00")), ("tz", json!("America/Los_Angeles"))];
    assert_eq!(times("US-SEC-8K-105", &west).0.unwrap(), "2026-11-17T17:30:00-05:00");
    // 14 business days in Vermont hold Columbus Day for the earliest, not for the latest.
    let vermont = [("t.discovery", json!("2026-10-01")), ("tz", json!("America/New_York"))];
    assert_times("US-VT-REG", &vermont, "2026-10-21T23:59:59-04:00", "2026-10-22T23:59:59-04:00");
    let sent = [vermont[0].clone(), vermont[1].clone(), ("t.consumer_notice_sent", json!("2026-10-05T12:00:00-04:00"))];
    assert_times("US-VT-REG", &sent, "2026-10-05T12:00:00-04:00", "2026-10-05T12:00:00-04:00");
    let request = [("t.request_received", json!("2026-11-23")), ("tz", json!("America/Los_Angeles"))];
    assert_eq!(times("US-CCPA-REQ.acknowledgement", &request).0.unwrap(), "2026-12-08T23:59:59-08:00");
    assert_eq!(times("US-CCPA-REQ.extension", &request).0.unwrap(), "2027-02-21T23:59:59-08:00");
}

#[test]
fn federal_agencies_keep_all_eleven_holidays() {
    // Seven business days over Columbus Day 2026; New York's day ends first.
    let determined = [("t.reasonable_determination", json!("2026-10-06")), ("tz", json!("America/Los_Angeles"))];
    let due = "2026-10-16T23:59:59-04:00";
    assert_times("US-FCC-CPNI", &determined, due, due);
}

#[test]
fn the_calendars_of_australia_korea_and_india_are_their_own() {
    let sydney = ("tz", json!("Australia/Sydney"));
    // 30 days to Saturday 26 December 2026; the latest is Monday.
    let suspected = [("t.suspicion", json!("2026-11-26")), sydney];
    assert_times("AU-NDB-ASSESS", &suspected, "2026-12-26T23:59:59+11:00", "2026-12-28T23:59:59+11:00");
    let aware = [("t.aware", json!("2026-11-27T16:20:00+09:00")), ("tz", json!("Asia/Seoul"))];
    let due = "2026-11-30T16:20:00+09:00";
    assert_times("KR-PIPA-34-IND", &aware, due, due);
}

#[test]
fn brazil_counts_the_days_that_federal_law_leaves() {
    let aware = |day: &str| vec![("t.aware_personal_data_affected", json!(day)), ("tz", json!("America/Sao_Paulo"))];
    // 20 November 2026, a Friday, is a national holiday; a small agent has twice the time.
    let mut facts = aware("2026-11-18");
    facts.push(("entity.br_small_agent", json!(true)));
    assert_times("BR-LGPD-48-ANPD", &facts, "2026-11-24T23:59:59-03:00", "2026-11-27T23:59:59-03:00");
    let mut facts = aware("2026-11-18");
    facts.push(("entity.br_small_agent", json!(false)));
    assert_times("BR-LGPD-48-ANPD", &facts, "2026-11-24T23:59:59-03:00", "2026-11-24T23:59:59-03:00");
    // The declaration runs from the end of the period for telling the people, which has not been recorded by anyone.
    let declared = times("BR-LGPD-48-ANPD.declaration_data_subjects_notified", &facts);
    assert_eq!(declared.0.unwrap(), "2026-11-27T23:59:59-03:00");
}

#[test]
fn japan_counts_the_day_of_awareness_to_be_safe() {
    let aware = [("t.aware", json!("2026-11-20T09:00:00+09:00")), ("tz", json!("Asia/Tokyo"))];
    assert_times("JP-APPI-26-PRELIM", &aware, "2026-11-22T23:59:59+09:00", "2026-11-25T23:59:59+09:00");
}

#[test]
fn facts_that_choose_a_limit_move_only_the_latest() {
    let aware = || vec![("t.aware", json!("2026-11-20")), ("tz", json!("Asia/Tokyo"))];
    let with = |malicious: bool| [aware(), vec![("incident.malicious", json!(malicious))]].concat();
    let (due, thirty, sixty) = ("2026-12-19T23:59:59+09:00", "2026-12-20T23:59:59+09:00", "2027-01-19T23:59:59+09:00");
    assert_times("JP-APPI-26-FINAL", &aware(), due, sixty);
    assert_times("JP-APPI-26-FINAL", &with(true), due, sixty);
    assert_times("JP-APPI-26-FINAL", &with(false), due, thirty);

    let found = ("t.discovery_or_awareness", json!("2026-11-20T09:00:00+08:00"));
    let zone = ("tz", json!("Asia/Shanghai"));
    let operator = |is: bool| ("entity.cn_cii_operator", json!(is));
    let organ = |is: bool| ("entity.cn_central_state_organ", json!(is));
    let due = "2026-11-20T10:00:00+08:00";
    assert_times("CN-CAC-INCIDENT", &[found.clone(), zone.clone()], due, "2026-11-20T13:00:00+08:00");
    assert_times(
        "CN-CAC-INCIDENT",
        &[found.clone(), zone.clone(), operator(false), organ(true)],
        due,
        "2026-11-20T11:00:00+08:00",
    );
    assert_times("CN-CAC-INCIDENT", &[found, zone, operator(true), organ(true)], due, due);
}

#[test]
fn a_clock_chosen_by_a_fact_counts_as_soon_as_it_is_recorded() {
    let aware = ("t.aware", json!("2026-11-20T09:00:00+01:00"));
    let occurred = ("t.incident_occurrence", json!("2026-11-20T01:00:00+01:00"));
    let zone = ("tz", json!("Europe/Paris"));
    let qualified = |is: bool| ("entity.tsp_qualified", json!(is));
    let (from_aware, from_occurrence) = ("2026-11-21T09:00:00+01:00", "2026-11-21T01:00:00+01:00");
    assert_times("EU-EIDAS-19A", &[aware.clone(), zone.clone()], from_aware, from_aware);
    let both = [aware, occurred, zone];
    assert_times("EU-EIDAS-19A", &[&both[..], &[qualified(true)]].concat(), from_occurrence, from_occurrence);
    assert_times("EU-EIDAS-19A", &[&both[..], &[qualified(false)]].concat(), from_occurrence, from_aware);
}

#[test]
fn awareness_stands_in_for_a_determination_and_is_named() {
    let zone = ("tz", json!("America/Chicago"));
    let discovery = ("t.discovery", json!("2026-11-22"));
    let rules = rules();
    let open = rules.times("US-TX-IND", &known(&[zone.clone(), discovery.clone()])).unwrap();
    assert_eq!((open.due.as_deref(), open.clock.as_str()), (Some("2027-01-21T23:59:59-06:00"), "discovery"));
    assert!(open.rule.contains("`determination` is not recorded"), "{}", open.rule);
    let earlier = ("t.aware", json!("2026-11-21"));
    assert_eq!(times("US-TX-IND", &[zone.clone(), discovery.clone(), earlier]).0.unwrap(), "2027-01-20T23:59:59-06:00");
    let determined = rules
        .times("US-TX-IND", &known(&[zone.clone(), discovery.clone(), ("t.determination", json!("2026-12-01"))]))
        .unwrap();
    assert_eq!(
        (determined.due.as_deref(), determined.clock.as_str()),
        (Some("2027-01-30T23:59:59-06:00"), "determination")
    );
    // Awareness is no discovery, and discovery no notification by a vendor.
    assert_eq!(times("US-CA-IND", &[zone, discovery]), (None, None));
}

#[test]
fn a_late_classification_cancels_the_limit_from_awareness() {
    let aware = ("t.aware_ict_incident", json!("2026-11-24T09:00:00+01:00"));
    let zone = ("tz", json!("Europe/Madrid"));
    let classified = |at: &str| {
        times("EU-DORA-19-INIT", &[aware.clone(), zone.clone(), ("t.classified_major", json!(at))]).0.unwrap()
    };
    assert_eq!(times("EU-DORA-19-INIT", &[aware.clone(), zone.clone()]).0.unwrap(), "2026-11-25T09:00:00+01:00");
    assert_eq!(classified("2026-11-24T10:00:00+01:00"), "2026-11-24T14:00:00+01:00");
    assert_eq!(classified("2026-11-25T08:00:00+01:00"), "2026-11-25T09:00:00+01:00");
    assert_eq!(classified("2026-11-25T15:00:00+01:00"), "2026-11-25T19:00:00+01:00");
}

#[test]
fn the_relief_of_weekends_is_the_final_reports_for_every_entity() {
    let bank = ("entity", json!("credit_institution"));
    let zone = ("tz", json!("Europe/Madrid"));
    // One month to Saturday 28 November 2026, and 72 hours to Sunday 29.
    let updated = ("t.submitted_latest.EU-DORA-19-INT", json!("2026-10-28T09:00:00+01:00"));
    assert_times(
        "EU-DORA-19-FIN",
        &[updated, bank.clone(), zone.clone()],
        "2026-11-28T23:59:59+01:00",
        "2026-11-30T12:00:00+01:00",
    );
    let initial = ("t.submitted.EU-DORA-19-INIT", json!("2026-11-26T09:00:00+01:00"));
    let (due, noon) = ("2026-11-29T09:00:00+01:00", "2026-11-30T12:00:00+01:00");
    assert_times("EU-DORA-19-INT", &[initial.clone(), bank, zone.clone()], due, due);
    assert_times("EU-DORA-19-INT", &[initial.clone(), zone.clone()], due, noon);
    assert_times("EU-DORA-19-INT", &[initial, zone, ("entity.nis2_class", json!("essential"))], due, due);
}

#[test]
fn a_year_of_small_breaches_is_reported_by_the_end_of_february() {
    let discovered = [("t.discovery_hipaa", json!("2027-03-05")), ("tz", json!("America/New_York"))];
    assert_eq!(times("US-HIPAA-408-LT500", &discovered).0.unwrap(), "2028-02-29T23:59:59-05:00");
}

#[test]
fn without_a_zone_the_day_that_ends_first_on_earth_counts() {
    let aware = ("t.corrective_measure_available", json!("2026-11-25T13:00:00+02:00"));
    let rules = rules();
    let nowhere = rules.times("EU-CRA-14-2C", &known(std::slice::from_ref(&aware))).unwrap();
    assert!(nowhere.rule.contains("`tz` is not known"), "{}", nowhere.rule);
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Helsinki", "Asia/Kathmandu", "America/New_York"] {
        let there = times("EU-CRA-14-2C", &[aware.clone(), ("tz", json!(zone))]).0.unwrap();
        assert!(instant(nowhere.due.as_ref().unwrap()) <= instant(&there), "{zone}: {there}");
    }
}

#[test]
fn what_has_no_limit_says_so() {
    let none = rules().times("EU-GDPR-33-2", &known(&[("t.aware", json!("2026-11-20T09:00:00Z"))])).unwrap();
    assert_eq!((none.due, none.due_statutory_latest), (None, None));
    assert!(none.rule.contains("the law sets no limit in time"), "{}", none.rule);
}
