//! `tocsin deadline` as a process: the document it writes, and what it refuses by name.
#![expect(clippy::expect_used, reason = "output that is not as expected fails the test")]

use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn deadline(obligation: &str, facts: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin"));
    command.args(["deadline", obligation, "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the binary runs");
    process.stdin.take().expect("there is an input").write_all(facts.as_bytes()).expect("it reads the facts");
    process.wait_with_output().expect("it ends")
}

#[test]
fn the_times_are_one_document_with_exactly_five_fields() {
    let output = deadline("eu-gdpr-33-1", r#"{"t.aware": "2026-11-27T16:20:00+01:00", "tz": "Europe/Berlin"}"#);
    assert_eq!(output.status.code(), Some(0));
    let times: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let fields: Vec<&String> = times.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["clock", "due", "due_statutory_latest", "obligation", "rule"]);
    assert_eq!(times["obligation"], "EU-GDPR-33-1");
    assert_eq!(times["due"], "2026-11-30T16:20:00+01:00");
    assert_eq!(times["due_statutory_latest"], "2026-11-30T17:00:00+01:00");
    assert_eq!(times["clock"], "aware");
    assert!(times["rule"].as_str().expect("words").contains("72 hours"));
}

#[test]
fn a_clock_that_has_not_started_gives_null_and_says_so() {
    let output = deadline("US-CA-REG", "{}");
    assert_eq!(output.status.code(), Some(0));
    let times: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((&times["due"], &times["due_statutory_latest"]), (&json!(null), &json!(null)));
    assert!(times["rule"].as_str().expect("words").contains("no clock of it has started"));
}

#[test]
fn wrong_input_is_refused_by_name() {
    for (obligation, facts, named) in [
        ("EU-GDPR-99", "{}", "`EU-GDPR-99`"),
        ("DE-BSIG-32.never", "{}", "`DE-BSIG-32.never`"),
        ("EU-GDPR-33-1", r#"{"t.awareness": "2026-11-27T16:20:00Z"}"#, "`t.awareness`"),
        ("EU-GDPR-33-1", r#"{"t.aware": "2026-11-27T16:20:00"}"#, "`t.aware`"),
        ("EU-GDPR-33-1", r#"{"t.aware": "2026-02-30"}"#, "`t.aware`"),
        ("EU-GDPR-33-1", r#"{"tz": "Europe/Atlantis"}"#, "`tz`"),
        ("EU-GDPR-33-1", r#"{"tz": "UTC", "tz": "Europe/Berlin"}"#, "`tz` is given twice"),
        ("EU-GDPR-33-1", r#"{"affected.USCA": 1}"#, "`affected.USCA`"),
        ("EU-GDPR-33-1", "[]", "flat JSON object"),
        ("EU-GDPR-33-1", "{", "flat JSON object"),
    ] {
        let output = deadline(obligation, facts);
        let said = String::from_utf8(output.stderr).expect("advice is UTF-8");
        assert_eq!(output.status.code(), Some(2), "{facts}: {said}");
        assert!(output.stdout.is_empty() && said.contains(named), "{facts}: {said}");
    }
    let both = deadline("EU-GDPR-33-1", r#"{"t.aware": "noon", "risk_level": "huge"}"#);
    let said = String::from_utf8(both.stderr).expect("advice is UTF-8");
    assert!(said.contains("`t.aware`") && said.contains("`risk_level`"), "every refusal is named: {said}");
}
