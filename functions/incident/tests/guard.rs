//! Laws of the guard: a document that proves nothing loosens nothing, and caps hold whoever plans at the same time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[path = "correlation/table.rs"]
#[allow(dead_code, reason = "this test plans one at a time")]
mod table;

use base64ct::{Base64, Encoding as _};
use incident::containment::guard::{Count, EvidencePlace, Guard, Loaded, PATH, SIGNATURE_PATH, Tally, load};
use incident::containment::{ActionId, Step};
use incident::finding::Located;
use incident::ports::Settings;
use incident::signed::Why;
use incident::{Entity, EntityKind, Failure};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};
use table::Table;

struct Files(BTreeMap<&'static str, Vec<u8>>);

impl Settings for Files {
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.get(path).cloned())
    }
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public_key() -> String {
    Base64::encode_string(key().verifying_key().to_public_key_der().unwrap().as_bytes())
}

fn document(version: u64, cap: usize, protected: &[&str]) -> Value {
    json!({
        "format": "tocsin-containment/1", "version": version, "issued_at": "2026-01-01T00:00:00Z",
        "valid_until": "2026-12-31T00:00:00Z", "protected": protected,
        "critical": [{"resource": "arn:aws:lambda:eu-central-1:111122223333:function:checkout", "serves": "checkout"}],
        "caps": {"incident": cap, "hour": cap, "account": cap}, "responders": ["arn:aws:iam::111122223333:role/responders"],
    })
}

fn signed(document: &Value) -> Files {
    let bytes = serde_json::to_vec(document).unwrap();
    let signature: DerSignature = key().sign(&bytes);
    Files(BTreeMap::from([(PATH, bytes), (SIGNATURE_PATH, signature.as_bytes().to_vec())]))
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn loaded(files: &Files, table: &Table, at: Timestamp) -> Loaded {
    let key = public_key();
    let mut future = Box::pin(load(files, table, &key, at));
    loop {
        if let Poll::Ready(loaded) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return loaded.unwrap();
        }
    }
}

fn found(kind: EntityKind, id: &str) -> Located {
    Located { entity: Entity { kind, id: id.to_owned(), arn: None }, account: "111122223333".to_owned(), region: None }
}

fn objection(guard: &Guard, kind: EntityKind, id: &str, already: usize) -> Option<String> {
    let action = ActionId::named("lock-bucket").unwrap();
    guard.objection(None, action, &found(kind, id), Count { incident: already, hour: already, account: already })
}

#[test]
fn what_was_never_trusted_lets_nothing_run() {
    let wrong = Files(signed(&document(1, 10, &[])).0.into_iter().filter(|(path, _)| *path == PATH).collect());
    for (files, why) in [(Files(BTreeMap::new()), Why::Unreadable), (wrong, Why::Unsigned)] {
        let loaded = loaded(&files, &Table::default(), now());
        assert_eq!(loaded.distrust.unwrap().why, why);
        assert!(objection(&loaded.guard, EntityKind::Bucket, "shop", 0).unwrap().contains("no signed settings"));
    }
}

#[test]
fn a_later_document_that_proves_nothing_changes_nothing() {
    let table = Table::default();
    let guard = loaded(&signed(&document(5, 2, &["shop-vault"])), &table, now()).guard;
    assert_eq!(objection(&guard, EntityKind::Bucket, "shop", 0), None);
    let mut unsigned = signed(&document(6, 99, &[]));
    unsigned.0.remove(SIGNATURE_PATH);
    let mut tampered = signed(&document(6, 99, &[]));
    tampered.0.insert(PATH, serde_json::to_vec(&document(6, 100, &[])).unwrap());
    let older = signed(&document(4, 99, &[]));
    let other_of_same_version = signed(&document(5, 99, &[]));
    for files in [unsigned, tampered, older, other_of_same_version, Files(BTreeMap::new())] {
        let loaded = loaded(&files, &table, now());
        assert!(loaded.distrust.is_some());
        assert_eq!(loaded.guard, guard, "what was trusted last goes on to count");
        assert!(objection(&loaded.guard, EntityKind::Bucket, "shop-vault", 0).is_some());
        assert!(objection(&loaded.guard, EntityKind::Bucket, "shop", 2).is_some());
    }
    let newer = loaded(&signed(&document(6, 3, &[])), &table, now());
    assert_eq!((newer.distrust, objection(&newer.guard, EntityKind::Bucket, "shop-vault", 2)), (None, None));
}

