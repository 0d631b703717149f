//! A bucket with a million versions: the listing is kept page by page, over as many invocations as it takes, and no page twice.
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
use std::collections::BTreeMap;
use table::{Table, interleave};

const PAGES: usize = 1_000;
const VERSIONS_A_PAGE: usize = 1_000;

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
    vault: RefCell<BTreeMap<String, usize>>,
    /// How many pages of the listing are answered before the service says "later", once.
    throttles_at: Cell<Option<usize>>,
    asked: Cell<usize>,
}

impl Vault for &World {
    async fn preserve(&self, path: &str, bytes: Vec<u8>, _content_type: &str) -> Result<Kept, Failure> {
        self.vault.borrow_mut().entry(path.to_owned()).or_insert(bytes.len());
        Ok(Kept { sha256: Digest::of(&bytes), bytes: bytes.len() as u64, version_id: None })
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
        let page: usize = query.get("key-marker").map_or(0, |marker| marker.parse().unwrap());
        let versions = "<Version/>".repeat(VERSIONS_A_PAGE);
        let next = if page + 1 < PAGES {
            format!("<NextKeyMarker>{0}</NextKeyMarker><NextVersionIdMarker>v{0}</NextVersionIdMarker>", page + 1)
        } else {
            String::new()
        };
        Ok(Answered { code: None, body: format!("<R><Page>{page}</Page>{next}{versions}</R>").into_bytes() })
    }
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
        log_tables: Vec::new(),
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

#[test]
fn a_million_versions_are_listed_over_many_invocations_each_page_once() {
    let (world, incident) = (World::default(), incident_of_a_bucket());
    let known = async { drop(world.table.create(&Key::incident(&incident.id), &incident).await.unwrap()) };
    interleave(vec![Box::pin(known)], &[0], &BTreeMap::new());
    world.throttles_at.set(Some(321));
    let mut runs = 0;
    while run(&world, &incident.id)["state"] == "in-progress" {
        runs += 1;
        assert!(runs < 200, "it never ends");
    }
    let vault = world.vault.borrow();
    let pages =
        vault.keys().filter(|path| path.contains("/evidence/bucket-versions/") && path.ends_with(".xml")).count();
    assert_eq!(pages, PAGES);
    assert!(runs > 1, "one invocation has no time for all of it");
    // What was kept by an invocation is not asked for again, but for the page that was throttled.
    assert_eq!(world.asked.get(), PAGES + 1);
    assert!(!world.table.all::<CustodyEntry>("INCIDENT#", "CUSTODY#").is_empty());
}
