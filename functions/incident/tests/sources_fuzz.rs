//! Fuzzing of translation, for every folder of `src/sources`: its fixtures, and with `FINDINGS_CORPUS` (feature `corpus`) the
//! real documents of its format, mutated and damaged. Each is read or refused with a code and a path; nothing panics, and
//! what comes out is never more than a constant times what went in.
//!
//! A run is bounded by cases: `PROPTEST_CASES` sets how many a source (256 where it is not set). Proptest rather than
//! cargo-fuzz, since libFuzzer's instrumentation needs a nightly compiler, and this project builds with the stable one; mutations
//! that know JSON also reach the code behind the parser, where random bytes end at it.
#![expect(clippy::expect_used, clippy::panic, reason = "a fixture that is not as expected fails the test")]

mod mutation;

use incident::Finding;
use incident::sources::{Code, MAX_BYTES, MAX_DEPTH, Unreadable, read};
use mutation::{damage, deface, mutate, nested};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// What may come out for a byte that went in: an id can also stand in an ARN, a bucket's name before that of its object.
const OUT_FOR_A_BYTE: usize = 6;

/// What may come out for each finding besides: the names of its members, or the path and message of its refusal.
const OUT_FOR_A_FINDING: usize = 1024;

/// The documents to begin from, by source.
fn seeds() -> BTreeMap<String, Vec<Value>> {
    let mut seeds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources");
    for folder in std::fs::read_dir(sources).expect("there is a folder of sources").flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        // What lies there beside the sources is code.
        let Ok(fixtures) = std::fs::read_dir(folder.path().join("fixtures")) else { continue };
        for fixture in fixtures.flatten() {
            let text = std::fs::read_to_string(fixture.path()).expect("a fixture can be read");
            let document = serde_json::from_str(&text).expect("a fixture is JSON");
            seeds.entry(name.clone()).or_default().push(document);
        }
    }
    assert!(seeds.len() >= 3, "the sources are not where they were: {:?}", seeds.keys());
    #[cfg(feature = "corpus")]
    for document in corpus() {
        let format = read(document.to_string().as_bytes())
            .ok()
            .and_then(|findings| findings.into_iter().find_map(Result::ok))
            .map_or_else(|| "refused".to_owned(), |finding| finding.format);
        seeds.entry(format!("{format}, of the corpus")).or_default().push(document);
    }
    seeds
}

/// Every document of the corpus, which is other people's and no part of this repository.
#[cfg(feature = "corpus")]
#[expect(clippy::disallowed_methods, reason = "the corpus lies wherever the machine has it; only the test reads where")]
fn corpus() -> Vec<Value> {
    let folder = std::env::var_os("FINDINGS_CORPUS").expect("set FINDINGS_CORPUS to the folder of the corpus");
    let files = std::fs::read_dir(folder).expect("there is a corpus").flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "jsonl"));
    let texts = files.map(|file| std::fs::read_to_string(file.path()).expect("a file of the corpus can be read"));
    texts.flat_map(|text| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>()).collect()
}

/// Holds `law` for as many cases a source as are asked for, and names the source that breaks it. The seed is fixed: a run that
/// fails in one place fails everywhere.
fn for_every_source<S: Strategy>(
    strategy: impl Fn(Vec<Value>) -> S,
    law: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    for (source, seeds) in seeds() {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let config = Config { failure_persistence: None, ..Config::default() };
        match TestRunner::new_with_rng(config, rng).run(&strategy(seeds), &law) {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => panic!("{source}: {reason}\n{case:?}"),
            Err(TestError::Abort(reason)) => panic!("{source}: {reason}"),
        }
    }
}

/// Reads `text`, and checks that what comes out is whole, bounded, and the same each time.
fn check(text: &[u8]) -> Result<(), TestCaseError> {
    let read_all = || read(text).unwrap_or_else(|refusal| vec![Err(refusal)]);
    let findings = read_all();
    prop_assert!(!findings.is_empty());
    let mut written = 0;
    for finding in &findings {
        written += match finding {
            Ok(finding) => check_finding(finding)?,
            Err(refusal) => check_refusal(refusal)?,
        };
    }
    let allowed = OUT_FOR_A_FINDING * findings.len() + OUT_FOR_A_BYTE * text.len();
    prop_assert!(written <= allowed, "{} bytes came of {}, in {} findings", written, text.len(), findings.len());
    prop_assert_eq!(findings, read_all());
    Ok(())
}

/// The size of a finding, once it is known to be whole.
fn check_finding(finding: &Finding) -> Result<usize, TestCaseError> {
    prop_assert!(!finding.id.is_empty() && !finding.account.is_empty() && !finding.kind.is_empty());
    prop_assert!(finding.severity.score <= 100);
    let named: HashSet<_> = finding.entities.iter().map(|entity| (entity.kind, &entity.id)).collect();
    prop_assert_eq!(named.len(), finding.entities.len());
    prop_assert!(finding.entities.iter().all(|entity| !entity.id.is_empty()));
    let text = serde_json::to_string(finding).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let again: Finding = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(finding, &again);
    Ok(text.len())
}

/// The size of a refusal, once it is known to have one of the codes, a path and a message.
fn check_refusal(refusal: &Unreadable) -> Result<usize, TestCaseError> {
    prop_assert!(Code::ALL.iter().any(|code| code.as_str() == refusal.code));
    prop_assert!(refusal.path.starts_with('$') && !refusal.message.is_empty());
    Ok(refusal.code.len() + refusal.path.len() + refusal.message.len())
}

