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
                "title": "Command and control", "severity": {"score": 80, "label": "HIGH"}, "confidence": 70,
                "account": "111122223333",
                "region": "eu-central-1", "first_seen": null, "last_seen": null, "updated_at": null,
                "sample": false, "archived": false,
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

/// Where each answer stands, and the id of the finding or the code and the path of the refusal.
fn brief(output: &Output) -> Vec<(u64, String)> {
    let of = |line: &Value| {
        let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let refusal = || format!("{} {}", text("/error/code"), text("/error/path"));
        let what = if line["ok"] == true { text("/finding/id") } else { refusal() };
        (line["line"].as_u64().unwrap_or_default(), what)
    };
    lines(output).iter().map(of).collect()
}

fn answers(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, what)| (*line, (*what).to_owned())).collect()
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).expect("a value can be written")
}

/// As in `a_finding_comes_out…`, but in few lines when it is written out over several.
fn small(id: &str) -> Value {
    json!({"id": id, "type": "Recon:EC2/Portscan", "accountId": "111122223333"})
}

#[test]
fn a_document_may_span_lines() {
    let event = json!({"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": small("1")});
    for document in [small("1"), event] {
        let output = replay(&[], format!("\n{}\n", pretty(&document)).as_bytes());
        assert_eq!((output.status.code(), brief(&output)), (Some(0), answers(&[(2, "1")])));
    }
    let one_after_the_other = format!("{}\n{}\n{}", pretty(&small("1")), pretty(&small("2")), small("3"));
    assert_eq!(brief(&replay(&[], one_after_the_other.as_bytes())), answers(&[(1, "1"), (6, "2"), (11, "3")]));
}

#[test]
fn lists_that_span_lines_are_answered_element_by_element() {
    let list = json!([small("1"), {"type": "A:B/C"}, 5, small("2")]);
    let path = |prefix: &str| format!("unknown-source {prefix}[1]");
    let output = replay(&[], pretty(&list).as_bytes());
    let expected = answers(&[(2, "1"), (7, &path("$")), (10, "unknown-source $[2]"), (11, "2")]);
    assert_eq!(brief(&output), expected);
    for name in ["Findings", "findings", "Records"] {
        let output = replay(&[], pretty(&json!({ name: list, "NextToken": "x" })).as_bytes());
        let prefix = format!("$.{name}");
        assert_eq!(brief(&output).iter().map(|(line, _)| *line).collect::<Vec<_>>().len(), 4);
        assert!(brief(&output).iter().any(|(_, what)| *what == path(&prefix)), "{name}");
    }
    assert_eq!(brief(&replay(&[], b"{\n\"Findings\": []\n}")), answers(&[(1, "not-a-finding $")]));
}

#[test]
fn documents_may_stand_end_to_end() {
    let input = format!("{}{} {}\n{}", small("1"), small("2"), json!([small("3")]), small("4"));
    assert_eq!(brief(&replay(&[], input.as_bytes())), answers(&[(1, "1"), (1, "2"), (1, "3"), (2, "4")]));
    let garbage = format!("{} and more\n{}", small("1"), small("2"));
    assert_eq!(brief(&replay(&[], garbage.as_bytes())), answers(&[(1, "invalid-json $"), (2, "2")]));
}

