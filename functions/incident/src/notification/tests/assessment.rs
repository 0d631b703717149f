//! Which duties facts bring.

use super::{amended, at, derived, incident, obligation, only, organisation, rules};
use crate::notification::notices::Notices;
use crate::notification::rules::FILES;
use crate::notification::{Assessment, Facts, Rules};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(assessment: &Assessment) -> BTreeSet<String> {
    assessment.obligations.iter().map(|obligation| obligation.id.clone()).collect()
}

#[test]
fn the_shop_has_to_tell_all_three() {
    let organisation = organisation();
    let obligations = rules().assess(&derived()).obligations;
    let turned_on = obligations.iter().filter(|duty| duty.is_turned_on(&organisation));
    let told: Vec<&str> = turned_on.map(|duty| duty.id.as_str()).collect();
    assert_eq!(told, ["eu-gdpr-33-1", "us-ca-ind", "us-ca-reg"]);
    let established = obligations.iter().filter(|duty| duty.is_established() && !duty.is_turned_on(&organisation));
    let established: Vec<&str> = established.map(|duty| duty.id.as_str()).collect();
    assert_eq!(established, ["eu-gdpr-33-5"], "what else is brought waits for facts");
}

#[test]
fn an_obligation_says_why_by_when_and_on_what_ground() {
    let duty = obligation(&derived(), "eu-gdpr-33-1").unwrap();
    assert_eq!(duty.rule, "EU-GDPR-33-1");
    assert_eq!(duty.due_at, Some(at("2026-11-30T16:20:00+01:00")));
    assert_eq!(duty.due_statutory_latest, Some(at("2026-11-30T17:00:00+01:00")));
    assert_eq!(duty.notice.as_deref(), Some("gdpr-art33-authority"));
    assert_eq!((duty.confidence.as_str(), duty.verified.as_str()), ("high", "text"));
    assert_eq!(duty.unknown_facts, ["risk_level"]);
    assert!(duty.reasons.contains(&"`personal_data_breach` is true".to_owned()), "{:?}", duty.reasons);
    assert!(duty.reasons.iter().any(|reason| reason.starts_with("`risk_level` is unknown")), "{:?}", duty.reasons);
    assert_eq!(duty.reasons.iter().filter(|reason| reason.contains("risk_level")).count(), 1, "{:?}", duty.reasons);
}

#[test]
fn the_attorney_general_waits_for_the_consumers() {
    let duty = obligation(&derived(), "us-ca-reg").unwrap();
    assert_eq!(duty.after.as_deref(), Some("us-ca-ind"));
    assert_eq!(duty.due_at, None);
    assert_eq!(duty.internal_target_at, obligation(&derived(), "us-ca-ind").unwrap().internal_target_at);
    let sent = amended(&derived(), &[("t.consumer_notice_sent", json!("2026-12-01T17:00:00Z"))]);
    assert_eq!(obligation(&sent, "us-ca-reg").unwrap().due_at, Some(at("2026-12-16T23:59:59+01:00")));
}

#[test]
fn five_hundred_residents_are_not_more_than_five_hundred() {
    for (count, told) in [(500, false), (501, true)] {
        let facts = amended(&derived(), &[("affected.US-CA", json!(count))]);
        assert_eq!(obligation(&facts, "us-ca-reg").is_some(), told, "{count}");
    }
    let unknown = amended(&derived(), &[("affected.US-CA", Value::Null)]);
    let duty = obligation(&unknown, "us-ca-reg").unwrap();
    assert!(duty.reasons.contains(&"`affected.US-CA` is unknown, so it counts as above every threshold".to_owned()));
}

#[test]
fn nothing_known_triggers_everything() {
    let rules = rules();
    let assessment = rules.assess(&only(&[]));
    let without_force = rules.iter().filter(|rule| !rule.status.binds()).count();
    assert_eq!(assessment.obligations.len(), rules.iter().count() - without_force);
    assert!(assessment.obligations.iter().all(|duty| duty.due_at.is_none() && !duty.unknown_facts.is_empty()));
}

