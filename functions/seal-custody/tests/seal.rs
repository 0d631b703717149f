//! Whatever breaks off or runs at the same time, the case that lies in the vault in the end holds; and a repeat seals nothing again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[path = "../../incident/tests/correlation/table.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod table;

use base64ct::{Base64, Encoding as _};
use incident::evidence::custody::{self, Statement};
use incident::evidence::file::sums;
use incident::evidence::verify::{CaseFiles, Verified, verify};
use incident::evidence::{Custodian, Deed, EvidenceFile, EvidenceItem, Preservation, Progress};
use incident::ports::{Kept, Signer, Vault};
use incident::records::{Key, Records as _};
use incident::signed::PublicKey;
use incident::{Digest, EntityKind, Failure, Fault, IncidentId};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use seal_custody::{SealTask, Sealed, Sealer};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::error::Error;
use table::{Table, interleave};

#[derive(Default)]
struct World {
    table: Table,
    objects: RefCell<BTreeMap<String, Vec<Vec<u8>>>>,
    signatures: Cell<usize>,
}

fn signing_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public_key() -> String {
    Base64::encode_string(signing_key().verifying_key().to_public_key_der().unwrap().as_bytes())
}

impl Vault for &World {
    async fn preserve(&self, _: &str, _: Vec<u8>, _: &str) -> Result<Kept, Failure> {
        panic!("nothing is preserved here")
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let objects = self.objects.borrow();
        let below = objects.keys().filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        Ok(below.filter(|name| !name.contains('/')).map(str::to_owned).collect())
    }

    async fn kept(&self, path: &str) -> Result<Option<Kept>, Failure> {
        let objects = self.objects.borrow();
        // As on AWS without the right to list: what is missing is forbidden.
        let bytes = objects.get(path).and_then(|versions| versions.last()).unwrap();
        Ok(Some(Kept { sha256: Digest::of(bytes), bytes: bytes.len() as u64, version_id: None }))
    }

    async fn publish(&self, path: &str, bytes: Vec<u8>, _: &str) -> Result<(), Failure> {
        // What is between two papers can be the end of a run.
        self.table.get::<serde_json::Value>(&Key::custody_head(&incident())).await.unwrap();
        self.objects.borrow_mut().entry(path.to_owned()).or_default().push(bytes);
        Ok(())
    }

    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, Failure> {
        panic!("nothing is read")
    }
}

impl Signer for &World {
    fn key(&self) -> &str {
        "arn:aws:kms:eu-central-1:999988887777:key/1"
    }

    async fn sign(&self, digest: &Digest) -> Result<Vec<u8>, Failure> {
        self.signatures.set(self.signatures.get() + 1);
        let signature: DerSignature = signing_key().sign_prehash(&digest.bytes().unwrap()).unwrap();
        Ok(signature.as_bytes().to_vec())
    }

    async fn public_key(&self) -> Result<String, Failure> {
        Ok(public_key())
    }
}

impl CaseFiles for World {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let prefix = format!("incidents/{}/", incident());
        Ok(self.objects.borrow().keys().map(|path| path.strip_prefix(&prefix).unwrap().to_owned()).collect())
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        Ok(self.read(path)?.map(|bytes| (Digest::of(&bytes), bytes.len() as u64)))
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        Ok(self.objects.borrow().get(&format!("incidents/{}/{path}", incident())).and_then(|all| all.last().cloned()))
    }
}

fn incident() -> IncidentId {
    IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let ended = RefCell::new(None);
    let task = Box::pin(async { *ended.borrow_mut() = Some(work.await) });
    interleave(vec![task], &[0], &BTreeMap::new());
    ended.into_inner().unwrap()
}

impl World {
    fn with(subjects: &[&str]) -> Self {
        let world = Self::default();
        subjects.iter().for_each(|subject| run(world.preserve(subject)));
        world
    }

    /// As `preserve-evidence` does it.
    async fn preserve(&self, subject: &str) {
        let item = EvidenceItem {
            source: "bucket".into(),
            kind: Some(EntityKind::Bucket),
            subject: subject.into(),
            arn: None,
            account: "111122223333".into(),
            region: None,
        };
        let (folder, bytes) = (item.folder(), subject.as_bytes().to_vec());
        let mut record = Preservation::begun(incident(), item.clone(), at(0));
        let file = EvidenceFile {
            incident: incident(),
            folder: folder.clone(),
            name: "about.json".into(),
            sha256: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            version_id: None,
            collected_at: at(0),
            api: "tocsin".into(),
        };
        let path = file.path();
        self.objects.borrow_mut().insert(format!("incidents/{}/{path}", incident()), vec![bytes]);
        self.table.create(&Key::evidence_file(&incident(), &path), &file).await.unwrap();
        let sums = sums([(file.name.as_str(), &file.sha256)]);
        let custodian = Custodian { name: "preserve-evidence".into(), role: "role".into() };
        record.progress = Progress::Done { sums: sums.clone(), at: at(0) };
        self.table.create(&Key::evidence(&incident(), &item), &record).await.unwrap();
        let statement =
            Statement { custodian, deed: Deed::Preserved, path: folder, sha256: Some(sums), reason: "response".into() };
        custody::enter(&self.table, &incident(), at(0), &statement).await.unwrap();
    }

