//! Facts as a document gives them, and as the data map does: each with its source, and what cannot be so refused by name.

use super::{at, entity, incident_naming, organisation};
use crate::finding::{Category, EntityKind};
use crate::notification::{Fact, FactError, Facts, Source};
use crate::organisation::DataHolding;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn read(document: Value) -> Result<Facts, Vec<FactError>> {
    let values: BTreeMap<String, Value> = serde_json::from_value(document).unwrap();
    Facts::read(values, at("2026-11-28T09:00:00Z"))
}

#[test]
fn a_document_of_facts_is_read() {
    let facts = read(
        json!({"t.aware": "2026-11-27T16:20:00+01:00", "affected.US-CA": 640, "risk_level": null, "tz": "Europe/Berlin"}),
    );
    let facts = facts.unwrap();
    assert_eq!(facts.known("affected.US-CA"), Some(&json!(640)));
    assert_eq!(facts.known("risk_level"), None);
    assert!(facts.entries().all(|(_, fact)| fact.source() == Source::Counsel));
}

#[test]
fn everything_that_cannot_be_is_named_at_once() {
    let errors = read(json!({
        "affected.ZZ": 1, "affected.US-ZZ": 1, "affected.EU": 1, "t.aware": "2026-11-27T16:20:00", "t.awareness": "2026-11-27",
        "t.discovery": "2026-11-28T09:00:01Z", "t.submitted.EU-GDPR-34-9": "2026-11-27", "gdpr_applys": true, "tz": "Hamburg",
        "law_enforcement_hold": {"agency": "A", "in_writing": true},
    }))
    .unwrap_err();
    let named: Vec<String> = errors
        .iter()
        .map(|error| match error {
            FactError::Refused { fact, .. } | FactError::InFuture { fact } => fact.clone(),
            other @ (FactError::AuthorMissing
            | FactError::ReasonMissing
            | FactError::Empty
            | FactError::Contradiction { .. }
            | FactError::NoRules(_)) => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        named,
        [
            "affected.EU",
            "affected.US-ZZ",
            "affected.ZZ",
            "gdpr_applys",
            "law_enforcement_hold",
            "t.aware",
            "t.awareness",
            "t.discovery",
            "t.submitted.EU-GDPR-34-9",
            "tz",
        ]
    );
}

#[test]
fn facts_that_contradict_each_other_are_refused() {
    for (document, fact) in [
        (json!({"entity.eu_establishment": false, "entity.main_establishment": "DE"}), "entity.eu_establishment"),
        (json!({"affected_total_phi": 10, "affected_max_single_state_phi": 11}), "affected_max_single_state_phi"),
        (json!({"t.discovery": "2026-11-27", "t.determination": "2026-11-24"}), "t.determination"),
        (
            json!({"t.aware": "2026-11-27T10:00:00Z", "t.submitted.EU-GDPR-33-1": "2026-11-27T09:00:00Z"}),
            "t.submitted.EU-GDPR-33-1",
        ),
        (json!({"submitted.EU-GDPR-33-1": false, "t.submitted.EU-GDPR-33-1": "2026-11-27"}), "submitted.EU-GDPR-33-1"),
        (
            json!({"entity.nis2_type": "marketplace", "data_compromised_maliciously": true, "nis2_significant_incident": false}),
            "nis2_significant_incident",
        ),
    ] {
        let errors = read(document.clone()).unwrap_err();
        let [FactError::Contradiction { fact: named, .. }] = errors.as_slice() else {
            panic!("{document}: {errors:?}")
        };
        assert_eq!(named, fact, "{document}");
    }
    for fits in [
        json!({"entity.eu_establishment": false, "entity.main_establishment": "US"}),
        json!({"t.discovery": "2026-11-27T23:00:00-08:00", "t.determination": "2026-11-27"}),
    ] {
        assert!(read(fits.clone()).is_ok(), "{fits}");
    }
}

#[test]
fn a_record_of_before_sources_were_kept_can_be_read() {
    let old = |author: &str| json!({"value": true, "author": author, "reason": "why", "at": "2026-11-27T15:20:00Z"});
    let source = |author: &str| serde_json::from_value::<Fact>(old(author)).unwrap().source();
    assert_eq!((source("tocsin"), source("arn:aws:iam::111122223333:user/counsel")), (Source::Tocsin, Source::Counsel));
}

fn mapped(holdings: Vec<DataHolding>, buckets: &[&str]) -> Facts {
    let mut organisation = organisation();
    organisation.data_inventory = holdings;
    let buckets = buckets.iter().map(|bucket| entity(EntityKind::Bucket, bucket)).collect();
    Facts::derive(&organisation, &incident_naming(Category::DataExfiltration, buckets))
}

fn holding(resource: &str) -> DataHolding {
    DataHolding { resource: resource.to_owned(), ..DataHolding::default() }
}

#[test]
fn the_data_map_names_resources_by_pattern() {
    let counts = |pattern: &str, bucket: &str| {
        let one = DataHolding { affected: BTreeMap::from([("DE".to_owned(), 3)]), ..holding(pattern) };
        mapped(vec![one], &[bucket]).known("affected.DE").cloned()
    };
    for (pattern, bucket) in [
        ("kranich-*", "kranich-staff"),
        ("*-staff", "kranich-staff"),
        ("k*h-*ff", "kranich-staff"),
        ("k-*", "k-a/2026/x.csv"),
    ] {
        assert_eq!(counts(pattern, bucket), Some(json!(3)), "{pattern} {bucket}");
    }
    for (pattern, bucket) in [("kranich-*", "kranic-staff"), ("*-staff", "kranich-staffs"), ("k*x*f", "kranich-staff")]
    {
        assert_eq!(counts(pattern, bucket), None, "{pattern} {bucket}");
    }
}

#[test]
fn the_data_map_says_as_what_and_whose() {
    let model = |resource: &str, role: Option<&str>, owner: &str| DataHolding {
        role: role.map(str::to_owned),
        surface: Some("model".to_owned()),
        model_owner: Some(owner.to_owned()),
        ..holding(resource)
    };
    let facts = mapped(vec![model("a", Some("processor"), "customer")], &["a"]);
    assert_eq!(facts.known("entity.role"), Some(&json!("processor")));
    assert_eq!(facts.known("model.owner"), Some(&json!("customer")));
    assert_eq!(facts.known("data.surface"), Some(&json!(["model"])));
    let (_, fact) = facts.entries().find(|(name, _)| *name == "model.owner").unwrap();
    assert_eq!(fact.source(), Source::DataMap);
    let two = mapped(vec![model("a", Some("processor"), "customer"), model("b", None, "own")], &["a", "b"]);
    assert_eq!(two.known("entity.role"), None, "processor of one and controller of the other: each may count");
    assert_eq!(two.known("model.owner"), None);
    let stranger = mapped(vec![model("a", Some("processor"), "customer")], &["a", "someone-elses"]);
    assert_eq!(stranger.known("entity.role"), None, "as what the other is processed nobody knows");
}

#[test]
fn nobody_lives_elsewhere_only_where_the_data_map_says_so() {
    let one = DataHolding { affected: BTreeMap::from([("DE".to_owned(), 3)]), ..holding("a") };
    assert_eq!(mapped(vec![one.clone()], &["a"]).known("affected.US-NY"), None);
    let whole = DataHolding { affected_is_complete: true, ..one };
    let facts = mapped(vec![whole.clone()], &["a"]);
    assert_eq!((facts.known("affected.US-NY"), facts.known("affected.DE")), (Some(&json!(0)), Some(&json!(3))));
    assert_eq!(mapped(vec![whole], &["a", "someone-elses"]).known("affected.US-NY"), None);
}
