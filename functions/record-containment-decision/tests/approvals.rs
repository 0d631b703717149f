//! From the plan to the order, over a table in memory: whatever breaks off and is repeated, people are asked once for the same
//! steps, one decision is taken, and what it approves is carried out by one order.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::containment::guard::EvidencePlace;
use incident::containment::{Approval, ApprovalId, Playbooks};
use incident::ports::{Gate, Pager, Responses, Settings};
use incident::records::{Key, Listing, Page, Records, Versioned, Write};
use incident::{Failure, Incident, IncidentId};
use jiff::Timestamp;
use plan_containment::Planner;
use record_containment_decision::Desk;
use request_containment_approval::Asker;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const FINDING: &str =
    include_str!("../../incident/src/sources/guardduty/fixtures/instance-credential-exfiltration.json");
const SETTINGS: &str = include_str!("../../../infra/organisation.example.json");

/// Runs what never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing in memory waits"),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// A table, a gate, a pager and a state machine. The fuse counts operations down to the one that fails.
#[derive(Default)]
struct World {
    table: RefCell<BTreeMap<Key, (u64, Value)>>,
    waiting: RefCell<BTreeSet<String>>,
    resumed: RefCell<Vec<Value>>,
    started: RefCell<Vec<(String, Value)>>,
    told: RefCell<Vec<String>>,
    fuse: Cell<Option<usize>>,
}

impl World {
    fn burn(&self) -> Result<(), Failure> {
        let left = self.fuse.get();
        self.fuse.set(left.and_then(|left| left.checked_sub(1)));
        if left == Some(0) { Err(Failure::transient("ordered by a test")) } else { Ok(()) }
    }

    fn found<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        self.table.borrow().get(key).map(|(_, record)| serde_json::from_value(record.clone()).unwrap())
    }

    fn put(&self, key: &Key, record: Value) {
        let mut table = self.table.borrow_mut();
        let version = table.get(key).map_or(1, |(version, _)| version + 1);
        table.insert(key.clone(), (version, record));
    }

    /// What is recorded, without how often it was written and who tried.
    fn records(&self) -> BTreeMap<Key, Value> {
        let table = self.table.borrow();
        let lasting = table.iter().filter(|(key, _)| !key.sort.starts_with("APPROVAL-ATTEMPT#"));
        lasting.map(|(key, (_, record))| (key.clone(), record.clone())).collect()
    }
}

impl Records for &World {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.burn()?;
        Ok(self.found(key))
    }

    async fn read<T: DeserializeOwned>(&self, _keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        unreachable!("nothing is read with its version")
    }

    async fn commit(&self, _writes: Vec<Write>) -> Result<bool, Failure> {
        unreachable!("nothing is written together")
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        self.burn()?;
        if let Some(found) = self.found(key) {
            return Ok((found, false));
        }
        self.put(key, serde_json::to_value(new).unwrap());
        Ok((new.clone(), true))
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        self.burn()?;
        let mut record: T = self.found(key).unwrap();
        change(&mut record)?;
        self.put(key, serde_json::to_value(&record).unwrap());
        Ok(record)
    }

    async fn remove(&self, key: &Key) -> Result<(), Failure> {
        self.burn()?;
        self.table.borrow_mut().remove(key);
        Ok(())
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        self.burn()?;
        let table = self.table.borrow();
        let below = |key: &&Key| key.partition == listing.partition && key.sort.starts_with(&listing.prefix);
        let keys: Vec<&Key> = table.keys().filter(below).collect();
        Ok(keys.into_iter().map(|key| self.found(key).unwrap()).collect())
    }
}

impl Settings for &World {
    /// No signed settings are there, so every step waits for a person.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.burn()?;
        Ok((path == incident::organisation::PATH).then(|| SETTINGS.as_bytes().to_vec()))
    }
}

impl Gate for &World {
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure> {
        self.burn()?;
        let is_waiting = self.waiting.borrow_mut().remove(token);
        if is_waiting {
            self.resumed.borrow_mut().push(decision.clone());
        }
        Ok(is_waiting)
    }
}

impl Responses for &World {
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure> {
        self.burn()?;
        self.started.borrow_mut().push((name.to_owned(), input.clone()));
        Ok(())
    }
}

impl Pager for &World {
    async fn page(&self, _page: &Page) -> Result<(), Failure> {
        unreachable!("nobody is paged")
    }

    async fn tell(&self, _subject: &str, text: &str) -> Result<(), Failure> {
        self.burn()?;
        self.told.borrow_mut().push(text.to_owned());
        Ok(())
    }
}

impl World {
    fn with_incident() -> (Self, IncidentId) {
        let world = Self::default();
        let document: Value = serde_json::from_str(FINDING).unwrap();
        let finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
        let id = IncidentId::opened_by(&finding);
        let mut incident = Incident::open(id.clone(), &finding, now(), "eu-central-1");
        incident.respond();
        world.put(&Key::incident(&id), serde_json::to_value(&incident).unwrap());
        (world, id)
    }

