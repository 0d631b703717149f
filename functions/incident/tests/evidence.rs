//! A sealed case holds; a case in which anything was altered, removed, added or moved does not.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where it fails"
)]

use incident::evidence::custody::{CustodyEntry, Deed, Statement};
use incident::evidence::verify::{CaseFiles, verify};
use incident::evidence::{EvidenceItem, EvidenceRecord, ItemKind, Manifest, Outcome};
use incident::{Digest, EntityKind, IncidentId};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;

#[derive(Clone)]
struct Case(BTreeMap<String, String>);

impl CaseFiles for Case {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        Ok(self.0.get(path).map(|text| (Digest::of(text.as_bytes()), text.len() as u64)))
    }

    fn text(&self, path: &str) -> Result<Option<String>, Box<dyn Error>> {
        Ok(self.0.get(path).cloned())
    }
}

fn at() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

fn sealed_case() -> Case {
    let incident = IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap();
    let mut files = BTreeMap::new();
    let mut chain: Vec<CustodyEntry> = Vec::new();
    let mut records = Vec::new();
    let mut enter = |deed, path: &str, sha256: Option<Digest>| {
        let statement =
            Statement { custodian: "preserve-evidence".into(), deed, path: path.into(), sha256, reason: "why".into() };
        let entry = CustodyEntry::after(chain.last(), incident.clone(), at(), statement);
        chain.push(entry);
    };
    for (kind, subject) in [
        (ItemKind::BucketVersions, "customer-data"),
        (ItemKind::InstanceVolumes, "i-0aa"),
        (ItemKind::PrincipalActivity, "gone"),
    ] {
        let item = EvidenceItem { kind, subject_kind: Some(EntityKind::Bucket), subject: subject.into() };
        let (path, text) = (item.path(), json!({"content": subject}).to_string());
        let outcome = if subject == "gone" {
            enter(Deed::GapRecorded, &path, None);
            Outcome::Gap { reason: "no trail".into() }
        } else {
            let sha256 = Digest::of(text.as_bytes());
            enter(Deed::Preserved, &path, Some(sha256.clone()));
            let bytes = text.len() as u64;
            files.insert(path.clone(), text);
            Outcome::Preserved { sha256, bytes }
        };
        records.push(EvidenceRecord {
            incident: incident.clone(),
            item,
            path,
            outcome,
            collected_at: at(),
            source: "s3".into(),
        });
    }
    let manifest = serde_json::to_string_pretty(&Manifest::of(incident.clone(), &records, at())).unwrap();
    enter(Deed::Sealed, "manifest.json", Some(Digest::of(manifest.as_bytes())));
    files.insert("manifest.json".into(), manifest);
    let lines = chain.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n");
    files.insert("custody.jsonl".into(), lines.collect());
    Case(files)
}

#[test]
fn a_sealed_case_holds() {
    let verified = verify(&sealed_case()).unwrap();
    assert_eq!((verified.files, verified.custody_entries, verified.gaps), (2, 4, 1));
}

/// Every way to change one leaf of a JSON document.
fn alterations(document: &Value) -> Vec<Value> {
    fn leaves(value: &Value, pointer: String, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, inner)| leaves(inner, format!("{pointer}/{key}"), found)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(place, inner)| leaves(inner, format!("{pointer}/{place}"), found))
            }
            _ => found.push(pointer),
        }
    }
    let mut pointers = Vec::new();
    leaves(document, String::new(), &mut pointers);
    pointers
        .into_iter()
        .map(|pointer| {
            let mut altered = document.clone();
            let leaf = altered.pointer_mut(&pointer).unwrap();
            *leaf = match leaf.clone() {
                Value::String(text) if text.ends_with('0') => json!(format!("{}1", &text[..text.len() - 1])),
                Value::String(text) if text.is_empty() => json!("x"),
                Value::String(text) => json!(format!("{}0", &text[..text.len() - 1])),
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                _ => json!("added"),
            };
            altered
        })
        .collect()
}

#[test]
fn altering_any_field_of_any_file_is_found_and_named() {
    let case = sealed_case();
    let mut tried = 0;
    for (path, text) in &case.0 {
        let lines: Vec<&str> = if path == "custody.jsonl" { text.lines().collect() } else { vec![text] };
        for (place, line) in lines.iter().enumerate() {
            for altered in alterations(&serde_json::from_str(line).unwrap()) {
                let mut broken = case.clone();
                let mut kept: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
                kept[place] = altered.to_string();
                broken.0.insert(path.clone(), kept.join("\n"));
                let found = verify(&broken).unwrap_err().to_string();
                assert!(found.contains(path.as_str()), "{path}: {found}");
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "only {tried} alterations were tried");
}

#[test]
fn removing_adding_or_moving_anything_is_found() {
    let case = sealed_case();
    for path in case.0.keys() {
        let mut broken = case.clone();
        broken.0.remove(path);
        assert!(verify(&broken).unwrap_err().to_string().contains(path.as_str()), "{path} removed");
    }
    let mut added = case.clone();
    added.0.insert("evidence/finding/planted.json".into(), "{}".into());
    assert!(verify(&added).unwrap_err().to_string().contains("planted"));

    let lines: Vec<&str> = case.0["custody.jsonl"].lines().collect();
    for place in 0..lines.len() {
        let without: Vec<&str> =
            lines.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, line)| *line).collect();
        let mut broken = case.clone();
        broken.0.insert("custody.jsonl".into(), without.join("\n"));
        assert!(verify(&broken).is_err(), "line {place} removed");
        let mut moved = lines.clone();
        moved.swap(place, (place + 1) % lines.len());
        broken.0.insert("custody.jsonl".into(), moved.join("\n"));
        assert!(verify(&broken).is_err(), "line {place} moved");
    }
}

#[test]
fn two_subjects_never_share_a_path() {
    let path =
        |subject: &str| EvidenceItem { kind: ItemKind::Finding, subject_kind: None, subject: subject.into() }.path();
    assert_ne!(path("arn:aws:x/1"), path("arn-aws-x-1"));
    assert!(path("../../etc/passwd").starts_with("evidence/finding/"));
    assert!(!path("../../etc").contains(".."));
}
