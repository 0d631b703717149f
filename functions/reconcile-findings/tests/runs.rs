//! Runs over lists, a table and a queue in memory: whatever fails, everything arrives, and what arrived is not sent again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::ports::{FeedPage, FindingFeed, FindingQueue, ListedFinding, Window};
use incident::reconciliation::Watermark;
use incident::records::{FindingRecord, Key, Listing, Records, Versioned, Write};
use incident::{Failure, Fault};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use reconcile_findings::{Reconciled, Reconciliation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const PAGE: usize = 3;

/// Runs what never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing in memory waits"),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Counts calls down to the one that fails.
#[derive(Default)]
struct Fuse(Cell<Option<usize>>);

impl Fuse {
    fn burn(&self) -> Result<(), Failure> {
        match self.0.get() {
            Some(0) => {
                self.0.set(None);
                Err(Failure::transient("ordered by a test"))
            }
            left => {
                self.0.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

#[derive(Default)]
struct World {
    table: RefCell<BTreeMap<Key, Value>>,
    lists: BTreeMap<(&'static str, &'static str), Vec<(i64, Value)>>,
    sent: RefCell<Vec<String>>,
    fuse: Fuse,
    clock: Cell<i64>,
}

struct Feed<'w>(&'w World, &'static str, &'static str);

impl FindingFeed for Feed<'_> {
    fn source(&self) -> &'static str {
        self.1
    }

    fn region(&self) -> &str {
        self.2
    }

    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<FeedPage, Failure> {
        self.0.fuse.burn()?;
        self.0.clock.set(self.0.clock.get() + 1);
        let Some(list) = self.0.lists.get(&(self.1, self.2)) else {
            return Ok(FeedPage { is_off: true, ..FeedPage::default() });
        };
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let mut found: Vec<&(i64, Value)> =
            list.iter().filter(|(updated, _)| at(*updated) >= window.since && at(*updated) <= window.until).collect();
        found.sort_by_key(|(updated, _)| *updated);
        let listed = |(updated, document): &&(i64, Value)| ListedFinding {
            document: document.clone(),
            created_at: Some(at(*updated)),
            updated_at: Some(at(*updated)),
        };
        let next = (found.len() > from + PAGE).then(|| (from + PAGE).to_string());
        Ok(FeedPage { findings: found.iter().skip(from).take(PAGE).map(listed).collect(), next, is_off: false })
    }
}

impl FindingQueue for &World {
    async fn send(&self, documents: &[Value]) -> Result<(), Failure> {
        for document in documents {
            self.fuse.burn()?;
            self.sent.borrow_mut().push(document["id"].as_str().unwrap().to_owned());
            let Ok(finding) = incident::sources::translate(document).unwrap().remove(0) else { continue };
            let key = Key::finding(finding.identity());
            // Intake: it takes what is there, and keeps the newest version.
            let record = serde_json::to_value(FindingRecord::new(&finding, "", at(0))).unwrap();
            self.table.borrow_mut().insert(key, record);
        }
        Ok(())
    }
}

impl Records for &World {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.fuse.burn()?;
        Ok(self.table.borrow().get(key).map(|record| serde_json::from_value(record.clone()).unwrap()))
    }

    async fn read<T: DeserializeOwned>(&self, _keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        unreachable!("nothing is read with its version")
    }

    async fn commit(&self, _writes: Vec<Write>) -> Result<bool, Failure> {
        unreachable!("nothing is written together")
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        self.fuse.burn()?;
        self.table.borrow_mut().insert(key.clone(), serde_json::to_value(new).unwrap());
        Ok((new.clone(), true))
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        self.fuse.burn()?;
        let mut record: T = serde_json::from_value(self.table.borrow()[key].clone()).unwrap();
        change(&mut record)?;
        self.table.borrow_mut().insert(key.clone(), serde_json::to_value(&record).unwrap());
        Ok(record)
    }

    async fn remove(&self, _key: &Key) -> Result<(), Failure> {
        unreachable!("nothing is removed")
    }

    async fn list<T: DeserializeOwned>(&self, _listing: &Listing) -> Result<Vec<T>, Failure> {
        unreachable!("nothing is listed")
    }
}

impl World {
    fn run(&self, now: i64, pages: i64) -> Result<Reconciled, Failure> {
        self.clock.set(now);
        let feeds = [("guardduty", "eu-central-1"), ("guardduty", "us-west-2"), ("securityhub", "eu-central-1")];
        let reconciliation = Reconciliation {
            records: self,
            feeds: feeds.map(|(source, region)| Feed(self, source, region)).into(),
            queue: self,
            look_back_hours: 24,
            delivery_minutes: 10,
        };
        let deadline = at(now + pages) + SignedDuration::from_secs(30);
        block_on(reconciliation.run(deadline, || at(self.clock.get())))
    }

    fn watermark(&self, source: &str, region: &str) -> Watermark {
        serde_json::from_value(self.table.borrow()[&Key::watermark(source, region)].clone()).unwrap()
    }

    fn everything(&self) -> BTreeSet<String> {
        let ids = self.lists.values().flatten().map(|(_, document)| document["id"].as_str().unwrap().to_owned());
        ids.collect()
    }

    fn arrived(&self) -> BTreeSet<String> {
        self.sent.borrow().iter().cloned().collect()
    }
}

fn document(id: &str, updated: i64) -> (i64, Value) {
    let document = json!({
        "schemaVersion": "2.0", "id": id, "type": "Recon:EC2/Portscan", "accountId": "111122223333",
        "region": "eu-central-1", "severity": 5, "updatedAt": at(updated).to_string(),
        "service": {"serviceName": "guardduty", "archived": true},
    });
    (updated, document)
}

fn world(here: &[i64], there: &[i64]) -> World {
    let list = |name: &str, times: &[i64]| {
        times.iter().enumerate().map(|(number, time)| document(&format!("{name}-{number}"), *time)).collect()
    };
    let lists = [("eu-central-1", list("here", here)), ("us-west-2", list("there", there))];
    World { lists: lists.into_iter().map(|(region, list)| (("guardduty", region), list)).collect(), ..World::default() }
}

#[test]
fn everything_is_sent_once_and_nothing_the_second_time() {
    let world = world(&[10, 20, 30, 40, 50, 60, 70], &[15]);
    let first = world.run(10_000, 100).unwrap();
    let off = vec!["securityhub eu-central-1".to_owned()];
    assert_eq!(first, Reconciled { listed: 8, sent: 8, missed: 8, off, more: false });
    assert_eq!(world.watermark("guardduty", "eu-central-1"), Watermark { swept_to: at(70), sweep: None });
    let second = world.run(10_300, 100).unwrap();
    assert_eq!((second.sent, second.missed, second.more), (0, 0, false));
    assert_eq!(world.sent.borrow().len(), 8);
}

#[test]
fn long_list_does_not_hold_up_the_others_and_is_read_on() {
    let world = world(&[10, 20, 30, 40, 50, 60, 70], &[15]);
    let first = world.run(10_000, 3).unwrap();
    assert!(first.more);
    assert!(world.arrived().contains("there-0"));
    assert_eq!(world.watermark("guardduty", "eu-central-1").sweep.unwrap().reached, at(30));
    let second = world.run(10_300, 100).unwrap();
    assert!(!second.more);
    assert_eq!(world.arrived(), world.everything());
    assert_eq!(world.sent.borrow().len(), 8, "what was sent before the stop is known");
}

#[test]
fn new_finding_is_left_to_the_bus_for_a_while() {
    let world = world(&[9_700], &[]);
    assert_eq!(world.run(10_000, 100).unwrap().sent, 0);
    assert_eq!(world.run(10_290, 100).unwrap().sent, 0);
    let late = world.run(10_310, 100).unwrap();
    assert_eq!((late.sent, late.missed), (1, 1));
}

#[test]
fn newer_version_is_sent_and_does_not_count_as_missed() {
    let mut world = world(&[10], &[]);
    world.run(10_000, 100).unwrap();
    world.lists.insert(("guardduty", "eu-central-1"), vec![document("here-0", 10_200)]);
    let second = world.run(10_300, 100).unwrap();
    assert_eq!((second.sent, second.missed), (1, 0));
}

#[test]
fn copy_of_a_finding_in_another_list_is_not_sent_with_it() {
    let mut world = world(&[10], &[]);
    world.lists.insert(("guardduty", "us-west-2"), vec![document("here-0", 10)]);
    assert_eq!(world.run(10_000, 100).unwrap().sent, 1);
}

#[test]
fn failure_of_one_list_is_reported_and_the_others_are_read() {
    let world = world(&[10], &[20]);
    // The first three calls read and create the first watermark, so the first list is asked by the seventh.
    world.fuse.0.set(Some(6));
    let failure = world.run(10_000, 100).unwrap_err();
    assert_eq!(failure.fault(), Fault::Transient);
    assert_eq!(world.arrived(), BTreeSet::from(["there-0".to_owned()]));
}

proptest! {
    #[test]
    fn everything_arrives_whatever_call_fails_in_each_run(
        here in proptest::collection::vec(0..3000_i64, 0..20),
        there in proptest::collection::vec(0..3000_i64, 0..20),
        runs in proptest::collection::vec((0..60_usize, 2..12_i64), 0..8),
    ) {
        let world = world(&here, &there);
        let mut now = 4_000;
        for (fails_at, pages) in runs {
            world.fuse.0.set(Some(fails_at));
            let before = world.table.borrow().clone();
            let _answer = world.run(now, pages);
            for (key, record) in before.iter().filter(|(key, _)| key.sort == "WATERMARK") {
                let before: Watermark = serde_json::from_value(record.clone()).unwrap();
                let after: Watermark = serde_json::from_value(world.table.borrow()[key].clone()).unwrap();
                prop_assert!(after.swept_to >= before.swept_to);
            }
            now += 300;
        }
        world.fuse.0.set(None);
        let mut more = true;
        while more {
            more = world.run(now, 1_000).unwrap().more;
            now += 300;
        }
        prop_assert_eq!(world.arrived(), world.everything());
        // A failure between sending and noting repeats a page at most, and only the part that intake had not recorded.
        let sent = world.sent.borrow().len();
        prop_assert_eq!(sent, world.everything().len());
        prop_assert_eq!(world.run(now, 1_000).unwrap().sent, 0);
    }
}
