//! What the fields of rules mean: supersession, fan-out, days of application, order, holds, thresholds; and the organisation's own.

use super::{amended, at, obligation, only, organisation, rules};
use crate::notification::{Assessment, FactError, Facts, Obligation};
use crate::organisation::Organisation;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn find<'a>(assessment: &'a Assessment, id: &str) -> Option<&'a Obligation> {
    assessment.obligations.iter().find(|obligation| obligation.id == id)
}

#[test]
fn one_rule_takes_the_place_of_another_only_where_it_is_established() {
    let entity = [("entity.nis2_class", json!("essential")), ("nis2_significant_incident", json!(true))];
    let trust = [("entity.trust_service_provider", json!(true)), ("trust_service_impacted", json!(true))];
    let both: Vec<_> = entity.iter().chain(&trust).cloned().collect();
    let assessment = rules().assess(&only(&both));
    assert!(find(&assessment, "eu-nis2-23-4b-tsp").is_some());
    let refused = assessment.not_triggered.iter().find(|refused| refused.rule == "eu-nis2-23-4b").unwrap();
    assert_eq!(refused.because, "rule `EU-NIS2-23-4B-TSP` takes its place");
    assert_eq!(find(&assessment, "eu-nis2-23-4d").unwrap().after.as_deref(), Some("eu-nis2-23-4b-tsp"));
    let unsure = rules().assess(&only(&entity));
    assert!(find(&unsure, "eu-nis2-23-4b-tsp").is_some() && find(&unsure, "eu-nis2-23-4b").is_some());
}

#[test]
fn without_an_establishment_every_affected_member_state_is_told() {
    let mut known = vec![
        ("gdpr_applies", json!(true)),
        ("personal_data_breach", json!(true)),
        ("entity.role", json!("controller")),
        ("entity.eu_establishment", json!(false)),
        ("affected.US-CA", json!(7)),
    ];
    let of = |known: &[(&str, Value)]| -> Vec<String> {
        let obligations = rules().assess(&only(known)).obligations.into_iter();
        obligations.filter(|duty| duty.rule == "EU-GDPR-33-1-MULTI-SA").map(|duty| duty.id).collect()
    };
    assert_eq!(of(&known), ["eu-gdpr-33-1-multi-sa"], "no state is known");
    known.extend([("affected.DE", json!(3)), ("affected.FR", json!(0)), ("affected.IS", Value::Null)]);
    assert_eq!(of(&known), ["eu-gdpr-33-1-multi-sa-de", "eu-gdpr-33-1-multi-sa-is"]);
    let single = rules().assess(&only(&known));
    let single = single.not_triggered.iter().find(|refused| refused.rule == "eu-gdpr-33-1").unwrap();
    assert!(single.exempt, "the one authority is told nothing twice");
    known.push(("entity.main_establishment", json!("DE")));
    let contradiction = Facts::unknown().amend(
        known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        "counsel",
        "why",
        at("2026-12-01T00:00:00Z"),
    );
    assert!(matches!(contradiction, Err(FactError::Contradiction { .. })));
}

#[test]
fn the_ai_act_applies_by_the_annex_of_the_system() {
    let assessed = |day: &str, annex: Option<&str>| {
        let known: Vec<_> = annex.map(|annex| ("ai.annex", json!(annex))).into_iter().collect();
        find(&rules().assess_on(&only(&known), day.parse().unwrap()), "eu-aia-73-2").is_some()
    };
    assert!(!assessed("2027-12-01", None));
    assert!(assessed("2027-12-02", None), "the earliest of the days counts while the annex is unknown");
    assert!(assessed("2027-12-02", Some("annex_iii")));
    assert!(!assessed("2028-08-01", Some("annex_i")));
    assert!(assessed("2028-08-02", Some("annex_i")));
}

#[test]
fn the_law_of_another_day_is_another_law() {
    let on = |day: &str, id: &str| find(&rules().assess_on(&only(&[]), day.parse().unwrap()), id).is_some();
    assert!(!on("2018-05-24", "eu-gdpr-33-1") && on("2018-05-25", "eu-gdpr-33-1"));
    assert!(!on("2027-05-12", "in-dpdp-r7-board") && on("2027-05-13", "in-dpdp-r7-board"));
}

