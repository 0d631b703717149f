//! `tocsin evidence` and `tocsin verify` as processes, as far as they go without AWS.
#![expect(clippy::expect_used, reason = "output that is not as expected fails the test")]

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn tocsin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tocsin")).args(arguments).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("advice is UTF-8")
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(folder.join("evidence")).expect("a folder can be made");
    folder
}

#[test]
fn a_wrong_argument_is_named_and_nothing_is_sent() {
    let incident = format!("inc-{}", "0".repeat(20));
    let place = ["--url", "http://127.0.0.1:9/"];
    for (arguments, named) in [
        (vec!["list", "inc-1", "--reason", "court"], "INCIDENT"),
        (vec!["list", &incident, "--reason", " "], "--reason"),
        (vec!["list", &incident], "--reason"),
        (vec!["fetch", &incident, "--reason", "court"], "--to"),
        (vec!["fetch", &incident, "../../etc/passwd", "--to", "here", "--reason", "court"], "PATH"),
        (vec!["fetch", &incident, "/etc/passwd", "--to", "here", "--reason", "court"], "PATH"),
        (vec!["erasure", &incident, "--reason", "asked", "--request", "7"], "--legal-basis"),
        (vec!["hold", &incident], "--reason"),
    ] {
        let output = tocsin(&[["evidence"].as_slice(), arguments.as_slice(), &place].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && said(&output).contains(named), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_key_that_is_none_is_no_check_without_one() {
    let folder = folder("a-key-that-is-none");
    let key = folder.join("key.pem");
    fs::write(&key, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").expect("a file can be written");
    let (place, key) = (folder.display().to_string(), key.display().to_string());
    for key in [key, format!("{place}/none.pem")] {
        let output = tocsin(&["verify", &place, "--key", &key]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(&key), "{}", said(&output));
    }
}

#[test]
fn every_missing_paper_is_named_and_no_link_is_followed() {
    let folder = folder("every-missing-paper");
    std::os::unix::fs::symlink("/dev/zero", folder.join("manifest.json")).expect("a link can be made");
    std::os::unix::fs::symlink("/", folder.join("evidence/root")).expect("a link can be made");
    let output = tocsin(&["verify", &folder.display().to_string(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let outcome: Value = serde_json::from_slice(&output.stdout).expect("the outcome is JSON");
    let named: Vec<(&str, &str)> = outcome["all"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|broken| (broken["kind"].as_str().unwrap_or("-"), broken["path"].as_str().unwrap_or("-")))
        .collect();
    let missing = [("missing", "custody.jsonl"), ("missing", "seal.json"), ("missing", "seal.json.sig")];
    assert_eq!(named, [missing.as_slice(), &[("unreadable", "manifest.json")]].concat());
}

#[test]
fn the_formats_are_printed() {
    for paper in ["manifest", "custody", "seal"] {
        let output = tocsin(&["verify", "--schema", paper]);
        assert!(output.status.success());
        let schema: Value = serde_json::from_slice(&output.stdout).expect("a schema is JSON");
        assert_eq!(schema["additionalProperties"], false, "{paper}");
        assert!(schema["$id"].as_str().is_some_and(|id| id.contains(paper)), "{paper}");
    }
    assert_eq!(tocsin(&["verify"]).status.code(), Some(2));
}
