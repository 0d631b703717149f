//! A bucket with a million versions, at its size: the listing is kept page by page, over as many invocations as it takes, also
//! where one of them is killed, and the memory that it takes does not grow with it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops where it fails")]

#[path = "../../incident/tests/correlation/table.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod table;

use incident::containment::{ActionRunner, Automation, Place, Playbooks, Progress};
use incident::evidence::source::{Destination, Request};
use incident::evidence::{Custodian, CustodyEntry, Stage};
use incident::finding::{Entity, EntityKind, Located};
use incident::ports::{Answered, FindingDesk, Kept, Settings, SourceReader, Vault};
use incident::records::{Key, Records as _};
use incident::{Digest, Failure, Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use preserve_evidence::{PreserveTask, Preserver};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use table::{Table, interleave};

const PAGES: usize = 1_000;
const VERSIONS_A_PAGE: usize = 1_000;
/// How far a run can have come since it last wrote down how far it is.
const PAGES_A_SAVE: usize = 20;
/// What the heap and this test's own records may add up to, in KiB, between a twentieth of the listing and its end: the pages alone are 380 MB.
const MOST_GROWTH: u64 = 12 << 10;

/// The memory of this process is that of whichever test runs.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

thread_local! {
    static CLOCK: Cell<i64> = const { Cell::new(1_790_000_000) };
}

/// Each look at the clock is half a second later.
fn clock() -> Timestamp {
    CLOCK.set(CLOCK.get() + 1);
    Timestamp::from_millisecond(CLOCK.get() * 500).unwrap()
}

#[derive(Default)]
struct World {
    table: Table,
    vault: RefCell<BTreeMap<String, Digest>>,
    /// How many pages of the listing are answered before the service says "later", once.
    throttles_at: Cell<Option<usize>>,
    asked: Cell<usize>,
    /// After how many pages the process is killed, once.
    dies_at: Cell<Option<usize>>,
    /// The memory of this process, in KiB, after fifty pages.
    resident: Cell<u64>,
}

impl Vault for &World {
    async fn preserve(&self, path: &str, bytes: Vec<u8>, _content_type: &str) -> Result<Kept, Failure> {
        let sha256 = Digest::of(&bytes);
        let mut vault = self.vault.borrow_mut();
        let kept = vault.entry(path.to_owned()).or_insert_with(|| sha256.clone());
        // What a run that was killed left behind is the same as what comes again.
        assert_eq!(*kept, sha256, "{path}");
        Ok(Kept { sha256, bytes: bytes.len() as u64, version_id: None })
    }

    async fn names(&self, _folder: &str) -> Result<Vec<String>, Failure> {
        panic!("no folder is listed")
    }

    async fn kept(&self, _path: &str) -> Result<Option<Kept>, Failure> {
        panic!("nothing is asked of the vault")
    }

    async fn publish(&self, _path: &str, _bytes: Vec<u8>, _content_type: &str) -> Result<(), Failure> {
        panic!("nothing is published")
    }

    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }
}

impl Settings for &World {
    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }
}

impl ActionRunner for &World {
    async fn start(&self, _run: &Automation) -> Result<String, Failure> {
        panic!("no document runs")
    }

    async fn progress(&self, _place: &Place, _run: &str) -> Result<Progress, Failure> {
        panic!("no document runs")
    }

    async fn stop(&self, _place: &Place, _run: &str) -> Result<(), Failure> {
        panic!("no document runs")
    }
}

impl FindingDesk for &World {
    async fn finding(&self, _source: &str, _document: &Value) -> Result<Option<Value>, Failure> {
        panic!("there is no finding")
    }

    async fn mark_notified(&self, _document: &Value, _note: &str) -> Result<(), Failure> {
        panic!("nobody is told")
    }
}

impl SourceReader for &World {
    async fn ask(&self, _place: &Place, request: &Request) -> Result<Answered, Failure> {
        let query: BTreeMap<&str, &str> =
            request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if !query.contains_key("versions") {
            return Ok(Answered { code: Some("AccessDenied".to_owned()), body: Vec::new() });
        }
        self.asked.set(self.asked.get() + 1);
        if self.throttles_at.get() == Some(self.asked.get()) {
            self.throttles_at.set(None);
            return Err(Failure::transient("s3 answers `SlowDown`"));
        }
        if self.dies_at.get() == Some(self.asked.get()) {
            self.dies_at.set(None);
            panic!("killed");
        }
        if self.asked.get() == PAGES / 20 {
            self.resident.set(resident());
        }
        let page: usize = query.get("key-marker").map_or(0, |marker| marker.parse().unwrap());
        let versions: String = (0..VERSIONS_A_PAGE).map(|number| version(page * VERSIONS_A_PAGE + number)).collect();
        let next = if page + 1 < PAGES {
            format!("<NextKeyMarker>{0}</NextKeyMarker><NextVersionIdMarker>v{0}</NextVersionIdMarker>", page + 1)
        } else {
            String::new()
        };
        Ok(Answered { code: None, body: format!("<R><Page>{page}</Page>{next}{versions}</R>").into_bytes() })
    }
}