#[test]
fn mutated_documents_are_read_or_refused() {
    let strategy = |seeds| (select(seeds), prop::collection::vec(mutation::mutation(), 1..8));
    for_every_source(strategy, |(mut document, mutations)| {
        for mutation in &mutations {
            mutate(&mut document, mutation);
        }
        check(document.to_string().as_bytes())
    });
}

#[test]
fn damaged_text_is_read_or_refused() {
    let strategy = |seeds| (select(seeds), prop::collection::vec(damage(), 1..6));
    for_every_source(strategy, |(document, damages)| {
        let mut text = document.to_string().into_bytes();
        for damage in &damages {
            deface(&mut text, damage);
        }
        check(&text)
    });
}

/// What comes of a document that is too much as a whole: one refusal, at `$`.
fn refused_whole(text: &[u8]) -> Option<(&'static str, String)> {
    read(text).err().map(|refusal| (refusal.code, refusal.path))
}

#[test]
fn too_large_and_too_deep_are_refused_by_name() {
    for (source, seeds) in seeds() {
        for document in seeds.into_iter().take(2) {
            let text = document.to_string();
            let padded = format!("{text}{}", " ".repeat(MAX_BYTES + 1 - text.len()));
            let expected = Some((Code::TooLarge.as_str(), "$".to_owned()));
            assert_eq!(refused_whole(padded.as_bytes()), expected, "{source}");
            assert!(
                refused_whole(&padded.as_bytes()[..MAX_BYTES]) != expected,
                "{source}: the limit itself is allowed"
            );

            let expected = Some((Code::TooDeep.as_str(), "$".to_owned()));
            for is_list in [true, false] {
                let deep = nested(document.clone(), MAX_DEPTH + 1, is_list);
                assert_eq!(refused_whole(deep.to_string().as_bytes()), expected, "{source}");
            }
            // Deep in a place that nobody looks at: the limit is the parser's, not the translation's.
            let beside = json!([document, nested(json!(null), MAX_DEPTH + 1, true)]);
            assert_eq!(refused_whole(beside.to_string().as_bytes()), expected, "{source}");
        }
    }
}

/// A long name before a long list: what is copied for each element must not be as long as the document.
#[test]
fn a_long_name_is_not_copied_for_every_element() {
    let long = "n".repeat(20_000);
    for (source, seeds) in seeds() {
        for document in seeds.into_iter().take(16) {
            let mut found = Vec::new();
            collect(&document, &mut String::new(), &mut found);
            let lists = found.iter().filter(|(_, is_text)| !is_text).map(|(place, _)| place);
            for list in lists {
                let mut many = document.clone();
                let Some(Value::Array(elements)) = many.pointer_mut(list) else { continue };
                let Some(first) = elements.first().cloned() else { continue };
                *elements = (0..24).map(|number| numbered(&first, number)).collect();
                // The names that stand before the list: beside it, or beside what it lies in.
                let is_before = |place: &str| list.starts_with(place.rsplit_once('/').unwrap_or_default().0);
                for (text, _) in found.iter().filter(|(place, is_text)| *is_text && is_before(place)) {
                    let mut document = many.clone();
                    if let Some(value) = document.pointer_mut(text) {
                        *value = json!(long);
                    }
                    if let Err(error) = check(document.to_string().as_bytes()) {
                        panic!("{source}, {text} before {list}: {error}");
                    }
                }
            }
        }
    }
}

/// Three documents in which one long name was once copied for each of many short elements.
#[test]
fn what_grew_with_the_square_of_a_document_does_not() {
    let long = "n".repeat(60_000);
    let objects: Vec<Value> = (0..60).map(|number| json!({"key": format!("k{number}")})).collect();
    let types: Vec<Value> =
        (0..60).map(|number| json!({"Id": format!("f{number}"), "Types": ["a"], "ProductArn": "p"})).collect();
    let of_bucket = json!({
        "id": "f", "type": "Exfiltration:S3/AnomalousBehavior", "accountId": "111122223333", "severity": 8,
        "resource": {"s3BucketDetails": [{"name": long, "s3ObjectDetails": objects}]},
    });
    let event = |account: &str, region: &str| {
        let kind = "Security Hub Findings - Imported";
        json!({"detail-type": kind, "source": "s", "account": account, "region": region, "detail": {"findings": types}})
    };
    for document in [of_bucket, event(&long, "eu-central-1"), event("111122223333", &long)] {
        let text = document.to_string();
        assert!(read(text.as_bytes()).is_ok_and(|findings| !findings.is_empty()));
        check(text.as_bytes()).expect("what comes out is bounded");
    }
}

/// `value` with other names, so that what it names is not dropped as a repeat.
fn numbered(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text}{number}")),
        Value::Object(members) => {
            let is_name = |key: &str| ["key", "id", "uid", "arn"].contains(&key.to_ascii_lowercase().as_str());
            let renamed = members
                .iter()
                .map(|(key, inner)| (key.clone(), if is_name(key) { numbered(inner, number) } else { inner.clone() }));
            Value::Object(renamed.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.clone(),
    }
}

/// The places of strings and of lists.
fn collect(value: &Value, place: &mut String, found: &mut Vec<(String, bool)>) {
    let length = place.len();
    let mut below = |step: String, inner: &Value| {
        place.push('/');
        place.push_str(&step.replace('~', "~0").replace('/', "~1"));
        collect(inner, place, found);
        place.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, inner)| below(key.clone(), inner)),
        Value::Array(list) => {
            list.iter().take(1).for_each(|inner| below("0".to_owned(), inner));
            found.push((place.clone(), false));
        }
        Value::String(_) => found.push((place.clone(), true)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
