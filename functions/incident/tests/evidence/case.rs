//! A case as its functions would write it, signed with a key of the test.

use base64ct::{Base64, Encoding as _};
use incident::evidence::custody::{CustodyEntry, Deed, Statement};
use incident::evidence::file::sums;
use incident::evidence::verify::{Broken, CaseFiles, Verified, verify};
use incident::evidence::{Custodian, EvidenceFile, EvidenceItem, Gap, Manifest, Preservation, Progress, Seal};
use incident::signed::PublicKey;
use incident::{Digest, EntityKind, IncidentId};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;

pub(crate) const CUSTODY: &str = "custody.jsonl";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SEAL: &str = "seal.json";
pub(crate) const SIGNATURE: &str = "seal.json.sig";
const KEY: &str = "arn:aws:kms:eu-central-1:999988887777:key/1";

#[derive(Clone, Default)]
pub(crate) struct Case {
    files: BTreeMap<String, Vec<u8>>,
    records: Vec<Preservation>,
    kept: Vec<EvidenceFile>,
    measured: RefCell<Vec<String>>,
}

impl CaseFiles for Case {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(self.paths())
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        self.measured.borrow_mut().push(path.to_owned());
        Ok(self.files.get(path).map(|bytes| (Digest::of(bytes), bytes.len() as u64)))
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        Ok(self.files.get(path).cloned())
    }
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

pub(crate) fn sign(document: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature: DerSignature = key.sign(document);
    signature.as_bytes().to_vec()
}

fn incident() -> IncidentId {
    IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap()
}

fn at() -> Timestamp {
    "2026-03-01T03:00:00.5Z".parse().unwrap()
}

pub(crate) fn item(source: &str, subject: &str) -> EvidenceItem {
    EvidenceItem {
        source: source.into(),
        kind: Some(EntityKind::Bucket),
        subject: subject.into(),
        arn: None,
        account: "111122223333".into(),
        region: Some("eu-central-1".into()),
    }
}

/// Three items: two files and a gap; two files; nothing but a gap, and not complete.
pub(crate) fn sealed_case() -> Case {
    let mut case = Case::default();
    case.files.insert("report.html".into(), b"<p>".to_vec());
    case.preserve("bucket", "customer-data", &["about.json", "policy-0001.xml"], &["acl"], true);
    case.preserve("instance", "i-0aa", &["about.json", "instance-0001.xml"], &[], true);
    case.preserve("trail", "gone", &[], &["events"], true);
    case.seal(at());
    case
}

/// The same case after more was preserved.
pub(crate) fn resealed(case: &Case) -> Case {
    let mut case = case.clone();
    case.preserve("bucket", "logs", &["about.json"], &[], true);
    case.preserve("instance", "i-0bb", &["about.json"], &["console"], false);
    case.seal(at() + SignedDuration::from_mins(5));
    case
}

impl Case {
    fn preserve(&mut self, source: &str, subject: &str, files: &[&str], gaps: &[&str], complete: bool) {
        let item = item(source, subject);
        let folder = item.folder();
        let mut record = Preservation::begun(incident(), item, at());
        for part in gaps {
            let gap = Gap { part: (*part).into(), reason: "AccessDenied".into(), found_at: at() };
            if complete {
                self.enter(Deed::GapRecorded, &format!("{folder}/{part}"), None, &gap.reason);
            }
            record.gaps.push(gap);
        }
        let mut digests = Vec::new();
        for name in files {
            let content = format!("{source} {subject} {name}").into_bytes();
            digests.push((*name, Digest::of(&content)));
            self.kept.push(EvidenceFile {
                incident: incident(),
                folder: folder.clone(),
                name: (*name).into(),
                sha256: Digest::of(&content),
                bytes: content.len() as u64,
                version_id: Some("v1".into()),
                collected_at: at(),
                api: "s3:GetBucketPolicy".into(),
            });
            self.files.insert(format!("{folder}/{name}"), content);
        }
        if complete {
            let sums = sums(digests.iter().map(|(name, sha256)| (*name, sha256)));
            record.progress = Progress::Done { sums: sums.clone(), at: at() };
            self.enter(Deed::Preserved, &folder, Some(sums), "response");
        }
        self.records.push(record);
    }

