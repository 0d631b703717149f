//! Requests over a table and a vault in memory: nothing is given without a reason, and nothing before it is in the custody log.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[path = "../../incident/tests/correlation/table.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod table;

use incident::evidence::{CustodyEntry, Deed, EvidenceFile, EvidenceItem, Gap, Preservation};
use incident::ports::{EvidenceDesk, Kept, Lock, ObjectVersion, Vault};
use incident::records::{Key, Records as _};
use incident::{Digest, EntityKind, Failure, IncidentId};
use jiff::{SignedDuration, Timestamp};
use release_evidence::Desk;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use table::{Table, interleave};

const JANE: &str = "arn:aws:sts::111122223333:assumed-role/Counsel/jane";
const HELD: &str = "evidence";

fn incident() -> IncidentId {
    IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn locked_until() -> Timestamp {
    now() + SignedDuration::from_hours(24 * 365)
}

#[derive(Default)]
struct World {
    table: Table,
    papers: BTreeSet<&'static str>,
    is_locked: Cell<bool>,
    held: RefCell<BTreeSet<String>>,
    /// Versions that were deleted under GOVERNANCE.
    gone: BTreeSet<String>,
    given: RefCell<Vec<(ObjectVersion, usize)>>,
    /// How many holds go through before the vault throttles.
    until_throttled: Cell<Option<usize>>,
}

impl Vault for &World {
    async fn preserve(&self, _: &str, _: Vec<u8>, _: &str) -> Result<Kept, Failure> {
        panic!("nothing is preserved here")
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        assert_eq!(folder, format!("incidents/{}", incident()));
        Ok(self.papers.iter().map(|name| (*name).to_owned()).collect())
    }

    async fn kept(&self, path: &str) -> Result<Option<Kept>, Failure> {
        let name = path.rsplit('/').next().unwrap();
        assert!(self.papers.contains(name), "as on AWS without the right to list, what is missing is forbidden");
        Ok(Some(Kept { sha256: Digest::of(name.as_bytes()), bytes: 7, version_id: Some("v-paper".into()) }))
    }

    async fn publish(&self, _: &str, _: Vec<u8>, _: &str) -> Result<(), Failure> {
        panic!("nothing is published")
    }

    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, Failure> {
        panic!("nothing is read")
    }
}

impl EvidenceDesk for &World {
    async fn locks(&self, versions: &[ObjectVersion]) -> Result<Vec<Option<Lock>>, Failure> {
        let lock = |version: &ObjectVersion| {
            (!self.gone.contains(&version.path)).then(|| Lock {
                until: self.is_locked.get().then(locked_until),
                mode: Some("COMPLIANCE".into()),
                is_held: self.held.borrow().contains(&version.path),
            })
        };
        Ok(versions.iter().map(lock).collect())
    }

    async fn hold(&self, versions: &[ObjectVersion], is_held: bool) -> Result<Vec<bool>, Failure> {
        if let Some(left) = self.until_throttled.get() {
            let left = left.checked_sub(1).ok_or_else(|| Failure::transient("SlowDown"))?;
            self.until_throttled.set(Some(left));
        }
        let mut held = self.held.borrow_mut();
        let mut set = |version: &ObjectVersion| {
            assert!(version.id.is_some(), "only a version can be held, not whatever is newest");
            if self.gone.contains(&version.path) {
                return false;
            }
            if is_held {
                held.insert(version.path.clone())
            } else {
                held.remove(&version.path)
            };
            true
        };
        Ok(versions.iter().map(&mut set).collect())
    }

    async fn link(&self, version: &ObjectVersion, valid_for: SignedDuration) -> Result<String, Failure> {
        assert_eq!(valid_for, SignedDuration::from_mins(15));
        self.given.borrow_mut().push((version.clone(), self.log().len()));
        Ok(format!("https://vault/{}", version.path))
    }
}

fn item(subject: &str) -> EvidenceItem {
    EvidenceItem {
        source: "bucket".into(),
        kind: Some(EntityKind::Bucket),
        subject: subject.into(),
        arn: None,
        account: "111122223333".into(),
        region: None,
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let ended = RefCell::new(None);
    let task = Box::pin(async { *ended.borrow_mut() = Some(work.await) });
    interleave(vec![task], &[0], &BTreeMap::new());
    ended.into_inner().unwrap()
}

impl World {
    fn with(files: usize) -> Self {
        let world = Self { papers: ["manifest.json", "seal.json"].into(), ..Self::default() };
        world.is_locked.set(true);
        let opened = json!({
            "id": incident(), "aware_at": now(), "account": "111122223333", "region": "eu-central-1",
            "category": "data-exfiltration", "severity": {"label": "HIGH", "score": 70}, "confidence": 90, "title": "t",
            "indications": [], "entities": [], "runs": 1, "planned": 1, "absorbed": [], "absorbed_by": null, "closed_at": null,
        });
        run(world.table.create(&Key::incident(&incident()), &opened)).unwrap();
        let mut record = Preservation::begun(incident(), item("orders"), now());
        record.gaps.push(Gap { part: "acl".into(), reason: "AccessDenied".into(), found_at: now() });
        run(world.table.create(&Key::evidence(&incident(), &item("orders")), &record)).unwrap();
        (0..files).for_each(|number| world.add(number));
        world
    }

    fn add(&self, number: usize) {
        let file = EvidenceFile {
            incident: incident(),
            folder: item("orders").folder(),
            name: format!("policy-{number:04}.xml"),
            sha256: Digest::of(&number.to_be_bytes()),
            bytes: 10,
            version_id: Some(format!("v{number}")),
            collected_at: now(),
            api: "s3:GetBucketPolicy".into(),
        };
        run(self.table.create(&Key::evidence_file(&incident(), &file.path()), &file)).unwrap();
    }

    fn log(&self) -> Vec<CustodyEntry> {
        self.table.all("INCIDENT#", "CUSTODY#")
    }

    fn try_ask(
        &self,
        by: Option<&str>,
        path: &str,
        body: &Value,
        deadline: Timestamp,
    ) -> Result<(u16, Value), Failure> {
        let authorizer = by.map(|arn| json!({"iam": {"userArn": arn, "accountId": "111122223333"}}));
        let request = json!({
            "rawPath": format!("/{path}"), "body": body.to_string(), "isBase64Encoded": false,
            "requestContext": {"authorizer": authorizer, "timeEpoch": 0, "http": {"method": "POST", "path": path}},
        });
        let desk = Desk { records: &self.table, vault: self, clock: now };
        let answer = run(desk.answer(serde_json::from_value(request).unwrap(), deadline))?;
        Ok((answer.status_code, serde_json::from_str(&answer.body).unwrap()))
    }

    fn ask(&self, path: &str, body: &Value) -> (u16, Value) {
        self.try_ask(Some(JANE), path, body, now() + SignedDuration::from_mins(1)).unwrap()
    }
}

fn of(reason: &str) -> Value {
    json!({"incident": incident(), "reason": reason})
}

fn fetch(path: &str, reason: &str) -> Value {
    json!({"incident": incident(), "path": path, "reason": reason})
}

#[test]
fn nothing_is_given_without_a_name_a_reason_or_a_known_incident() {
    let world = World::with(1);
    let unknown = "inc-99999999999999999999";
    let erasure = json!({"incident": incident(), "request": "DSR-7", "legal_basis": " ", "reason": "asked"});
    let path = format!("{}/policy-0000.xml", item("orders").folder());
    for (path, body, status, code, named) in [
        ("list", of(" "), 400, "nothing-said", "$.reason"),
        ("list", json!({"incident": incident()}), 400, "nothing-said", "$.reason"),
        ("list", json!({"incident": "inc-1", "reason": "court"}), 400, "malformed", "$.incident"),
        ("list", json!({"incident": unknown, "reason": "court"}), 404, "no-such-incident", unknown),
        ("fetch", fetch(&path, ""), 400, "nothing-said", "$.reason"),
        ("fetch", fetch(&path, "a\nb"), 400, "malformed", "$.reason"),
        ("fetch", fetch("evidence/bucket/none", "court"), 404, "no-such-file", "no such file"),
        ("fetch", fetch("custody.jsonl", "court"), 404, "no-such-file", "no such file"),
        ("fetch", fetch("../settings/organisation.json", "court"), 404, "no-such-file", "no such file"),
        ("hold", of(""), 400, "nothing-said", "$.reason"),
        ("end-hold", of(""), 400, "nothing-said", "$.reason"),
        ("erasure", erasure, 400, "nothing-said", "$.legal_basis"),
        ("delete", of("court"), 404, "no-such-path", "/erasure"),
    ] {
        let (answered, answer) = world.ask(path, &body);
        assert_eq!((answered, answer["code"].as_str().unwrap()), (status, code), "{path} {body}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(named), "{path}: {answer}");
    }
    let (status, answer) = world.try_ask(None, "list", &of("court"), now()).unwrap();
    assert_eq!((status, &answer["code"]), (403, &json!("not-signed-in")));
    assert!(world.log().is_empty() && world.given.borrow().is_empty() && world.held.borrow().is_empty());
}

#[test]
fn each_access_is_an_entry_with_person_role_and_reason_before_anything_is_given() {
    let world = World::with(2);
    let path = format!("{}/policy-0001.xml", item("orders").folder());
    let (status, answer) = world.ask("fetch", &fetch(&path, "for the court"));
    assert_eq!(status, 200);
    assert_eq!(answer["sha256"], json!(Digest::of(&1_usize.to_be_bytes())));
    let (version, entries) = world.given.borrow()[0].clone();
    assert_eq!(version.id.as_deref(), Some("v1"));
    assert_eq!(entries, 1, "the link was made before the entry");
    let log = world.log();
    assert_eq!((log[0].deed, log[0].path.as_str()), (Deed::Fetched, path.as_str()));
    assert_eq!((log[0].custodian.as_str(), log[0].reason.as_str()), (JANE, "for the court"));
    assert_eq!(log[0].role, "arn:aws:iam::111122223333:role/Counsel");

    world.ask("fetch", &fetch("manifest.json", "for the court"));
    world.ask("list", &of("audit"));
    assert_eq!(
        world.log().iter().map(|entry| entry.deed).collect::<Vec<_>>(),
        [Deed::Fetched, Deed::Fetched, Deed::Listed]
    );
}

#[test]
fn the_list_tells_locks_holds_gaps_and_what_is_gone() {
    let mut world = World::with(2);
    let gone = format!("incidents/{}/{}/policy-0000.xml", incident(), item("orders").folder());
    world.gone.insert(gone);
    let (_, answer) = world.ask("list", &of("audit"));
    let files = answer["files"].as_array().unwrap();
    assert_eq!(files.len(), 4, "two files and two papers");
    assert_eq!((&files[0]["is_there"], &files[1]["is_there"]), (&json!(false), &json!(true)));
    assert_eq!(files[1]["locked_until"], json!(locked_until()));
    assert_eq!(answer["items"][0]["gaps"][0]["reason"], "AccessDenied");
    assert_eq!(answer["next"], Value::Null);
}

#[test]
fn a_long_list_comes_in_pages_that_leave_nothing_out() {
    let world = World::with(4_100);
    let (mut seen, mut after) = (BTreeSet::new(), Value::Null);
    for _ in 0..3 {
        let (_, answer) = world.ask("list", &json!({"incident": incident(), "reason": "audit", "after": after}));
        let paths = answer["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned());
        let before = seen.len();
        seen.extend(paths);
        assert!(seen.len() > before);
        after = answer["next"].clone();
    }
    assert_eq!((seen.len(), after), (4_102, Value::Null));
    assert_eq!(world.log().len(), 1, "pages of one moment are one listing by one person for one reason");
}

#[test]
fn a_hold_that_breaks_off_goes_on_where_it_stopped_and_is_one_entry() {
    let world = World::with(1_600);
    let late = now();
    // Out of time: one stretch, then the next.
    let (_, answer) = world.try_ask(Some(JANE), "hold", &of("lawsuit"), late).unwrap();
    assert_eq!((&answer["state"], &answer["done"]), (&json!("under-way"), &json!(500)));
    // Throttled in the middle.
    world.until_throttled.set(Some(1));
    world.try_ask(Some(JANE), "hold", &of("lawsuit"), now() + SignedDuration::from_mins(1)).unwrap_err();
    world.until_throttled.set(None);
    let (_, answer) = world.ask("hold", &of("lawsuit"));
    assert_eq!((&answer["state"], &answer["done"]), (&json!("held"), &json!(602)));
    assert_eq!(world.held.borrow().len(), 1_602);
    assert_eq!(world.log().iter().filter(|entry| entry.deed == Deed::Held && entry.path == HELD).count(), 1);

    // What came since is held by another wish.
    world.add(9_999);
    let (_, answer) = world.ask("hold", &of("lawsuit, the new files as well"));
    assert_eq!(answer["state"], "held");
    assert_eq!(world.held.borrow().len(), 1_603);

    let (_, answer) = world.ask("end-hold", &of("settled"));
    assert_eq!(answer["state"], "hold-ended");
    assert!(world.held.borrow().is_empty());
    assert_eq!(
        world.log().iter().map(|entry| entry.deed).collect::<Vec<_>>(),
        [Deed::Held, Deed::Held, Deed::HoldEnded]
    );
}

#[test]
fn an_erasure_that_meets_the_lock_is_recorded_with_its_legal_basis() {
    let world = World::with(3);
    let erasure =
        json!({"incident": incident(), "request": "DSR-7", "legal_basis": "GDPR Art. 17(3)(e)", "reason": "claim"});
    let (status, answer) = world.ask("erasure", &erasure);
    assert_eq!((status, &answer["erased"], &answer["locked_until"]), (200, &json!(false), &json!(locked_until())));
    let log = world.log();
    assert_eq!(log[0].deed, Deed::ErasureRefused);
    assert_eq!(log[0].reason, "request DSR-7, kept by GDPR Art. 17(3)(e): claim");

    // A hold keeps it without an end, also when the retention is over.
    world.is_locked.set(false);
    world.ask("hold", &of("lawsuit"));
    let (_, answer) = world.ask("erasure", &erasure);
    assert_eq!((&answer["locked_until"], &answer["held"]), (&Value::Null, &json!(5)));

    // Where nothing locks it, nothing is refused by a lock, and none is recorded.
    world.ask("end-hold", &of("settled"));
    let entries = world.log().len();
    let (status, answer) = world.ask("erasure", &erasure);
    assert_eq!((status, &answer["code"]), (409, &json!("not-locked")));
    assert_eq!(world.log().len(), entries);
}