    async fn seal(&self, minutes: i64) -> Result<Sealed, Failure> {
        let custodian = Custodian { name: "seal-custody".into(), role: "arn:aws:iam::111122223333:role/seal".into() };
        let sealer = Sealer { records: &self.table, vault: self, signer: self, custodian };
        sealer.seal(SealTask { incident: incident() }, at(minutes)).await
    }

    fn verified(&self) -> Verified {
        let verified = verify(self, Some(&PublicKey::read(&public_key()).unwrap())).unwrap();
        assert!(verified.is_proved(), "{verified:?}");
        verified
    }

    fn versions(&self) -> usize {
        self.objects.borrow().values().map(Vec::len).sum()
    }
}

#[test]
fn a_repeat_over_the_same_evidence_seals_nothing_again() {
    let world = World::with(&["orders", "customers"]);
    let first = run(world.seal(1)).unwrap();
    world.verified();
    let (versions, signatures) = (world.versions(), world.signatures.get());
    assert_eq!(run(world.seal(60)).unwrap(), first);
    assert_eq!((world.versions(), world.signatures.get()), (versions, signatures));
    assert_eq!(world.verified().custody_entries, 3);
}

#[test]
fn what_came_since_is_sealed_the_next_time() {
    let world = World::with(&["orders"]);
    run(world.seal(1)).unwrap();
    run(world.preserve("customers"));
    run(world.seal(2)).unwrap();
    let verified = world.verified();
    assert_eq!((verified.files, verified.custody_entries), (2, 4));
}

#[test]
fn an_access_since_is_sealed_without_another_manifest() {
    let world = World::with(&["orders"]);
    let first = run(world.seal(1)).unwrap();
    let custodian = Custodian::person("arn:aws:iam::111122223333:user/jane");
    let statement =
        Statement { custodian, deed: Deed::Listed, path: "evidence".into(), sha256: None, reason: "court".into() };
    run(custody::enter(&world.table, &incident(), at(2), &statement)).unwrap();
    let second = run(world.seal(3)).unwrap();
    assert_ne!(first, second);
    assert_eq!(world.verified().custody_entries, 3);
    let manifests = world.objects.borrow()[&format!("incidents/{}/manifest.json", incident())].len();
    assert_eq!(manifests, 1);
}

#[test]
fn a_run_that_broke_off_anywhere_is_finished_by_the_next() {
    let mut broken_off = 0;
    for operations in 0..60 {
        let world = World::with(&["orders", "customers"]);
        let task = Box::pin(async { drop(world.seal(1).await) });
        interleave(vec![task], &[0], &BTreeMap::from([(0, operations)]));
        broken_off += usize::from(world.objects.borrow().len() < 6);
        run(world.seal(2)).unwrap();
        let verified = world.verified();
        assert_eq!((verified.files, verified.custody_entries), (2, 3), "after {operations} operations");
    }
    assert!(broken_off > 5, "only {broken_off} runs broke off before the last paper");
}

#[test]
fn runs_at_the_same_time_end_in_one_case_that_holds() {
    for seed in 0..60_usize {
        let world = World::with(&["orders"]);
        let choices: Vec<usize> = (0..97).map(|step| (seed * 31 + step * (seed % 7 + 1) * 17) / 3 % 3).collect();
        let again = |minutes| {
            let world = &world;
            async move {
                // As the state machine does it.
                for attempt in 0..20_i64 {
                    match world.seal(minutes + attempt).await {
                        Ok(_) => return,
                        Err(failure) => assert_eq!(failure.fault(), Fault::Transient, "{}", failure.chain()),
                    }
                }
                panic!("twenty attempts did not seal");
            }
        };
        let tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> =
            vec![Box::pin(again(1)), Box::pin(again(100)), Box::pin(world.preserve("customers"))];
        interleave(tasks, &choices, &BTreeMap::new());
        run(world.seal(200)).unwrap();
        assert_eq!(world.verified().files, 2, "seed {seed}");
    }
}