#[test]
fn what_comes_before_waits_for_nobody_and_holds_the_others_back() {
    let assessment = rules().assess(&only(&[]));
    let (state, people) = (find(&assessment, "us-md-reg").unwrap(), find(&assessment, "us-md-ind").unwrap());
    assert_eq!((state.after.as_deref(), people.waits_for.as_slice()), (None, &["us-md-reg".to_owned()][..]));
    let (state, people) = (find(&assessment, "us-ny-reg").unwrap(), find(&assessment, "us-ny-ind").unwrap());
    assert_eq!(state.together_with, ["us-ny-ind"]);
    assert!(people.together_with.contains(&"us-ny-reg".to_owned()), "{:?}", people.together_with);
}

#[test]
fn residents_of_several_states_are_told_by_the_earliest_of_their_days() {
    let clocks = [("t.discovery", json!("2026-11-20")), ("t.discovery_or_notification", json!("2026-11-20"))];
    let assessment = rules().assess(&only(&clocks));
    let residents = || assessment.obligations.iter().filter(|duty| duty.recipient_class == "residents");
    let earliest = residents().filter_map(|duty| duty.due_at).min().unwrap();
    assert!(residents().all(|duty| duty.internal_target_at.is_some_and(|target| target <= earliest)));
}

#[test]
fn a_hold_suspends_only_where_the_rule_allows_it_and_it_is_written() {
    let held = |written: bool, id: &str| {
        let hold = json!({"agency": "State police", "written": written, "until": "2027-01-01"});
        obligation(&only(&[("law_enforcement_hold", hold)]), id).unwrap()
    };
    let suspended = held(true, "us-ca-ind").held.unwrap();
    assert_eq!((suspended.agency.as_deref(), suspended.until.as_deref()), (Some("State police"), Some("2027-01-01")));
    assert!(held(false, "us-ca-ind").held.is_none());
    for never in ["eu-gdpr-33-1", "eu-nis2-23-4b", "eu-dora-19-init", "eu-cra-14-2a", "us-pr-reg"] {
        assert!(held(true, never).held.is_none(), "{never}");
    }
    for rule in rules().iter().filter(|rule| !rule.jurisdiction.starts_with("US-")) {
        assert_eq!(rule.law_enforcement_hold_applies, None, "{}", rule.id);
    }
}