    fn seal(&mut self, at: Timestamp) {
        let manifest = Manifest::of(incident(), &self.records, &self.kept, at);
        let manifest = serde_json::to_vec_pretty(&manifest).unwrap();
        self.enter(Deed::Sealed, MANIFEST, Some(Digest::of(&manifest)), "3 items");
        self.files.insert(MANIFEST.into(), manifest);
        self.put_seal(at, &key(7));
    }

    fn put_seal(&mut self, at: Timestamp, key: &SigningKey) {
        let manifest = Digest::of(&self.files[MANIFEST]);
        let head = self.chain().last().unwrap().head();
        let seal = Seal::over(incident(), manifest, &head, at, KEY.into()).to_json().unwrap().into_bytes();
        self.files.insert(SIGNATURE.into(), sign(&seal, key));
        self.files.insert(SEAL.into(), seal);
    }

    /// What whoever can write every file, but has not the key, can make of it.
    pub(crate) fn forge(&mut self, chain: Vec<CustodyEntry>, manifest: &Value) {
        let manifest = serde_json::to_vec_pretty(manifest).unwrap();
        let mut forged: Vec<CustodyEntry> = Vec::new();
        for entry in chain {
            let sealed = (entry.deed == Deed::Sealed).then(|| Digest::of(&manifest));
            let statement = Statement {
                custodian: Custodian { name: entry.custodian, role: entry.role },
                deed: entry.deed,
                path: entry.path,
                sha256: sealed.or(entry.sha256),
                reason: entry.reason,
            };
            let head = forged.last().map(CustodyEntry::head);
            forged.push(CustodyEntry::after(head.as_ref(), entry.incident, entry.at, statement));
        }
        self.files.insert(MANIFEST.into(), manifest);
        self.put_chain(&forged);
        let signature = self.bytes(SIGNATURE);
        self.put_seal(at(), &key(7));
        self.put(SIGNATURE, signature);
    }

    pub(crate) fn enter(&mut self, deed: Deed, path: &str, sha256: Option<Digest>, reason: &str) {
        let custodian = Custodian { name: "seal-custody".into(), role: "arn:aws:iam::111122223333:role/seal".into() };
        let statement = Statement { custodian, deed, path: path.into(), sha256, reason: reason.into() };
        let mut chain = self.chain();
        let head = chain.last().map(CustodyEntry::head);
        chain.push(CustodyEntry::after(head.as_ref(), incident(), at(), statement));
        self.put_chain(&chain);
    }

    pub(crate) fn chain(&self) -> Vec<CustodyEntry> {
        let log = self.files.get(CUSTODY).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        log.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    pub(crate) fn put_chain(&mut self, chain: &[CustodyEntry]) {
        let rows = chain.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n");
        self.files.insert(CUSTODY.into(), rows.collect::<String>().into_bytes());
    }

    pub(crate) fn put(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.insert(path.into(), bytes);
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        self.files[path].clone()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).unwrap()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    pub(crate) fn evidence(&self) -> Vec<String> {
        self.files.keys().filter(|path| path.starts_with("evidence/")).cloned().collect()
    }

    /// The files that were read.
    pub(crate) fn measured(&self) -> Vec<String> {
        self.measured.borrow().clone()
    }

    pub(crate) fn verify(&self) -> Result<Verified, Vec<Broken>> {
        self.verify_with(&key(7))
    }

    pub(crate) fn verify_with(&self, key: &SigningKey) -> Result<Verified, Vec<Broken>> {
        let der = key.verifying_key().to_public_key_der().unwrap();
        verify(self, Some(&PublicKey::read(&Base64::encode_string(der.as_bytes())).unwrap()))
    }

    pub(crate) fn verify_without_key(&self) -> Result<Verified, Vec<Broken>> {
        verify(self, None)
    }
}
