//! What the form of facts sends back.

use super::sample::{REVIEWER, Sample, now};
use crate::views::entry::{Form, Slip, is_asked_for, questions};
use incident::notification::{Facts, Rules};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn changes(facts: &Facts, sent: &[(&str, &str)]) -> BTreeMap<String, Value> {
    let form: Form =
        sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into();
    let rules = Rules::load().unwrap();
    form.changes(&rules, &questions(&rules, facts, &[]), facts)
}

fn facts() -> Facts {
    Sample::calm().facts.pop().unwrap()
}

#[test]
fn a_form_that_is_sent_as_it_was_shown_changes_nothing() {
    let sent = [
        ("asked", "gdpr_applies"),
        ("value.gdpr_applies", "yes"),
        ("asked", "entity.role"),
        ("value.entity.role", "controller"),
        ("asked", "data_classes"),
        ("value.data_classes", "dob"),
        ("value.data_classes", "email_password"),
        ("asked", "notice.what_happened"),
        ("value.notice.what_happened", "kranich-customers"),
        ("asked", "risk_level"),
        ("place", "DE"),
        ("people", "1200"),
        ("place", ""),
        ("people", ""),
    ];
    assert_eq!(changes(&facts(), &sent), BTreeMap::new());
}

#[test]
fn each_kind_of_answer_is_read() {
    let sent = [
        ("asked", "gdpr_applies"),
        ("value.gdpr_applies", "no"),
        ("asked", "risk_level"),
        ("value.risk_level", "high"),
        ("asked", "data_classes"),
        ("value.data_classes", "ssn"),
        ("asked", "people_approximate"),
        ("value.people_approximate", "12"),
        ("asked", "law_enforcement_hold"),
        ("member.law_enforcement_hold.agency", "LKA"),
        ("member.law_enforcement_hold.written", "yes"),
        ("place", "us-ca"),
        ("people", ""),
    ];
    let read = changes(&facts(), &sent);
    let wanted = json!({
        "gdpr_applies": false, "risk_level": "high", "data_classes": ["ssn"], "people_approximate": 12, "affected.US-CA": null,
        "law_enforcement_hold": {"agency": "LKA", "written": true},
    });
    assert_eq!(json!(read), wanted);
    assert!(facts().amend(read, REVIEWER, "so it is", now()).is_ok());
}

#[test]
fn not_known_is_an_answer_and_wins_over_a_value() {
    let sent = [
        ("asked", "gdpr_applies"),
        ("value.gdpr_applies", "unknown"),
        ("asked", "people_approximate"),
        ("value.people_approximate", "12"),
        ("unknown.people_approximate", "yes"),
    ];
    assert_eq!(json!(changes(&facts(), &sent)), json!({"gdpr_applies": null, "people_approximate": null}));
}

#[test]
fn a_field_that_was_not_shown_or_is_empty_takes_nothing_back() {
    let sent = [("value.gdpr_applies", "no"), ("asked", "notice.what_happened"), ("value.notice.what_happened", " ")];
    assert_eq!(changes(&facts(), &sent), BTreeMap::new());
}

#[test]
fn what_cannot_be_read_is_named_by_field() {
    let sent = [
        ("asked", "people_approximate"),
        ("value.people_approximate", "-1"),
        ("asked", "gdpr_applies"),
        ("value.gdpr_applies", "maybe"),
        ("place", "DE"),
        ("people", "many"),
    ];
    let refused = facts().enter(changes(&facts(), &sent), REVIEWER, "so it is", now()).unwrap_err();
    let mut slips: Vec<String> = Slip::all(&refused).into_iter().map(|slip| slip.fact).collect();
    slips.sort();
    assert_eq!(slips, ["affected.DE", "gdpr_applies", "people_approximate"]);
}

/// What is saved comes from a browser, which may send what no page asked for.
#[test]
fn what_no_form_asks_for_is_not_entered_by_one() {
    let rules = Rules::load().unwrap();
    let asked = questions(&rules, &facts(), &["likely_consequences".to_owned()]);
    for fact in ["gdpr_applies", "affected.US-CA", "law_enforcement_hold", "notice.items", "t.aware"] {
        assert!(is_asked_for(fact, &asked), "{fact}");
    }
    for fact in ["incident_id", "no.such.fact", "gdpr_applies ", ""] {
        assert!(!is_asked_for(fact, &asked), "{fact}");
    }
}
