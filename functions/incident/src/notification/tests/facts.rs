//! What is derived, and what an amendment may enter.

use super::{COUNSEL, at, derived, entity, incident, incident_naming, only, organisation};
use crate::finding::{Category, EntityKind, Located};
use crate::notification::facts::AUTHOR;
use crate::notification::{FactError, Facts, history};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn amend(facts: &Facts, name: &str, value: Value) -> Result<Facts, FactError> {
    let changes = BTreeMap::from([(name.to_owned(), value)]);
    facts.amend(changes, COUNSEL, "established", at("2026-11-28T09:00:00Z"))
}

#[test]
fn the_touched_bucket_gives_classes_counts_and_clocks() {
    let facts = derived();
    assert_eq!(facts.version(), 1);
    assert_eq!(facts.known("data_classes"), Some(&json!(["email_password", "payment_card"])));
    assert_eq!(facts.known("affected.DE"), Some(&json!(12_840)));
    assert_eq!(
        facts.known("affected.PL"),
        Some(&json!(0)),
        "the inventory knows people there, but none in this bucket"
    );
    assert_eq!(facts.known("affected.FR"), None, "the inventory says nothing of them");
    assert_eq!(facts.known("us_pi.US-CA"), Some(&json!(true)), "credentials count by themselves in California");
    assert_eq!(facts.known("incident.malicious"), Some(&json!(true)));
    assert_eq!(facts.known("personal_data_breach"), Some(&json!(true)));
    assert_eq!(facts.known("t.aware"), Some(&json!("2026-11-27T15:20:00Z")));
    assert_eq!(facts.known("risk_level"), None, "the risk is for counsel to assess");
}

#[test]
fn people_in_two_buckets_are_counted_in_both() {
    let both = ["kranich-customers", "kranich-staff"].map(|bucket| entity(EntityKind::Bucket, bucket));
    let facts = Facts::derive(&organisation(), &incident_naming(Category::DataExfiltration, both.to_vec()));
    assert_eq!(facts.known("affected.DE"), Some(&json!(12_925)));
}

#[test]
fn a_bucket_that_the_inventory_lacks_leaves_every_count_unknown() {
    let buckets = ["kranich-customers", "someone-elses"].map(|bucket| entity(EntityKind::Bucket, bucket));
    let facts = Facts::derive(&organisation(), &incident_naming(Category::DataExfiltration, buckets.to_vec()));
    assert_eq!(facts.known("affected.DE"), None);
    assert_eq!(facts.known("data_classes"), Some(&json!(["email_password", "payment_card"])));
}

#[test]
fn without_the_inventory_a_breach_is_unknown_rather_than_denied() {
    let role = vec![entity(EntityKind::Role, "checkout")];
    let facts = Facts::derive(&organisation(), &incident_naming(Category::CredentialCompromise, role));
    for fact in ["personal_data_breach", "data_classes", "affected.DE", "us_pi.US-CA"] {
        assert_eq!(facts.known(fact), None, "{fact}");
    }
}

#[test]
fn an_exposure_alone_is_neither_malice_nor_breach() {
    let bucket = vec![entity(EntityKind::Bucket, "kranich-customers")];
    let facts = Facts::derive(&organisation(), &incident_naming(Category::BucketExposure, bucket));
    assert_eq!(facts.known("incident.malicious"), None);
    assert_eq!(facts.known("personal_data_breach"), None);
}

#[test]
fn an_object_or_an_arn_lies_in_its_bucket() {
    let mut object = entity(EntityKind::Object, "kranich-customers/2026/orders.csv");
    let mut neighbour = entity(EntityKind::Bucket, "kranich-customers-archive");
    let counts = |entity| Facts::derive(&organisation(), &incident_naming(Category::DataExfiltration, vec![entity]));
    assert!(counts(object.clone()).known("affected.DE").is_some());
    object.id = "orders.csv".to_owned();
    object.arn = Some("arn:aws:s3:::kranich-customers/2026/orders.csv".to_owned());
    assert!(counts(object).known("affected.DE").is_some());
    neighbour.arn = Some("arn:aws:s3:::kranich-customers-archive".to_owned());
    assert!(counts(neighbour).known("affected.DE").is_none());
}

#[test]
fn an_amendment_is_a_new_version_with_its_author() {
    let facts = amend(&derived(), "risk_level", json!("high")).unwrap();
    assert_eq!(facts.version(), 2);
    assert_eq!(facts.authors(), &BTreeSet::from([AUTHOR.to_owned(), COUNSEL.to_owned()]));
    let (_, fact) = facts.entries().find(|(name, _)| *name == "risk_level").unwrap();
    assert_eq!((fact.author.as_str(), fact.reason.as_str()), (COUNSEL, "established"));
    let withdrawn = amend(&facts, "risk_level", Value::Null).unwrap();
    assert_eq!((withdrawn.version(), withdrawn.known("risk_level")), (3, None));
}

