//! `tocsin assess` as a process: facts in, every rule out, exit codes, the name of what is wrong on standard error.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "output that is not as expected fails the test")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn assess(facts: &str, arguments: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tocsin"))
        .args(["assess", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut pipe = process.stdin.take().expect("standard input is a pipe");
    // A process that refuses its arguments does not read, and closes the pipe.
    drop(pipe.write_all(facts.as_bytes()));
    drop(pipe);
    process.wait_with_output().expect("the process ends")
}

fn rules(facts: &Value, arguments: &[&str]) -> Vec<Value> {
    let output = assess(&facts.to_string(), arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    serde_json::from_value(document["obligations"].take()).expect("a list of rules")
}

fn shop() -> Value {
    json!({
        "gdpr_applies": true, "personal_data_breach": true, "entity.role": "controller", "entity.eu_establishment": true,
        "affected.DE": 4, "t.aware": "2026-11-20T16:20:00+01:00", "tz": "Europe/Berlin",
    })
}

fn one<'a>(rules: &'a [Value], id: &str) -> &'a Value {
    rules.iter().find(|rule| rule["id"] == id).expect("every rule is there")
}

#[test]
fn every_rule_is_weighed_with_its_reasons() {
    let rules = rules(&shop(), &[]);
    let ids: BTreeSet<String> = rules.iter().map(|rule| rule["id"].to_string()).collect();
    assert_eq!((ids.len(), rules.len()), (291, 291));
    assert_eq!(
        *one(&rules, "EU-GDPR-33-1"),
        json!({
            "id": "EU-GDPR-33-1", "jurisdiction": "EU",
            "citation": "Regulation (EU) 2016/679 Art. 33(1), (3), (4); awareness: EDPB Guidelines 9/2022 v2.0",
            "recipient": "supervisory_authority", "status": "triggered", "due": "2026-11-23T16:20:00+01:00",
            "due_statutory_latest": "2026-11-23T17:00:00+01:00", "clock": "aware", "confidence": "high", "verified": "text",
            "reasons": [
                "`gdpr_applies` is true", "`personal_data_breach` is true", "`entity.role` is \"controller\"",
                "`risk_level` is unknown, so it counts as one of [\"risk\",\"high\",\"unknown\"]",
            ],
            "missing_facts": ["risk_level"],
        })
    );
    let elsewhere = one(&rules, "EU-GDPR-33-1-MULTI-SA");
    assert_eq!((&elsewhere["status"], &elsewhere["due"]), (&json!("not_triggered"), &Value::Null));
    assert_eq!(elsewhere["reasons"], json!(["`entity.eu_establishment` is not equal to false"]));
}

#[test]
fn facts_without_an_establishment_exempt_from_the_one_authority() {
    let mut facts = shop();
    facts["entity.eu_establishment"] = json!(false);
    facts["affected.FR"] = json!(2);
    let rules = rules(&facts, &[]);
    assert_eq!(one(&rules, "EU-GDPR-33-1")["status"], "exempt");
    let several = rules.iter().filter(|rule| rule["id"] == "EU-GDPR-33-1-MULTI-SA");
    let states: Vec<&Value> = several.map(|rule| &rule["jurisdiction"]).collect();
    assert_eq!(states, [&json!("DE"), &json!("FR")]);
}

#[test]
fn the_law_of_another_day_is_asked_for() {
    let status = |day: &str| one(&rules(&shop(), &["--as-of", day]), "IN-DPDP-R7-BOARD")["status"].clone();
    assert_eq!((status("2027-05-12"), status("2027-05-13")), (json!("not_triggered"), json!("triggered")));
    assert_eq!(status("2027-05-13T00:30:00+02:00"), json!("triggered"), "the day that is written");
}

#[test]
fn bad_input_is_named() {
    for (facts, named) in [
        (r#"{"t.aware": "2026-11-20T16:20:00"}"#, "`t.aware`"),
        (r#"{"t.aware": "2999-01-01"}"#, "`t.aware` lies in the future"),
        (r#"{"affected.ZZ": 1}"#, "`affected.ZZ`"),
        (r#"{"shoe_size": 43}"#, "`shoe_size`"),
        (r#"{"gdpr_applies": true, "gdpr_applies": false}"#, "`gdpr_applies` is given twice"),
        (r#"{"entity.eu_establishment": false, "entity.main_establishment": "DE"}"#, "contradict"),
        ("[]", "no"),
    ] {
        let output = assess(facts, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{facts}: {said}");
        assert!(said.contains(named) && output.stdout.is_empty(), "{facts}: {said}");
    }
    assert_eq!(assess("{}", &["--as-of", "tomorrow"]).status.code(), Some(2));
}