#[test]
fn what_ends_a_duty_is_named() {
    let facts =
        amended(&derived(), &[("risk_level", json!("unlikely")), ("data_encryption", json!("effective_key_safe"))]);
    let assessment = rules().assess(&facts);
    for ended in ["eu-gdpr-33-1", "us-ca-ind", "us-ca-reg"] {
        assert!(!ids(&assessment).contains(ended), "{ended}");
    }
    let california = assessment.not_triggered.iter().find(|refused| refused.rule == "us-ca-ind").unwrap();
    assert!(california.exempt);
    assert_eq!(california.because, "`data_encryption` is \"effective_key_safe\"");
    let europe = assessment.not_triggered.iter().find(|refused| refused.rule == "eu-gdpr-33-1").unwrap();
    assert!(europe.because.starts_with("`risk_level` is not one of"), "{}", europe.because);
}

#[test]
fn a_risk_recorded_as_unknown_is_unknown() {
    let facts = amended(&derived(), &[("risk_level", json!("unknown"))]);
    assert_eq!(obligation(&facts, "eu-gdpr-33-1").unwrap().unknown_facts, ["risk_level"]);
}

#[test]
fn a_rule_applies_from_its_first_day() {
    let before = rules().assess_on(&derived(), "2025-12-31".parse().unwrap());
    for rule in ["us-ca-ind", "us-ca-reg"] {
        let refused = before.not_triggered.iter().find(|refused| refused.rule == rule).unwrap();
        assert_eq!(refused.because, "the rule applies from 2026-01-01");
    }
    let on_the_day = ids(&rules().assess_on(&derived(), "2026-01-01".parse().unwrap()));
    assert!(on_the_day.contains("us-ca-ind") && on_the_day.contains("us-ca-reg"));
}

#[test]
fn a_law_enforcement_hold_is_shown_and_moves_no_due_time() {
    let held = amended(&derived(), &[("law_enforcement_hold", json!({"agency": "A", "written": true}))]);
    let duty = obligation(&held, "us-ca-ind").unwrap();
    assert_eq!(duty.due_at, obligation(&derived(), "us-ca-ind").unwrap().due_at);
    assert!(duty.reasons.iter().any(|reason| reason.contains("law-enforcement hold")));
}

#[test]
fn an_assessment_survives_its_record() {
    let assessment = rules().assess(&derived());
    let record = serde_json::to_string(&assessment).unwrap();
    assert_eq!(serde_json::from_str::<Assessment>(&record).unwrap(), assessment);
}

#[test]
fn the_settings_of_the_shop_fit_the_rules() {
    assert_eq!(rules().check_settings(&organisation()), []);
    let _ = incident();
}

#[test]
fn misspelt_settings_are_named() {
    let mut organisation = organisation();
    organisation.facts.insert("gdpr_aplies".to_owned(), json!(true));
    organisation.facts.insert("entity.role".to_owned(), json!("owner"));
    organisation.data_inventory[0].data_classes.push("pasport".to_owned());
    organisation.data_inventory[0].affected.insert("Germany".to_owned(), 1);
    let recipient = organisation.recipients["us-ca-ind"].clone();
    organisation.recipients.insert("us-ca-indd".to_owned(), recipient.clone());
    organisation.recipients.insert("US-CA-REG".to_owned(), recipient);
    organisation.recipients.get_mut("us-ca-ind").unwrap().language = "xx".to_owned();
    let named: Vec<String> = rules().check_settings(&organisation).into_iter().map(|error| error.setting).collect();
    let expected = [
        "facts.entity.role",
        "facts.gdpr_aplies",
        "data_inventory[0].data_classes",
        "data_inventory[0].affected.Germany",
        "recipients.US-CA-REG",
        "recipients.us-ca-ind.language",
        "recipients.us-ca-indd",
    ];
    assert_eq!(named, expected);
}

