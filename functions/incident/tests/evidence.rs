//! A sealed case holds; a case in which anything was altered, removed, added or moved does not, and everything is named.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where it fails"
)]

#[path = "evidence/case.rs"]
mod case;

use case::{CUSTODY, MANIFEST, SEAL, SIGNATURE, resealed, sealed_case, sign};
use incident::Digest;
use incident::evidence::custody::{CustodyEntry, Deed};
use incident::evidence::verify::{Kind, Signature};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_sealed_case_holds() {
    let verified = sealed_case().verify().unwrap();
    assert_eq!((verified.files, verified.custody_entries, verified.gaps), (4, 6, 2));
    assert_eq!(verified.signature, Signature::Checked);
    assert!(verified.is_proved());
    assert_eq!(verified.beside, ["report.html"]);
}

#[test]
fn without_the_key_nothing_is_called_proved() {
    let verified = sealed_case().verify_without_key().unwrap();
    assert_eq!(verified.signature, Signature::NotChecked);
    assert!(!verified.is_proved());
}

#[test]
fn another_key_proves_nothing() {
    let broken = sealed_case().verify_with(&case::key(8)).unwrap_err();
    assert_eq!(broken.iter().map(|broken| broken.kind).collect::<Vec<_>>(), [Kind::BadSignature]);
}

/// Every way to change one leaf of a JSON document, to add a field and to take one away, with what was changed.
fn alterations(document: &Value) -> Vec<(String, Value)> {
    fn places(value: &Value, pointer: String, leaves: &mut Vec<String>, objects: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                objects.push(pointer.clone());
                map.iter().for_each(|(key, inner)| places(inner, format!("{pointer}/{key}"), leaves, objects));
            }
            Value::Array(list) => list
                .iter()
                .enumerate()
                .for_each(|(place, inner)| places(inner, format!("{pointer}/{place}"), leaves, objects)),
            _ => leaves.push(pointer),
        }
    }
    let (mut leaves, mut objects) = (Vec::new(), Vec::new());
    places(document, String::new(), &mut leaves, &mut objects);
    let mut found = Vec::new();
    for pointer in leaves {
        let mut altered = document.clone();
        let leaf = altered.pointer_mut(&pointer).unwrap();
        *leaf = match leaf.clone() {
            Value::String(text) => json!(changed(&text)),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::Bool(value) => json!(!value),
            _ => json!("added"),
        };
        found.push((pointer, altered));
    }
    for pointer in objects {
        let keys: Vec<String> = document.pointer(&pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        for key in keys {
            let mut altered = document.clone();
            altered.pointer_mut(&pointer).unwrap().as_object_mut().unwrap().remove(&key);
            found.push((format!("{pointer} without {key}"), altered));
        }
        let mut altered = document.clone();
        altered.pointer_mut(&pointer).unwrap().as_object_mut().unwrap().insert("planted".into(), json!(1));
        found.push((format!("{pointer} with one more"), altered));
    }
    found
}

/// A text of the same form as far as that can be: the last digit or letter is another.
fn changed(text: &str) -> String {
    let place = text.rfind(|character: char| character.is_ascii_alphanumeric() && character != 'Z');
    let Some(place) = place else { return format!("{text}x") };
    let other = if text.as_bytes()[place] == b'1' { "2" } else { "1" };
    let mut changed = text.to_owned();
    changed.replace_range(place..=place, other);
    changed
}