    fn plan(&self, incident: &IncidentId, order: Option<&Value>) -> Result<Value, Failure> {
        let planner = Planner {
            records: self,
            settings: self,
            playbooks: Playbooks::load().unwrap(),
            public_key: String::new(),
            evidence: EvidencePlace { account: "999988887777".to_owned(), bucket: "tocsin-vault".to_owned() },
            repeat_after_seconds: 60,
        };
        let task = serde_json::from_value(json!({"incident": incident, "order": order})).unwrap();
        block_on(planner.plan(task, now())).map(|planned| serde_json::to_value(planned).unwrap())
    }

    fn request(&self, incident: &IncidentId, approval: &ApprovalId, attempt: u32) -> Result<Value, Failure> {
        let token = format!("token-{attempt}");
        // Who asked before has timed out.
        *self.waiting.borrow_mut() = BTreeSet::from([token.clone()]);
        let asker = Asker { records: self, gate: self, pager: self, url: "https://example/".to_owned() };
        let task = json!({"incident": incident, "approval": approval, "attempt": attempt, "attempts": 8,
            "timeout_seconds": 900, "token": token});
        let requested = block_on(asker.request(serde_json::from_value(task).unwrap(), now()));
        requested.map(|requested| serde_json::to_value(requested).unwrap())
    }

    fn call(&self, by: Option<&str>, method: &str, path: &str, body: &Value) -> Result<(u64, Value), Failure> {
        let http = json!({"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.1"});
        let signed = by.map(|by| json!({"iam": {"userArn": by}}));
        let request = json!({"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {}, "body": body.to_string(),
            "isBase64Encoded": false, "requestContext": {"http": http, "authorizer": signed, "timeEpoch": 0}});
        let desk = Desk { records: self, gate: self, containment: self };
        let answer = block_on(desk.answer(serde_json::from_value(request).unwrap(), now()))?;
        let answer = serde_json::to_value(answer).unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        Ok((answer["statusCode"].as_u64().unwrap(), body))
    }

    fn decide(&self, approval: &Approval, by: &str, approve: &Value) -> Result<(u64, Value), Failure> {
        let path = format!("/approvals/{}/{}/decision", approval.incident, approval.id);
        self.call(Some(by), "POST", &path, &json!({"approve": approve, "reason": "weighed"}))
    }

    /// A plan that put everything before a person, who was asked.
    fn asked() -> (Self, Approval) {
        let (world, id) = Self::with_incident();
        let planned = world.plan(&id, None).unwrap();
        let approval: ApprovalId = serde_json::from_value(planned["approvals"][0].clone()).unwrap();
        world.request(&id, &approval, 1).unwrap();
        let approval = world.found(&Key::approval(&id, &approval)).unwrap();
        (world, approval)
    }
}

/// Every state of the world that a failure at one operation of `work`, and then its repetition, can lead to.
fn broken_off<T>(
    setting: impl Fn() -> T,
    world: impl Fn(&T) -> &World,
    work: impl Fn(&T) -> Result<(), Failure>,
) -> Vec<T> {
    let mut ends = Vec::new();
    for operation in 0.. {
        let set = setting();
        world(&set).fuse.set(Some(operation));
        let broke = work(&set).is_err();
        world(&set).fuse.set(None);
        work(&set).unwrap();
        ends.push(set);
        if !broke {
            return ends;
        }
    }
    ends
}

#[test]
fn a_plan_that_breaks_off_asks_for_the_same_when_it_is_repeated() {
    let (whole, id) = World::with_incident();
    let planned = whole.plan(&id, None).unwrap();
    assert_eq!(planned["waves"], json!([]));
    assert_eq!(planned["approvals"].as_array().unwrap().len(), 1);
    let plan = |(world, id): &(World, IncidentId)| {
        let again = world.plan(id, None)?;
        assert_eq!(again, planned);
        Ok(())
    };
    let ends = broken_off(World::with_incident, |(world, _)| world, plan);
    assert!(ends.len() > 10);
    for (world, _) in ends {
        assert_eq!(world.records(), whole.records());
    }
}

#[test]
fn people_are_asked_once_an_attempt_and_not_again_by_a_later_plan() {
    let (world, approval) = World::asked();
    world.request(&approval.incident, &approval.id, 1).unwrap();
    assert_eq!(world.told.borrow().len(), 1);
    world.request(&approval.incident, &approval.id, 2).unwrap();
    assert_eq!(world.told.borrow().len(), 2);
    assert!(!world.told.borrow().iter().any(|text| text.contains("token-")));
    assert_eq!(world.plan(&approval.incident, None).unwrap()["approvals"], json!([]));
}