/// Any value of any fact that the rules weigh or that can move a due time; clocks are given.
fn any_fact() -> impl Strategy<Value = (&'static str, Value)> {
    let choice =
        |values: &[&str]| proptest::sample::select(values.iter().map(|value| json!(value)).collect::<Vec<_>>());
    let flag = || any::<bool>().prop_map(|value| json!(value));
    prop_oneof![
        flag().prop_map(|value| ("gdpr_applies", value)),
        flag().prop_map(|value| ("personal_data_breach", value)),
        flag().prop_map(|value| ("entity.eu_establishment", value)),
        flag().prop_map(|value| ("us_pi.US-CA", value)),
        flag().prop_map(|value| ("incident_ongoing", value)),
        (0u32..1200).prop_map(|count| ("affected.US-CA", json!(count))),
        choice(&["controller", "joint_controller", "processor", "owner_licensee", "maintainer"])
            .prop_map(|value| ("entity.role", value)),
        (0u32..3).prop_map(|count| ("affected.DE", json!(count))),
        (0u32..3).prop_map(|count| ("affected.AT", json!(count))),
        flag().prop_map(|value| ("entity.trust_service_provider", value)),
        flag().prop_map(|value| ("trust_service_impacted", value)),
        Just(("nis2_significant_incident", json!(true))),
        flag().prop_map(|value| ("data_compromised_maliciously", value)),
        flag().prop_map(|value| ("us_no_harm_documented.US-NY", value)),
        choice(&["essential", "important", "none"]).prop_map(|value| ("entity.nis2_class", value)),
        choice(&["annex_iii", "annex_i"]).prop_map(|value| ("ai.annex", value)),
        choice(&["marketplace", "cloud", "other"]).prop_map(|value| ("entity.nis2_type", value)),
        choice(&["unlikely", "risk", "high", "unknown"]).prop_map(|value| ("risk_level", value)),
        choice(&["none", "partial", "effective_key_safe", "key_compromised"])
            .prop_map(|value| ("data_encryption", value)),
        choice(&["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/Los_Angeles"])
            .prop_map(|value| ("tz", value)),
        Just(("law_enforcement_hold", json!({"agency": "A", "written": true}))),
    ]
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let clocks = (0i64..31_536_000).prop_map(|offset| {
        let time = jiff::Timestamp::from_second(1_767_312_000 + offset).unwrap().to_string();
        ["t.aware", "t.discovery_or_notification", "t.consumer_notice_sent"].map(|clock| (clock, json!(time)))
    });
    (clocks, proptest::collection::vec(any_fact(), 0..8)).prop_map(|(clocks, mut known)| {
        known.extend(clocks);
        only(&known)
    })
}

proptest! {
    #[test]
    fn a_fact_that_becomes_unknown_loses_no_duty(facts in any_facts(), (name, _) in any_fact()) {
        let rules = rules();
        let unknown = amended(&facts, &[(name, Value::Null)]);
        let duties = |facts: &Facts| -> BTreeSet<(String, Option<String>)> {
            let duties = rules.assess(facts).obligations.into_iter();
            duties.map(|duty| (duty.rule, duty.member_state)).collect()
        };
        // The one duty for all member states may give way to those of the states that are recorded, never the other way.
        let after = duties(&unknown);
        for (rule, state) in duties(&facts) {
            let kept = after.iter().any(|(other, its)| *other == rule && (state.is_none() || *its == state));
            prop_assert!(kept, "{rule} {state:?}: {name}");
        }
    }

    #[test]
    fn a_fact_that_is_added_moves_no_due_time_back(facts in any_facts(), (name, value) in any_fact()) {
        prop_assume!(facts.known(name).is_none());
        let rules = rules();
        let before = rules.assess(&facts);
        for duty in rules.assess(&amended(&facts, &[(name, value)])).obligations {
            let earlier = before.obligations.iter().find(|other| other.rule == duty.rule).unwrap();
            let was = earlier.due_at.is_some();
            // Where the law has no zone of its own, the entity's stands in for UTC.
            let moves = name == "tz" && rules.time_zones(&duty.jurisdiction).is_empty();
            prop_assert!(moves || !was || duty.due_at <= earlier.due_at, "{}: {name}", duty.id);
        }
    }

    #[test]
    fn every_rule_is_answered_once(facts in any_facts()) {
        let rules = rules();
        let assessment = rules.assess(&facts);
        let mut answered: Vec<String> = assessment.not_triggered.iter().map(|refused| refused.rule.clone()).collect();
        // A rule may bring one duty for each member state.
        let triggered: BTreeSet<String> = assessment.obligations.iter().map(|duty| duty.rule.to_lowercase()).collect();
        prop_assert!(triggered.iter().all(|rule| !answered.contains(rule)));
        answered.extend(triggered);
        answered.sort();
        let all: Vec<String> = rules.iter().map(|rule| rule.id.to_lowercase()).collect();
        prop_assert_eq!(answered, all);
    }
}

proptest! {
    // Each case reads and checks every file anew.
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn the_order_of_the_files_changes_nothing(facts in any_facts(), files in Just(FILES.to_vec()).prop_shuffle()) {
        let shuffled = Rules::parse(&files, Notices::load().unwrap()).unwrap();
        prop_assert_eq!(shuffled.assess(&facts), rules().assess(&facts));
    }
}