#[test]
fn an_expired_document_still_forbids_and_allows_little() {
    let table = Table::default();
    let files = signed(&document(1, 50, &["shop-vault"]));
    loaded(&files, &table, now());
    let expired = loaded(&files, &table, "2027-01-02T00:00:00Z".parse().unwrap());
    assert!(matches!(expired.distrust.unwrap().why, Why::Expired(_)));
    assert!(objection(&expired.guard, EntityKind::Bucket, "shop-vault", 0).is_some());
    assert_eq!(objection(&expired.guard, EntityKind::Bucket, "shop", 0), None);
    assert!(objection(&expired.guard, EntityKind::Bucket, "shop", 5).is_some());
}

#[test]
fn protected_and_critical_resources_are_known_by_id_arn_and_what_lies_in_them() {
    let protected = ["arn:aws:s3:::shop-vault", "i-0aa"];
    let guard = loaded(&signed(&document(1, 9, &protected)), &Table::default(), now()).guard;
    for (kind, id) in [
        (EntityKind::Bucket, "shop-vault"),
        (EntityKind::Object, "shop-vault/2026/a.csv"),
        (EntityKind::Instance, "i-0aa"),
    ] {
        assert!(objection(&guard, kind, id, 0).unwrap().contains("protected"), "{id}");
    }
    assert!(objection(&guard, EntityKind::Function, "checkout", 0).unwrap().contains("serves checkout"));
    for (kind, id) in
        [(EntityKind::Bucket, "shop"), (EntityKind::Object, "shop-vault2/a"), (EntityKind::Instance, "i-0ab")]
    {
        assert_eq!(objection(&guard, kind, id, 0), None, "{id}");
    }
}

#[test]
fn evidence_is_shut_by_no_action_whatever_the_document_says() {
    let guard = loaded(&signed(&document(1, 9, &[])), &Table::default(), now()).guard;
    let objects = [(EntityKind::Bucket, "tocsin-vault"), (EntityKind::Object, "tocsin-vault/incidents/x")];
    assert!(objects.iter().all(|(kind, id)| objection(&guard, *kind, id, 0).is_none()));
    let account = found(EntityKind::Instance, "i-0ab").account;
    let spared =
        guard.clone().sparing(&EvidencePlace { account: "999988887777".into(), bucket: "tocsin-vault".into() });
    assert!(objects.iter().all(|(kind, id)| objection(&spared, *kind, id, 0).unwrap().contains("evidence")));
    assert_eq!(objection(&spared, EntityKind::Instance, "i-0ab", 0), None);
    let own = guard.sparing(&EvidencePlace { account, bucket: "another".into() });
    assert!(objection(&own, EntityKind::Instance, "i-0ab", 0).unwrap().contains("evidence"));
}

#[test]
fn a_document_that_cannot_be_used_names_the_field() {
    for (field, value, named) in [
        ("responders", json!(["arn:aws:iam::111122223333:role/*"]), "responders[0]"),
        ("responders", json!(["*"]), "responders[0]"),
        ("protected", json!([" "]), "protected[0]"),
        ("format", json!("tocsin-containment/9"), "format"),
        ("valid_until", json!("2028-12-31T00:00:00Z"), "valid_until"),
        ("actions", json!({"delete-everything": {}}), "actions.delete-everything"),
        ("actions", json!({"lock-bucket": {"Colour": ["red"]}}), "actions.lock-bucket.Colour"),
        ("caps", json!({"incident": 1, "hour": -1, "account": 1}), "caps.hour"),
    ] {
        let mut broken = document(1, 1, &[]);
        broken[field] = value;
        let why = loaded(&signed(&broken), &Table::default(), now()).distrust.unwrap().to_string();
        assert!(why.contains(&format!("`{named}`")), "{why}");
    }
}

#[test]
fn the_example_can_be_used() {
    let example = include_bytes!("../../../infra/containment.example.json");
    incident::containment::guard::GuardDocument::read(example).unwrap();
}

#[test]
fn an_hour_counts_each_step_once_and_forgets() {
    let step = Step::on(ActionId::named("lock-bucket").unwrap(), &found(EntityKind::Bucket, "shop"));
    let mut tally = Tally::default();
    for _ in 0..3 {
        tally.count([("a".to_owned(), &step), ("b".to_owned(), &step)].into_iter(), now());
    }
    assert_eq!(tally.before(now(), |_| false).counts("111122223333"), (2, 2));
    assert_eq!(tally.before(now(), |token| token == "a").counts("999999999999"), (1, 0));
    assert_eq!(tally.before(now() + SignedDuration::from_hours(1), |_| false).counts("111122223333"), (0, 0));
}