#[test]
fn a_decision_that_breaks_off_is_one_decision_and_one_order() {
    for approve in [json!("all"), json!([1]), json!([])] {
        let (whole, asked) = World::asked();
        let (status, answer) = whole.decide(&asked, BOB, &approve).unwrap();
        assert_eq!(status, 200);
        let decide = |(world, asked): &(World, Approval)| {
            let again = world.decide(asked, BOB, &approve)?;
            assert_eq!(again, (200, answer.clone()));
            Ok(())
        };
        let ends = broken_off(World::asked, |(world, _)| world, decide);
        assert!(ends.len() > 8);
        for (world, asked) in ends {
            assert_eq!(world.records(), whole.records());
            assert_eq!(world.resumed.borrow().len(), 1, "the execution that waits is told, once");
            assert_eq!(world.resumed.borrow()[0]["order"], answer["order"]);
            // Whoever repeats a decision cannot know whether the execution goes on: the same start joins it.
            for (name, input) in world.started.borrow().iter() {
                assert_eq!(*name, format!("{}-{}", asked.incident, answer["order"].as_str().unwrap()));
                assert_eq!(*input, json!({"incident": asked.incident, "order": answer["order"]}));
            }
        }
    }
}

#[test]
fn a_decision_finds_whoever_waits_or_is_carried_out_without() {
    // Decided between two attempts: what asks next goes on at once.
    let (world, asked) = World::asked();
    world.waiting.borrow_mut().clear();
    let (_, answer) = world.decide(&asked, BOB, &json!("all")).unwrap();
    assert_eq!(world.started.borrow().len(), 1);
    assert_eq!(world.request(&asked.incident, &asked.id, 2).unwrap(), json!({"waiting": false}));
    assert_eq!(world.resumed.borrow()[0]["order"], answer["order"]);
    assert_eq!(world.told.borrow().len(), 1);
    assert!(!world.records().keys().any(|key| key.partition.starts_with("APPROVAL-GATE#")));

    // Decided while one waits.
    let (world, asked) = World::asked();
    world.decide(&asked, BOB, &json!("all")).unwrap();
    assert_eq!((world.resumed.borrow().len(), world.started.borrow().len()), (1, 0));
}

#[test]
fn an_order_plans_what_was_approved_and_nothing_else() {
    let (world, asked) = World::asked();
    let (_, answer) = world.decide(&asked, BOB, &json!([1])).unwrap();
    let first = asked.steps().next().unwrap().step.clone();
    let planned = world.plan(&asked.incident, Some(&answer["order"])).unwrap();
    assert_eq!(planned["approvals"], json!([]));
    let steps: Vec<Value> = planned["waves"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|wave| wave["steps"].as_array().unwrap().clone())
        .collect();
    assert_eq!(steps.len(), usize::try_from(first.action.passes).unwrap());
    assert!(steps.iter().all(|step| step["target"] == json!(first.target)));
    for asked in asked.steps() {
        let record: Value = world.found(&Key::action(&planned_incident(&planned), &asked.step)).unwrap();
        let (state, order) =
            if asked.step == first { ("started", answer["order"].clone()) } else { ("declined", Value::Null) };
        assert_eq!((record["state"].as_str().unwrap(), &record["order"]), (state, &order));
    }
    let before = world.records();
    assert_eq!(world.plan(&asked.incident, Some(&answer["order"])).unwrap(), planned);
    assert_eq!(world.records(), before);
    // What a playbook plans later leaves it alone.
    let later = world.plan(&asked.incident, None).unwrap();
    assert_eq!((&later["waves"], &later["approvals"]), (&json!([]), &json!([])));
}

fn planned_incident(planned: &Value) -> IncidentId {
    serde_json::from_value(planned["incident"].clone()).unwrap()
}

#[test]
fn what_is_refused_changes_nothing() {
    let (world, mut asked) = World::asked();
    asked.requested_by = Some(ALICE.to_owned());
    world.put(&Key::approval(&asked.incident, &asked.id), serde_json::to_value(&asked).unwrap());
    let before = world.records();
    let path = format!("/approvals/{}/{}", asked.incident, asked.id);
    let yes = json!({"approve": "all", "reason": "weighed"});
    let decision = format!("{path}/decision");
    assert_eq!(world.decide(&asked, ALICE, &json!("all")).unwrap().1["code"], "approver-is-requester");
    for (by, method, path, body, status) in [
        (None, "POST", decision.as_str(), yes.clone(), 403),
        (Some(""), "POST", &decision, yes.clone(), 403),
        (None, "GET", "/approvals", Value::Null, 403),
        (Some(BOB), "GET", &decision, Value::Null, 404),
        (Some(BOB), "POST", &path, yes.clone(), 404),
        (Some(BOB), "POST", &decision, json!({"approve": "some", "reason": "-"}), 400),
        (Some(BOB), "POST", &decision, json!({"approve": [9], "reason": "-"}), 409),
        (Some(BOB), "POST", &decision, json!({"approve": "all", "reason": ""}), 409),
    ] {
        assert_eq!(world.call(by, method, path, &body).unwrap().0, status, "{method} {path} {body}");
    }
    assert_eq!(world.records(), before);
    assert_eq!(
        world.call(Some(BOB), "GET", "/approvals", &Value::Null).unwrap().1["approvals"][0]["approval"],
        json!(asked.id)
    );
    assert_eq!(world.call(Some(BOB), "GET", &path, &Value::Null).unwrap().1["approval"], json!(asked));
    assert!(world.resumed.borrow().is_empty() && world.started.borrow().is_empty());
}