/// A version as S3 lists it.
fn version(number: usize) -> String {
    format!(
        "<Version><Key>customers/2026/{number:08}/profile.json</Key><VersionId>3sL4kqtJlcpXroDTDmJ.{number:012}</VersionId>\
         <IsLatest>true</IsLatest><LastModified>2026-11-20T08:15:00.000Z</LastModified><ETag>&quot;{number:032x}&quot;</ETag>\
         <Size>{number}</Size><StorageClass>STANDARD</StorageClass><Owner><ID>{number:064x}</ID></Owner></Version>"
    )
}

/// The memory that this process has, in KiB (proc(5), `VmRSS`).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn incident_of_a_bucket() -> Incident {
    let bucket = Located {
        entity: Entity { kind: EntityKind::Bucket, id: "kranich-customers".to_owned(), arn: None },
        account: "444455556666".to_owned(),
        region: Some("eu-central-1".to_owned()),
    };
    let at = "2026-11-23T03:00:00Z";
    serde_json::from_value(json!({
        "id": "inc-00112233445566778899", "aware_at": at, "account": "444455556666", "region": "eu-central-1",
        "category": "data-exfiltration", "severity": {"label": "HIGH", "score": 80}, "confidence": 90, "title": "x",
        "indications": [], "entities": [bucket], "runs": 1, "planned": 1, "absorbed": [], "absorbed_by": null,
        "closed_at": null,
    }))
    .unwrap()
}

fn run(world: &World, incident: &IncidentId) -> Value {
    let preserver = Preserver {
        records: &world.table,
        vault: world,
        settings: world,
        runner: world,
        sources: world,
        logs: world,
        log_tables: BTreeMap::new(),
        findings: world,
        playbooks: Playbooks::load().unwrap(),
        custodian: Custodian { name: "tocsin-preserve-evidence".to_owned(), role: "role".to_owned() },
        partition: "aws".to_owned(),
        home_region: "eu-central-1".to_owned(),
        destination: Destination::of_key("arn:aws:kms:eu-central-1:999988887777:key/k".to_owned(), "").unwrap(),
        activity_days: 7,
        clock,
        unwritten: RefCell::default(),
    };
    let task = PreserveTask { incident: incident.clone(), stage: Stage::BesideContainment };
    let deadline = clock() + SignedDuration::from_secs(295);
    let mut done = None;
    let call = async { done = Some(preserver.preserve(task, deadline).await.unwrap()) };
    interleave(vec![Box::pin(call)], &[0], &BTreeMap::new());
    serde_json::to_value(done.unwrap()).unwrap()
}

/// Runs until the listing is whole; how many runs that took. A run that is killed ends there, and the next one comes.
fn until_listed(world: &World, incident: &Incident) -> usize {
    let known = async { drop(world.table.create(&Key::incident(&incident.id), incident).await.unwrap()) };
    interleave(vec![Box::pin(known)], &[0], &BTreeMap::new());
    for runs in 1..200 {
        let ended = catch_unwind(AssertUnwindSafe(|| run(world, &incident.id)));
        if ended.is_ok_and(|answer| answer["state"] == "preserved") {
            return runs;
        }
    }
    panic!("it never ends");
}

fn pages(world: &World) -> usize {
    let vault = world.vault.borrow();
    vault.keys().filter(|path| path.contains("/evidence/bucket-versions/") && path.ends_with(".xml")).count()
}

#[test]
fn a_million_versions_are_listed_over_many_invocations_each_page_once() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let world = World::default();
    world.throttles_at.set(Some(321));
    let runs = until_listed(&world, &incident_of_a_bucket());
    let growth = resident().saturating_sub(world.resident.get());
    assert_eq!(pages(&world), PAGES);
    assert!(runs > 1, "one invocation has no time for all of it");
    // What was kept by an invocation is not asked for again, but for the page that was throttled.
    assert_eq!(world.asked.get(), PAGES + 1);
    assert!(growth < MOST_GROWTH, "the memory grew by {growth} KiB");
    assert!(!world.table.all::<CustodyEntry>("INCIDENT#", "CUSTODY#").is_empty());
}

#[test]
fn a_run_that_is_killed_is_gone_on_with_from_the_page_that_was_written_down_last() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let world = World::default();
    let died = 777;
    world.dies_at.set(Some(died));
    until_listed(&world, &incident_of_a_bucket());
    assert_eq!(world.dies_at.get(), None, "nothing was killed");
    let again = world.asked.get() - PAGES;
    assert!((1..=PAGES_A_SAVE).contains(&again), "{again} pages were asked for again");
    assert_eq!(pages(&world), PAGES);
    // Each page is another: none is there twice, and none is missing.
    let vault = world.vault.borrow();
    let listed = vault.iter().filter(|(path, _)| path.ends_with(".xml")).map(|(_, sha256)| sha256);
    assert_eq!(listed.collect::<BTreeSet<_>>().len(), PAGES);
}