#[test]
fn a_store_that_joins_later_and_that_the_inventory_lacks_takes_every_count_away() {
    let mut incident = incident();
    let facts = derived();
    assert!(facts.grown(&organisation(), &incident).is_empty());
    incident.entities.push(Located {
        entity: entity(EntityKind::Table, "someone-elses"),
        account: incident.account.clone(),
        region: None,
    });
    let grown = facts.grown(&organisation(), &incident);
    assert_eq!(grown.get("affected.US-CA"), Some(&Value::Null));
    let next = facts.amend(grown, AUTHOR, "new findings", at("2026-11-28T09:00:00Z")).unwrap();
    assert_eq!(next.known("affected.US-CA"), None);
    assert!(next.grown(&organisation(), &incident).is_empty(), "the same findings bring nothing new");
}

#[test]
fn what_a_person_entered_or_withdrew_is_not_derived_again() {
    for value in [json!(7), Value::Null] {
        let facts = amend(&derived(), "affected.US-CA", value).unwrap();
        assert!(facts.grown(&organisation(), &incident()).is_empty());
    }
}

#[test]
fn the_history_tells_who_entered_what_over_what() {
    let first = derived();
    let second = amend(&first, "risk_level", json!("high")).unwrap();
    let third = amend(&second, "affected.DE", json!(7)).unwrap();
    let all = history(&[first.clone(), second.clone(), third]);
    assert_eq!(all.iter().filter(|entered| entered.version == 1).count(), first.entries().count());
    let [risk, count] = all.get(first.entries().count()..).unwrap() else { panic!("{all:?}") };
    assert_eq!((risk.version, risk.name.as_str(), &risk.before), (2, "risk_level", &None));
    assert_eq!((count.version, count.name.as_str(), &count.before), (3, "affected.DE", &Some(json!(12_840))));
    assert_eq!((count.fact.author.as_str(), &count.fact.value), (COUNSEL, &json!(7)));
    assert!(history(&[]).is_empty());
}

#[test]
fn facts_survive_their_record() {
    let facts = amend(&derived(), "risk_level", json!("high")).unwrap();
    assert_eq!(serde_json::from_value::<Facts>(serde_json::to_value(&facts).unwrap()).unwrap(), facts);
}

#[test]
fn an_amendment_that_cannot_be_used_is_refused_by_name() {
    for (name, value) in [
        ("risk_levl", json!("high")),
        ("risk_levl", Value::Null),
        ("risk_level", json!("severe")),
        ("affected.US-CA", json!("many")),
        ("affected.US-CA", json!(-1)),
        ("affected.California", json!(1)),
        ("data_classes", json!(["ssn", "shoe_size"])),
        ("gdpr_applies", json!("yes")),
        ("tz", json!("Hamburg")),
        ("t.aware", json!("2026-11-27T15:20:00")),
        ("t.awareness", json!("2026-11-27T15:20:00Z")),
        ("t.submitted.", json!("2026-11-27T15:20:00Z")),
        ("law_enforcement_hold", json!(true)),
        ("notice.what_happened", json!("  ")),
    ] {
        let refused = amend(&derived(), name, value.clone()).unwrap_err();
        assert!(matches!(&refused, FactError::Refused { fact, .. } if fact == name), "{name} = {value}: {refused}");
        if let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) {
            assert!(!refused.to_string().contains(text), "`{refused}` holds the value");
        }
    }
}

#[test]
fn a_clock_may_hold_a_day_but_not_the_future() {
    let facts = derived();
    assert!(amend(&facts, "t.discovery", json!("2026-11-28")).is_ok());
    assert!(amend(&facts, "t.submitted.EU-GDPR-33-1", json!("2026-11-28T08:00:00+01:00")).is_ok());
    for future in ["2026-11-28T09:00:01Z", "2026-11-30"] {
        let refused = amend(&facts, "t.discovery", json!(future)).unwrap_err();
        assert_eq!(refused, FactError::InFuture { fact: "t.discovery".to_owned() });
    }
}

#[test]
fn an_amendment_needs_author_reason_and_content() {
    let now = at("2026-11-28T09:00:00Z");
    let one = BTreeMap::from([("risk_level".to_owned(), json!("high"))]);
    let facts = only(&[]);
    assert_eq!(facts.amend(one.clone(), " ", "why", now), Err(FactError::AuthorMissing));
    assert_eq!(facts.amend(one, COUNSEL, " ", now), Err(FactError::ReasonMissing));
    assert_eq!(facts.amend(BTreeMap::new(), COUNSEL, "why", now), Err(FactError::Empty));
}

#[test]
fn awareness_is_the_first_finding() {
    let facts = Facts::derive(&organisation(), &incident());
    for clock in ["t.aware", "t.discovery", "t.discovery_or_notification"] {
        assert_eq!(facts.known(clock), Some(&json!(incident().aware_at.to_string())));
    }
}