#[test]
fn altering_any_field_of_any_paper_is_found_and_named() {
    let case = sealed_case();
    let mut tried = 0;
    for path in [MANIFEST, SEAL, CUSTODY] {
        let text = case.text(path);
        let rows: Vec<&str> = if path == CUSTODY { text.lines().collect() } else { vec![&text] };
        for (place, row) in rows.iter().enumerate() {
            for (field, altered) in alterations(&serde_json::from_str(row).unwrap()) {
                let mut broken = case.clone();
                let mut kept: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
                kept[place] = altered.to_string();
                broken.put(path, (kept.join("\n") + "\n").into_bytes());
                let found = broken.verify().unwrap_err();
                let is_named = found.iter().any(|broken| {
                    broken.path == path && (path != CUSTODY || broken.line == Some(place + 1))
                        || broken.what.contains(&format!("`{path}`"))
                });
                assert!(is_named, "{path}:{} {field}: {found:?}", place + 1);
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "only {tried} alterations were tried");
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let mut case = sealed_case();
    let files = case.evidence();
    case.put(&files[0], b"another".to_vec());
    case.remove(&files[1]);
    case.put("evidence/finding/0000000000000000/planted.json", b"{}".to_vec());
    let found = case.verify().unwrap_err();
    let named: Vec<(Kind, &str)> = found.iter().map(|broken| (broken.kind, broken.path.as_str())).collect();
    assert_eq!(
        named,
        [
            (Kind::Altered, files[0].as_str()),
            (Kind::Missing, files[1].as_str()),
            (Kind::Added, "evidence/finding/0000000000000000/planted.json"),
        ]
    );
}

#[test]
fn removing_any_file_is_found() {
    let case = sealed_case();
    for path in case.paths().into_iter().filter(|path| path != "report.html") {
        let mut broken = case.clone();
        broken.remove(&path);
        let found = broken.verify().unwrap_err();
        assert!(found.iter().any(|broken| broken.kind == Kind::Missing && broken.path == path), "{path}: {found:?}");
    }
}

#[test]
fn swapping_two_files_is_found_in_both_places() {
    let case = sealed_case();
    let files = case.evidence();
    let mut broken = case.clone();
    broken.put(&files[0], case.bytes(&files[1]));
    broken.put(&files[1], case.bytes(&files[0]));
    let found = broken.verify().unwrap_err();
    let named: Vec<&str> = found.iter().map(|broken| broken.path.as_str()).collect();
    assert_eq!(named, [files[0].as_str(), files[1].as_str()]);
}

#[test]
fn an_older_manifest_put_back_is_found_and_called_that() {
    let old = sealed_case();
    let mut case = resealed(&old);
    case.verify().unwrap();
    case.put(MANIFEST, old.bytes(MANIFEST));
    let found = case.verify().unwrap_err();
    assert!(found.iter().any(|broken| broken.path == MANIFEST && broken.what.contains("of entry 6")), "{found:?}");
    // With the older seal as well, the log still tells of the later one.
    case.put(SEAL, old.bytes(SEAL));
    case.put(SIGNATURE, old.bytes(SIGNATURE));
    let found = case.verify().unwrap_err();
    assert!(found.iter().any(|broken| broken.kind == Kind::Unsealed && broken.path == SEAL), "{found:?}");
}

#[test]
fn a_log_that_was_cut_and_chained_anew_is_found_by_the_signature() {
    let case = sealed_case();
    let mut chain = case.chain();
    // Everything agrees with everything, as whoever can write every file can make it: only the signature cannot be made.
    let gap = chain.iter().position(|entry| entry.deed == Deed::GapRecorded).unwrap();
    chain.remove(gap);
    let mut manifest: Value = serde_json::from_slice(&case.bytes(MANIFEST)).unwrap();
    for item in manifest["items"].as_array_mut().unwrap() {
        let folder = item["path"].as_str().unwrap().to_owned();
        item["gaps"].as_array_mut().unwrap().retain(|gap| {
            let path = format!("{folder}/{}", gap["part"].as_str().unwrap());
            chain.iter().any(|entry| entry.deed == Deed::GapRecorded && entry.path == path)
        });
    }
    let mut forged = case.clone();
    forged.forge(chain, &manifest);
    assert_eq!(forged.verify_without_key().unwrap().gaps, 1, "without the key it cannot be seen");
    let found = forged.verify().unwrap_err();
    assert_eq!(found.iter().map(|broken| broken.kind).collect::<Vec<_>>(), [Kind::BadSignature], "{found:?}");
    // The forger's own signature is none of ours.
    let seal = forged.bytes(SEAL);
    forged.put(SIGNATURE, sign(&seal, &case::key(8)));
    assert_eq!(forged.verify().unwrap_err()[0].kind, Kind::BadSignature);
}

#[test]
fn truncating_the_log_is_found() {
    let case = sealed_case();
    let log = case.text(CUSTODY);
    let rows: Vec<&str> = log.lines().collect();
    for kept in 0..rows.len() {
        let mut broken = case.clone();
        broken.put(CUSTODY, rows[..kept].iter().map(|row| format!("{row}\n")).collect::<String>().into_bytes());
        let found = broken.verify().unwrap_err();
        assert!(found.iter().any(|broken| broken.kind == Kind::Missing && broken.path == CUSTODY), "{kept}: {found:?}");
    }
}

#[test]
fn removing_doubling_or_moving_any_entry_is_named() {
    let case = sealed_case();
    let log = case.text(CUSTODY);
    let rows: Vec<&str> = log.lines().collect();
    let with = |rows: &[&str]| {
        let mut broken = case.clone();
        broken.put(CUSTODY, (rows.join("\n") + "\n").into_bytes());
        broken.verify().unwrap_err()
    };
    for place in 0..rows.len() {
        let mut without = rows.clone();
        without.remove(place);
        let found = with(&without);
        let is_missing = |kind, path: &str| kind == Kind::Missing && path == CUSTODY;
        assert!(found.iter().any(|broken| is_missing(broken.kind, &broken.path)), "{place}: {found:?}");

        let mut doubled = rows.clone();
        doubled.insert(place, rows[place]);
        let found = with(&doubled);
        assert!(found.iter().any(|broken| broken.kind == Kind::Added && broken.line == Some(place + 2)), "{found:?}");

        if place > 0 {
            let mut moved = rows.clone();
            moved.swap(place - 1, place);
            let found = with(&moved);
            let is_moved = |kind, line| kind == Kind::Reordered && line == Some(place + 1);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(is_moved(found[0].kind, found[0].line), "{place}: {found:?}");
        }
    }
}

#[test]
fn what_was_entered_after_the_seal_is_named_as_not_sealed() {
    let mut case = sealed_case();
    case.enter(Deed::Fetched, MANIFEST, None, "for the court");
    let verified = case.verify().unwrap();
    assert_eq!(verified.unsealed.iter().map(|later| later.sequence).collect::<Vec<_>>(), [7]);
    assert!(!verified.is_proved());

    // Evidence that came after the seal is no planted file, and no proof either.
    let sums = Digest::of(b"whatever");
    case.enter(Deed::Preserved, "evidence/bucket/ffffffffffffffff", Some(sums), "response");
    case.put("evidence/bucket/ffffffffffffffff/policy-0001.xml", b"<x/>".to_vec());
    let found = case.verify().unwrap_err();
    assert_eq!(found.iter().map(|broken| broken.kind).collect::<Vec<_>>(), [Kind::Unsealed], "{found:?}");
}

#[test]
fn a_manifest_cannot_make_the_verifier_read_other_files() {
    let case = sealed_case();
    for path in ["../../etc", "evidence/../..", "/etc", "evidence//x", "report"] {
        let mut manifest: Value = serde_json::from_slice(&case.bytes(MANIFEST)).unwrap();
        manifest["items"][0]["path"] = json!(path);
        let mut broken = case.clone();
        broken.put(MANIFEST, manifest.to_string().into_bytes());
        let found = broken.verify().unwrap_err();
        assert!(found.iter().any(|broken| broken.what.contains("outside of `evidence/`")), "{path}: {found:?}");
        assert!(!broken.measured().iter().any(|measured| measured.starts_with(path)), "{path} was read");
    }
}

#[test]
fn an_entry_numbered_without_bound_ends() {
    let mut case = sealed_case();
    let mut chain = case.chain();
    chain[2].sequence = u64::MAX;
    chain[2].hash = chain[2].computed_hash();
    case.put_chain(&chain);
    assert!(case.verify().is_err());
}

/// The files of a case, changed by one byte or by bytes at the end.
fn damage() -> impl Strategy<Value = (prop::sample::Index, prop::sample::Index, u8, Vec<u8>)> {
    (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=255_u8, prop::collection::vec(any::<u8>(), 1..4))
}

proptest! {
    // Each case is signed and checked several times.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_byte_of_a_case_can_be_changed((file, place, flip, appended) in damage()) {
        let case = sealed_case();
        let paths: Vec<String> = case.paths().into_iter().filter(|path| path != "report.html").collect();
        let path = file.get(&paths);
        let bytes = case.bytes(path);
        for damaged in [
            { let mut bytes = bytes.clone(); let place = place.index(bytes.len()); bytes[place] ^= flip; bytes },
            bytes.iter().copied().chain(appended.iter().copied()).collect(),
            bytes[..place.index(bytes.len())].to_vec(),
        ] {
            let mut broken = case.clone();
            broken.put(path, damaged);
            let found = broken.verify().unwrap_err();
            let is_named = |at: &str, what: &str| at == path || what.contains(&format!("`{path}`"));
            prop_assert!(found.iter().any(|broken| is_named(&broken.path, &broken.what)), "{}: {:?}", path, found);
        }
    }

    #[test]
    fn no_order_of_the_log_but_its_own_holds(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()) {
        let case = sealed_case();
        let chain = case.chain();
        let shuffled: Vec<CustodyEntry> = order.iter().map(|place| chain[*place].clone()).collect();
        let mut moved = case.clone();
        moved.put_chain(&shuffled);
        prop_assert_eq!(moved.verify().is_ok(), order.is_sorted());
    }
}

#[test]
fn a_path_tells_nothing_of_its_subject_and_no_two_subjects_share_one() {
    let folder = |subject: &str| case::item("bucket", subject).folder();
    assert_ne!(folder("arn:aws:x/1"), folder("arn-aws-x-1"));
    for subject in ["../../etc/passwd", "jane.doe@example.com"] {
        let name = folder(subject).strip_prefix("evidence/bucket/").unwrap().to_owned();
        assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}

#[test]
fn the_schemas_are_of_the_formats_that_are_written() {
    use incident::evidence::schema::Paper;
    use incident::evidence::{manifest, seal};
    let schema = |paper: Paper| serde_json::from_str::<Value>(paper.schema()).unwrap();
    assert_eq!(schema(Paper::Manifest)["properties"]["format"]["const"], manifest::FORMAT);
    assert_eq!(schema(Paper::Seal)["properties"]["format"]["const"], seal::FORMAT);
    assert_eq!(schema(Paper::Seal)["properties"]["algorithm"]["const"], seal::ALGORITHM);
    let case = sealed_case();
    for (paper, text) in
        [(Paper::Custody, case.text(CUSTODY).lines().next().unwrap().to_owned()), (Paper::Seal, case.text(SEAL))]
    {
        let document: Value = serde_json::from_str(&text).unwrap();
        let written: Vec<&String> = document.as_object().unwrap().keys().collect();
        let schema = schema(paper);
        let described: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(written, described);
    }
}
