//! `tocsin contain` as a process, as far as it goes without AWS: what is refused names the argument, and the library is listed.
#![expect(clippy::expect_used, reason = "output that is not as expected fails the test")]

use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn contain(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin"));
    command.arg("contain").args(arguments).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("advice is UTF-8")
}

#[test]
fn a_wrong_argument_is_named_and_nothing_is_sent() {
    let url = ["--url", "http://127.0.0.1:9/"];
    let incident = format!("inc-{}", "0".repeat(20));
    for (arguments, named) in [
        (vec!["plan", "lock-buckets", "orders"], "ACTION"),
        (vec!["plan", "lock-bucket", "my orders"], "TARGET"),
        (vec!["plan", "lock-bucket", "orders", "--account", "1111"], "--account"),
        (vec!["plan", "lock-bucket", "orders", "--region", ""], "--region"),
        (vec!["plan", "lock-bucket", "orders", "--incident", "inc-1"], "--incident"),
        (vec!["apply", "lock-bucket", "orders"], "--reason"),
        (vec!["apply", "lock-bucket", "orders", "--reason", " "], "--reason"),
        (vec!["reverse", "lock-bucket", "orders", "--incident", &incident], "--reason"),
        (vec!["reverse", "lock-bucket", "orders", "--reason", "over"], "--incident"),
        (vec!["status", "inc-1"], "inc-1"),
    ] {
        let output = contain(&[arguments.as_slice(), &url].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && said(&output).contains(named), "{arguments:?}: {}", said(&output));
    }
    let output = contain(&["plan", "lock-bucket", "orders"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--url"));
}

#[test]
fn the_library_is_listed_without_aws() {
    let output = contain(&["actions", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let listed: Value = serde_json::from_slice(&output.stdout).expect("the output is one JSON document");
    let actions = listed.get("actions").and_then(Value::as_array).expect("there is a list");
    let fields = ["id", "title", "target", "impact", "asks", "reversible", "passes"];
    assert!(actions.iter().all(|action| fields.iter().all(|field| action.get(field).is_some())));
    let text = contain(&["actions"]);
    let lines = String::from_utf8(text.stdout).expect("output is UTF-8");
    assert_eq!(lines.lines().count(), actions.len());
    assert!(lines.contains("lock-bucket"));
}

/// What `judge` says of `given`, and its exit code.
fn judged(arguments: &[&str], given: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin"));
    command
        .args(["contain", "judge"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    child.stdin.take().expect("standard input is piped").write_all(given.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code(), String::from_utf8(said).expect("output is UTF-8"))
}

#[test]
fn what_was_read_back_is_judged_by_the_rules_of_the_action() {
    let record = |now: &str| format!(r#"{{"before": {{"status": "Active"}}, "observation": {{"status": "{now}"}}}}"#);
    let action = "deactivate-access-key";
    assert_eq!(judged(&[action], &record("Inactive")), (Some(0), "shown\n".to_owned()));
    let (code, said) = judged(&[action, "--json"], &record("Active"));
    assert!(code == Some(1) && said.contains(r#""shown":false"#) && said.contains("/status"), "{said}");
    assert_eq!(judged(&[action, "--reversal"], &record("Active")).0, Some(0));
    assert_eq!(judged(&[action, "--reversal"], &record("Inactive")).0, Some(1));
    for (arguments, given) in [(["lock-buckets"], record("Active")), ([action], "{}".to_owned())] {
        assert_eq!(judged(&arguments, &given).0, Some(2));
    }
}

#[test]
fn settings_are_checked_and_said_in_words() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/containment.example.json");
    let output = contain(&["check", example, "--at", "2026-06-01T00:00:00Z"]);
    let words = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for line in ["No automatic action touches `i-0123456789abcdef0`.", "at most 10 actions an incident", "not checked"]
    {
        assert!(words.contains(line), "{words}");
    }
    let late = contain(&["check", example, "--at", "2027-06-01T00:00:00Z"]);
    assert!(late.status.code() == Some(1) && said(&late).contains("does not count at this time"));
}