#[test]
fn an_export_file_of_one_line_is_read_whatever_its_size() {
    // Numbers at every depth: only the byte behind one shows that it is over.
    let numbered = |number: u32| {
        let mut finding = small(&number.to_string());
        finding["severity"] = json!(2.5);
        finding["service"] = json!({"count": 5, "additionalInfo": {"unusual": [1, 22]}});
        finding
    };
    let many: Vec<Value> = (0..10_000).map(numbered).collect();
    for document in [json!(many), json!({"Records": many}), json!({"version": "1", "findings": many})] {
        let text = document.to_string();
        assert!(text.len() > 1024 * 1024);
        let output = replay(&[], text.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        let brief = brief(&output);
        assert_eq!(brief.len(), many.len());
        assert_eq!(brief.last(), Some(&(1, "9999".to_owned())));
    }
}

#[test]
fn an_element_that_is_too_large_or_too_deep_is_refused_by_itself() {
    let large = json!({"id": "x".repeat(1024 * 1024)});
    let input = json!([small("1"), large, small("2")]).to_string();
    assert_eq!(brief(&replay(&[], input.as_bytes())), answers(&[(1, "1"), (1, "too-large $[1]"), (1, "2")]));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let input = format!("[\n{},\n{deep},\n{}\n]", small("1"), small("2"));
    assert_eq!(brief(&replay(&[], input.as_bytes())), answers(&[(2, "1"), (3, "too-deep $[1]"), (4, "2")]));
    let lone = format!("{}\n{}", large, small("1"));
    assert_eq!(brief(&replay(&[], lone.as_bytes())), answers(&[(1, "too-large $"), (2, "1")]));
}

#[test]
fn a_document_that_is_cut_off_does_not_swallow_the_lines_after_it() {
    let input = format!("{{\"a\":\n{}\n{{\"b\": \"cut\n{}\n[1,\n{}", small("1"), small("2"), small("3"));
    let output = replay(&[], input.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let expected = [(1, "invalid-json $"), (2, "1"), (3, "invalid-json $"), (4, "2"), (6, "3")];
    let found = brief(&output);
    for answer in answers(&expected) {
        assert!(found.contains(&answer), "{answer:?} is missing in {found:?}");
    }
    let broken = pretty(&small("1")).replace("\"id\":", "id:");
    let input = format!("{broken}\n{}", small("2"));
    assert_eq!(brief(&replay(&[], input.as_bytes())), answers(&[(1, "invalid-json $"), (6, "2")]));
    let list = pretty(&json!([small("1"), small("2")]));
    let cut = list.get(..list.len() - 20).expect("the list is long enough");
    assert_eq!(brief(&replay(&[], cut.as_bytes())), answers(&[(2, "1"), (7, "invalid-json $[1]")]));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("memory can be written");
    packed.finish().expect("memory can be written")
}

#[test]
fn gzip_is_known_by_its_first_bytes_and_may_have_members() {
    let mut input = gzip(&format!("\u{FEFF}{}\n", small("1")));
    input.extend(gzip(&small("2").to_string()));
    let output = replay(&[], &input);
    assert_eq!((output.status.code(), brief(&output)), (Some(0), answers(&[(1, "1"), (2, "2")])));
    let cut = gzip(&format!("{}\n{}", small("1"), small("2")));
    let output = replay(&[], cut.get(..cut.len() - 10).unwrap_or_default());
    assert_eq!(output.status.code(), Some(1));
    let advice = String::from_utf8(output.stderr).expect("advice is UTF-8");
    assert!(advice.contains("cannot read line"), "{advice}");
}

#[test]
fn an_explanation_says_why_at_every_turn() {
    let explained = |finding: &Value| {
        let line = lines(&replay(&["--explain"], finding.to_string().as_bytes())).remove(0);
        line["explanation"].clone()
    };
    let planned = explained(&finding("1"));
    assert_eq!(planned["category"]["reason"], "guardduty-type");
    assert_eq!(planned["playbook"]["reason"], "claims-category");
    assert_eq!(planned["plan"][0]["action"], "isolate-instance");
    assert_eq!((&planned["plan"][0]["reason"], &planned["nothing_planned"]), (&json!("called-for"), &Value::Null));

    let mut sample = finding("1");
    sample["service"]["additionalInfo"] = json!({"sample": true});
    let mut archived = finding("1");
    archived["service"]["archived"] = json!(true);
    let of = |kind: &str| json!({"id": "1", "type": kind, "accountId": "111122223333"});
    for (finding, reason) in [
        (sample, "sample"),
        (archived, "archived"),
        (of("Policy:Kubernetes/ExposedDashboard"), "posture"),
        (of("Future:Unheard/Of"), "unclassified"),
        (of("Recon:EC2/Portscan"), "no-action"),
        (of("Exfiltration:S3/AnomalousBehavior"), "no-target"),
    ] {
        let explanation = explained(&finding);
        assert_eq!((&explanation["plan"], &explanation["nothing_planned"]["reason"]), (&json!([]), &json!(reason)));
    }
}

/// A file of settings that this test alone writes.
fn settings(name: &str, document: &Value) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, document.to_string()).expect("the folder for tests can be written");
    path.display().to_string()
}

#[test]
fn settings_protect_cap_and_refine() {
    let mut organisation: Value =
        serde_json::from_str(include_str!("../../../infra/organisation.example.json")).expect("the example is JSON");
    organisation["data_inventory"][0]["resource"] = json!("shop-training");
    organisation["data_inventory"][0]["holds"] = json!("training-data");
    let path = settings("organisation.json", &organisation);
    let mut containment: Value =
        serde_json::from_str(include_str!("../../../infra/containment.example.json")).expect("the example is JSON");
    containment["protected"] = json!(["i-0c4ec0c0ffee12345"]);
    let guard = settings("containment.json", &containment);
    let read = json!({
        "id": "1", "type": "Exfiltration:S3/AnomalousBehavior", "accountId": "111122223333",
        "resource": {
            "s3BucketDetails": [{"name": "shop-training", "arn": "arn:aws:s3:::shop-training"}],
            "instanceDetails": {"instanceId": "i-0c4ec0c0ffee12345"},
        },
    });
    let line =
        lines(&replay(&["--explain", "--organisation", &path, "--containment", &guard], read.to_string().as_bytes()))
            .remove(0);
    assert_eq!(
        (&line["playbook"], &line["finding"]["category"]),
        (&json!("training-data-leak"), &json!("data-exfiltration"))
    );
    assert_eq!(line["explanation"]["playbook"]["reason"], "holds-data");
    assert_eq!(
        line["plan"],
        json!([
            {"action": "lock-bucket", "target": "shop-training", "needs_approval": false},
            {"action": "isolate-instance", "target": "i-0c4ec0c0ffee12345", "needs_approval": true},
        ])
    );
    assert_eq!(line["explanation"]["plan"][1]["reason"], "waits-for-person");
    containment["caps"]["incident"] = json!(0);
    let guard = settings("capped.json", &containment);
    let line = lines(&replay(&["--containment", &guard], read.to_string().as_bytes())).remove(0);
    assert_eq!((&line["plan"][0]["needs_approval"], &line["explanation"]), (&json!(true), &Value::Null));
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let path = settings("misspelt.json", &json!({"protectd": []}));
    let settings = ["--organisation", "--containment"].map(|option| (option, path.as_str(), "protectd"));
    let missing = ("--organisation", "no-such-file.json", "no-such-file.json");
    for (option, path, named) in settings.into_iter().chain([missing]) {
        let output = replay(&[option, path], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(named));
    }
}