#[test]
fn a_threshold_of_a_marketplace_makes_its_incident_significant() {
    let shop = [("entity.nis2_class", json!("important")), ("entity.nis2_type", json!("marketplace"))];
    let with = |fact: (&'static str, Value)| only(&[shop[0].clone(), shop[1].clone(), fact]);
    let unknown = |facts: &Facts| obligation(facts, "eu-nis2-23-4a").unwrap().unknown_facts;
    let significant = "nis2_significant_incident".to_owned();
    assert!(unknown(&only(&shop)).contains(&significant));
    for met in [
        ("data_compromised_maliciously", json!(true)),
        ("eu_users_without_service_percent", json!(6)),
        ("eu_users_with_limited_service", json!(1_000_001)),
    ] {
        assert!(!unknown(&with(met.clone())).contains(&significant), "{met:?}");
    }
    for not_met in [
        ("eu_users_without_service_percent", json!(5)),
        ("eu_users_without_service", json!(1_000_000)),
        // The minutes count for clouds and managed services only.
        ("service_unavailable_minutes", json!(600)),
    ] {
        assert!(unknown(&with(not_met.clone())).contains(&significant), "{not_met:?} alone says nothing");
    }
}

#[test]
fn a_final_report_follows_from_the_preliminary_one() {
    let none = only(&[("affected.JP", json!(0))]);
    assert!(obligation(&none, "jp-appi-26-prelim").is_none() && obligation(&none, "jp-appi-26-final").is_none());
    let sent = amended(&none, &[("t.submitted.JP-APPI-26-PRELIM", json!("2026-11-20T09:00:00+09:00"))]);
    assert!(obligation(&sent, "jp-appi-26-final").unwrap().is_established());
    assert!(!obligation(&only(&[]), "jp-appi-26-final").unwrap().is_established());
}

fn decided() -> Value {
    json!({"by": "counsel@kranich.example", "at": "2026-11-01T09:00:00Z", "reason": "the group's own standard"})
}

fn with_own(obligation: Value) -> Organisation {
    Organisation { rules: BTreeMap::from([("obligation".to_owned(), json!([obligation]))]), ..organisation() }
}

#[test]
fn an_organisation_changes_and_adds_rules() {
    let changed =
        with_own(json!({"id": "US-CA-REG", "effective_from": null, "confidence": "low", "decided": decided()}));
    let rules_of = |organisation: &Organisation| rules().of(organisation).unwrap();
    let rule = rules_of(&changed).get("US-CA-REG").cloned().unwrap();
    assert_eq!((rule.confidence.as_str(), rule.effective_from), ("low", None));
    assert_eq!(rule.citation, rules().get("US-CA-REG").unwrap().citation, "what it does not name stays");
    let duty = rules_of(&changed).assess(&only(&[]));
    let reasons = &find(&duty, "us-ca-reg").unwrap().reasons;
    assert!(reasons.iter().any(|reason| reason.contains("counsel@kranich.example")), "{reasons:?}");
    assert_eq!(rules().get("US-CA-REG").unwrap().confidence, "high", "for others nothing changes");
    let added = with_own(json!({
        "id": "XX-INSURER", "jurisdiction": "XX", "regime": "contract", "citation": "Cyber policy 4711, s. 9",
        "obligor": "policyholder", "recipient": "insurer", "status": "contract", "confidence": "high", "verified": "text",
        "trigger_all": [{"fact": "incident.malicious", "op": "eq", "value": true}],
        "deadline": {"standard": "within 48 hours", "unit": "hours", "value": 48, "clock": "aware", "hard": false},
        "decided": decided(),
    }));
    assert!(find(&rules_of(&added).assess(&only(&[])), "xx-insurer").is_some());
}

#[test]
fn an_organisations_rule_that_cannot_be_used_is_named() {
    let base = json!({"id": "US-CA-REG", "decided": decided()});
    for (field, value, problem) in [
        ("decided", Value::Null, "`decided` is missing"),
        ("decided", json!({"by": " ", "at": "2026-11-01T09:00:00Z", "reason": "why"}), "`by` says nobody"),
        ("recipent", json!("people"), "unknown field `recipent`"),
        ("checklist", json!("US-CA-X"), "no checklist `US-CA-X`"),
        ("trigger_all", json!([{"fact": "shoe_size", "op": "eq", "value": true}]), "no fact `shoe_size`"),
        ("effective_from", json!("soon"), "`effective_from`"),
        ("notice", json!("gdpr-art33-authority"), "its notice is not one of its checklist"),
    ] {
        let mut row = base.clone();
        row[field] = value.clone();
        if value.is_null() {
            row.as_object_mut().unwrap().remove(field);
        }
        let errors = rules().check_settings(&with_own(row));
        let [error] = errors.as_slice() else { panic!("{field}: {errors:?}") };
        assert!(error.setting.contains("rule `US-CA-REG`"), "{field}: {error}");
        assert!(error.problem.contains(problem), "{field}: {error}");
    }
}

#[test]
fn an_unverified_rule_starts_nothing_before_counsel_turned_it_on() {
    let mut organisation = organisation();
    let recipient = organisation.recipients["us-ca-ind"].clone();
    organisation.recipients.insert("us-gu-own".to_owned(), recipient);
    let duty = obligation(&only(&[]), "us-gu-own").unwrap();
    assert!(!duty.is_verified() && duty.reasons.iter().any(|reason| reason.contains("unverified")));
    assert!(!duty.is_turned_on(&organisation));
    let who = serde_json::from_value(decided()).unwrap();
    organisation.turned_on.insert("us-gu-own".to_owned(), who);
    assert!(duty.is_turned_on(&organisation));
    organisation.recipients.remove("us-gu-own");
    assert!(!duty.is_turned_on(&organisation), "nobody to tell");
}

#[test]
fn what_turns_on_nothing_or_names_nobody_is_refused() {
    let mut organisation = organisation();
    for id in ["us-gu-owner", "US-GU-OWN"] {
        organisation.turned_on.insert(id.to_owned(), serde_json::from_value(decided()).unwrap());
    }
    organisation.data_inventory[0].role = Some("owner".to_owned());
    organisation.data_inventory[1].surface = Some("shop-window".to_owned());
    let named: Vec<String> = rules().check_settings(&organisation).into_iter().map(|error| error.setting).collect();
    assert_eq!(
        named,
        ["data_inventory[0].role", "data_inventory[1].surface", "turned_on.US-GU-OWN", "turned_on.us-gu-owner"]
    );
}
