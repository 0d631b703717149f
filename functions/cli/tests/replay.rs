//! `tocsin replay` as a process: lines in, lines out, exit codes, advice on standard error.
#![expect(clippy::expect_used, reason = "output that is not as expected fails the test")]

use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn replay(arguments: &[&str], input: &[u8]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tocsin"))
        .arg("replay")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut pipe = process.stdin.take().expect("standard input is a pipe");
    let input = input.to_vec();
    // A process that refuses its arguments does not read, and closes the pipe.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = process.wait_with_output().expect("the process ends");
    writer.join().expect("the writer ends");
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn finding(id: &str) -> Value {
    json!({
        "id": id, "type": "Backdoor:EC2/C&CActivity.B", "accountId": "111122223333", "region": "eu-central-1", "severity": 8,
        "title": "Command and control", "service": {"serviceName": "guardduty"},
        "resource": {"instanceDetails": {"instanceId": "i-0c4ec0c0ffee12345"}},
    })
}

#[test]
fn a_finding_comes_out_with_its_playbook_and_its_plan() {
    let output = replay(&[], finding("1").to_string().as_bytes());
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    assert_eq!(
        lines(&output),
        [json!({
            "line": 1, "ok": true,
            "finding": {
                "id": "1", "source": "guardduty", "format": "guardduty", "type": "Backdoor:EC2/C&CActivity.B",
                "title": "Command and control", "severity": {"score": 80, "label": "HIGH"}, "account": "111122223333",
                "region": "eu-central-1", "first_seen": null, "last_seen": null, "sample": false, "archived": false,
                "entities": [{"kind": "instance", "id": "i-0c4ec0c0ffee12345", "arn": null}],
                "category": "instance-compromise",
            },
            "playbook": "instance-compromise",
            "plan": [{"action": "isolate-instance", "target": "i-0c4ec0c0ffee12345", "needs_approval": false}],
        })]
    );
}

#[test]
fn lines_keep_their_numbers_and_a_bad_one_does_not_stop_the_rest() {
    let two =
        json!({"Findings": [finding("2"), {"id": "3", "type": "A:B/C", "service": {"serviceName": "guardduty"}}]});
    let input = format!("\u{FEFF}{}\r\n\n{{\"broken\"\n{two}\n{{}}", finding("1"));
    let output = replay(&["-"], input.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let brief: Vec<_> = lines(&output)
        .iter()
        .map(|line| {
            (line["line"].clone(), line["ok"].clone(), line["error"]["code"].clone(), line["error"]["path"].clone())
        })
        .collect();
    assert_eq!(
        brief,
        [
            (json!(1), json!(true), Value::Null, Value::Null),
            (json!(3), json!(false), json!("invalid-json"), json!("$")),
            (json!(4), json!(true), Value::Null, Value::Null),
            (json!(4), json!(false), json!("missing-field"), json!("$.Findings[1].accountId")),
            (json!(5), json!(false), json!("unknown-source"), json!("$")),
        ]
    );
    let advice = String::from_utf8(output.stderr).expect("advice is UTF-8");
    assert!(advice.contains("3 could not be read") && advice.contains("jq -c"), "{advice}");
}

#[test]
fn nothing_is_planned_for_a_sample() {
    let mut sample = finding("1");
    sample["service"]["additionalInfo"] = json!({"sample": true});
    let line = lines(&replay(&[], sample.to_string().as_bytes())).remove(0);
    assert_eq!((&line["finding"]["sample"], &line["plan"]), (&json!(true), &json!([])));
}

#[test]
fn a_line_that_is_too_long_is_refused_and_skipped() {
    let mut input = vec![b'['; 3 * 1024 * 1024];
    input.push(b'\n');
    input.extend(finding("1").to_string().bytes());
    let output = replay(&[], &input);
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!(lines[0]["error"]["code"], "too-large");
    assert_eq!((&lines[1]["line"], &lines[1]["ok"]), (&json!(2), &json!(true)));
}

#[test]
fn no_input_is_no_error() {
    let output = replay(&[], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}

#[test]
fn wrong_calls_exit_with_2_and_say_what_to_do() {
    for arguments in [&["--unknown"][..], &["a", "b"], &["does-not-exist.jsonl"]] {
        let output = replay(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
}
