//! Requests over a table, settings, a runner and state machines in memory: what is refused starts nothing, and a repeat is one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::containment::guard::EvidencePlace;
use incident::containment::{ActionRecord, ActionRunner, ActionState, Automation, Order, Place, Progress};
use incident::ports::{Responses, Settings};
use incident::records::{Key, Listing, Records, Versioned, Write};
use incident::{Category, Failure, Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use order_containment::Desk;
use platform::aws::MemberRole;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ADAMS: &str = "arn:aws:iam::111122223333:user/adams";
const BAUER: &str = "arn:aws:iam::111122223333:user/bauer";

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

struct World {
    table: RefCell<BTreeMap<Key, Value>>,
    runs: RefCell<Vec<Automation>>,
    ended: RefCell<Option<BTreeMap<String, String>>>,
    started: RefCell<Vec<(&'static str, String, Value)>>,
}

struct Machine<'w>(&'w World, &'static str);

impl Responses for Machine<'_> {
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure> {
        let mut started = self.0.started.borrow_mut();
        // Step Functions joins a start of the same name and input, and refuses another input.
        match started.iter().find(|(machine, known, _)| *machine == self.1 && known == name) {
            Some((_, _, known)) => assert_eq!(known, input),
            None => started.push((self.1, name.to_owned(), input.clone())),
        }
        Ok(())
    }
}

impl Settings for &World {
    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        // What was trusted last goes on to count.
        Ok(None)
    }
}

impl ActionRunner for &World {
    async fn start(&self, automation: &Automation) -> Result<String, Failure> {
        self.runs.borrow_mut().push(automation.clone());
        Ok("run-1".to_owned())
    }

    async fn stop(&self, _place: &Place, _id: &str) -> Result<(), Failure> {
        unreachable!("nothing is stopped")
    }

    async fn progress(&self, _place: &Place, _id: &str) -> Result<Progress, Failure> {
        let ended = |outputs| Progress::Ended { succeeded: true, outputs, failure: None };
        Ok(self.ended.borrow().clone().map_or(Progress::Running, ended))
    }
}

impl Records for &World {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        Ok(self.table.borrow().get(key).map(|record| serde_json::from_value(record.clone()).unwrap()))
    }

    async fn read<T: DeserializeOwned>(&self, _keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        unreachable!("nothing is read with its version")
    }

    async fn commit(&self, _writes: Vec<Write>) -> Result<bool, Failure> {
        unreachable!("nothing is written together")
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        if let Some(known) = self.get(key).await? {
            return Ok((known, false));
        }
        self.table.borrow_mut().insert(key.clone(), json!(new));
        Ok((new.clone(), true))
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        _key: &Key,
        _change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        unreachable!("nothing is changed here")
    }

    async fn remove(&self, _key: &Key) -> Result<(), Failure> {
        unreachable!("nothing is removed")
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        let table = self.table.borrow();
        let is_listed = |key: &Key| key.partition == listing.partition && key.sort.starts_with(&listing.prefix);
        let found = table.iter().filter(|(key, _)| is_listed(key));
        Ok(found.map(|(_, record)| serde_json::from_value(record.clone()).unwrap()).collect())
    }
}

impl World {
    fn new(protected: &[&str]) -> Self {
        let document = json!({
            "format": "tocsin-containment/1", "version": 1, "issued_at": "2026-09-01T00:00:00Z",
            "valid_until": "2027-01-01T00:00:00Z", "protected": protected, "critical": [], "actions": {},
            "caps": {"incident": 2, "hour": 100, "account": 100},
            "responders": ["arn:aws:iam::111122223333:role/responder"],
        });
        let trusted = json!({"document": document, "digest": "-"});
        Self {
            table: RefCell::new(BTreeMap::from([(Key::guard(), trusted)])),
            runs: RefCell::default(),
            ended: RefCell::default(),
            started: RefCell::default(),
        }
    }

    fn ask_at(&self, by: Option<&str>, method: &str, path: &str, body: &Value, at: Timestamp) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let authorizer = by.map(|arn| json!({"iam": {"userArn": arn, "accountId": "111122223333"}}));
        let request = json!({
            "rawPath": path, "queryStringParameters": query, "body": body.to_string(), "isBase64Encoded": false,
            "requestContext": {"authorizer": authorizer, "timeEpoch": 0, "http": {"method": method, "path": path}},
        });
        let desk = Desk {
            records: self,
            settings: self,
            runner: self,
            containments: Machine(self, "containment"),
            approvals: Machine(self, "approval"),
            reversals: Machine(self, "reversal"),
            public_key: String::new(),
            evidence: EvidencePlace { account: "999988887777".to_owned(), bucket: "tocsin-vault".to_owned() },
            evidence_role: MemberRole {
                partition: "aws".to_owned(),
                name: "evidence".to_owned(),
                function: "tocsin-order-containment".to_owned(),
            },
            home_region: "eu-central-1".to_owned(),
        };
        let answer = block_on(desk.answer(serde_json::from_value(request).unwrap(), at)).unwrap();
        (answer.status_code, serde_json::from_str(&answer.body).unwrap())
    }

    fn post(&self, by: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask_at(Some(by), "POST", path, body, now())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask_at(Some(BAUER), "GET", path, &json!(null), now())
    }

    /// What the machine records of the step that was ordered first.
    fn settle(&self, incident: &Value, state: ActionState) -> IncidentId {
        let id: IncidentId = serde_json::from_value(incident.clone()).unwrap();
        let orders: Vec<Order> = block_on(Records::list(&self, &Listing::of_incident(&id, "ORDER#"))).unwrap();
        let mut record = ActionRecord::started(id.clone(), orders[0].waves[0][0].clone(), now());
        record.state = state;
        record.order = Some(orders[0].id.clone());
        record.before = Some(json!({"target": "orders", "policy": "a secret of the bucket"}).to_string());
        record.observation = Some(json!({"policy": "{}"}).to_string());
        self.keep(&record);
        id
    }

    fn keep(&self, record: &ActionRecord) {
        self.table.borrow_mut().insert(Key::action(&record.incident, &record.step), json!(record));
    }

    fn started(&self, machine: &str) -> Vec<(String, Value)> {
        let started = self.started.borrow();
        let own = started.iter().filter(|(name, ..)| *name == machine);
        own.map(|(_, name, input)| (name.clone(), input.clone())).collect()
    }
}

fn lock(more: &[(&str, &str)]) -> Value {
    let mut body = json!({"action": "lock-bucket", "target": "orders"});
    for (name, value) in more {
        body[*name] = (*value).into();
    }
    body
}

#[test]
fn nobody_is_served_without_a_name_and_a_malformed_request_names_the_field() {
    let world = World::new(&[]);
    let (status, answer) = world.ask_at(None, "POST", "/plan", &lock(&[]), now());
    assert_eq!((status, &answer["code"]), (403, &json!("not-signed-in")));
    for (name, value, field) in [
        ("action", "lock-buckets", "`$.action`"),
        ("account", "1111", "`$.account`"),
        ("region", "Frankfurt", "`$.region`"),
        ("target", " ", "`$.target`"),
        ("incident", "inc-1", "`$.incident`"),
        ("reason", "  ", "`$.reason`"),
        ("because", "-", "`$."),
        ("account", "111122223333", "`$.reason`"),
    ] {
        let (status, answer) = world.post(ADAMS, "/apply", &lock(&[(name, value)]));
        assert_eq!((status, &answer["code"]), (400, &json!("malformed")), "{name}");
        assert!(answer["message"].as_str().unwrap().contains(field), "{answer}");
    }
    assert_eq!(world.get("/apply").0, 404);
    assert!(world.table.borrow().len() == 1 && world.started.borrow().is_empty());
}

#[test]
fn plan_runs_the_preview_and_nothing_else() {
    let world = World::new(&["orders"]);
    let (status, asked) = world.post(ADAMS, "/plan", &lock(&[]));
    assert_eq!((status, &asked["state"]), (202, &json!("in-progress")));
    assert_eq!(asked["objections"].as_array().unwrap().len(), 1);
    let run = world.runs.borrow()[0].clone();
    assert_eq!((run.document.as_str(), run.role.as_str()), ("Tocsin-PreviewLockBucket", "Tocsin-LockBucket"));
    assert_eq!(run.place, Place { account: "111122223333".to_owned(), region: Some("eu-central-1".to_owned()) });
    let spared = ["arn:aws:iam::111122223333:role/evidence", "arn:aws:iam::111122223333:role/responder"];
    assert_eq!(run.parameters["ResponderArns"], spared);

    let path = format!("/plan/{}", asked["id"].as_str().unwrap());
    assert_eq!(world.get(&path).0, 202);
    let calls = json!([{"call": "s3:PutBucketPolicy", "on": "orders", "change": "adds a statement"}]);
    let output = |name: &str, value: &Value| (format!("PreviewContainment.{name}"), value.to_string());
    *world.ended.borrow_mut() = Some(BTreeMap::from([
        output("State", &json!({"policy": null})),
        output("Calls", &calls),
        output("Impact", &json!(["nobody"])),
    ]));
    let (status, plan) = world.get(&path);
    assert_eq!((status, &plan["state"], &plan["calls"]), (200, &json!("planned"), &calls));
    assert_eq!((&plan["hits"], &plan["by"]), (&json!(["nobody"]), &json!(ADAMS)));
    assert_eq!(plan["objections"], asked["objections"]);
    assert_eq!(world.get("/plan/plan-0").0, 404);
    assert!(world.started.borrow().is_empty());
    let is_own = |key: &Key| key.partition.starts_with("PREVIEW#") || *key == Key::guard();
    assert!(world.table.borrow().keys().all(is_own));
}

#[test]
fn preview_without_outputs_is_no_plan() {
    let world = World::new(&[]);
    let (_, asked) = world.post(ADAMS, "/plan", &lock(&[]));
    *world.ended.borrow_mut() = Some(BTreeMap::new());
    let (_, plan) = world.get(&format!("/plan/{}", asked["id"].as_str().unwrap()));
    assert_eq!((&plan["state"], &plan["calls"]), (&json!("failed"), &json!(null)));
    assert!(plan["reason"].as_str().unwrap().contains("`State`"));
}

#[test]
fn same_order_again_is_one_order_in_one_incident() {
    let world = World::new(&[]);
    let body = lock(&[("reason", "leaked by a partner")]);
    let (status, first) = world.post(ADAMS, "/apply", &body);
    assert_eq!((status, &first["accepted"], &first["state"]), (202, &json!(true), &json!("started")));
    let later = now() + SignedDuration::from_secs(7);
    assert_eq!(world.ask_at(Some(ADAMS), "POST", "/apply", &body, later), (202, first.clone()));
    world.settle(&first["incident"], ActionState::Contained);
    assert_eq!(world.ask_at(Some(ADAMS), "POST", "/apply", &body, later), (202, first.clone()));
    let (id, order) = (first["incident"].as_str().unwrap(), first["order"].as_str().unwrap());
    let expected = [(format!("{id}-{order}"), json!({"incident": id, "order": order}))];
    assert_eq!(world.started("containment"), expected);

    // Somebody else, in that incident: it is contained already.
    let (status, answer) = world.post(BAUER, "/apply", &lock(&[("reason", "I saw it too"), ("incident", id)]));
    assert_eq!((status, &answer["state"], &answer["order"]), (200, &json!("contained"), &json!(null)));
    assert_eq!(world.started.borrow().len(), 1);
}

#[test]
fn incident_opened_by_hand_says_so_and_asks_for_no_response() {
    let world = World::new(&[]);
    let (_, answer) = world.post(ADAMS, "/apply", &lock(&[("reason", "leaked")]));
    let id: IncidentId = serde_json::from_value(answer["incident"].clone()).unwrap();
    let incident: Incident = serde_json::from_value(world.table.borrow()[&Key::incident(&id)].clone()).unwrap();
    assert_eq!(incident.title, "Contained by hand: lock-bucket on orders");
    assert_eq!((incident.category, incident.runs, incident.aware_at), (Category::Unclassified, 0, now()));
    assert_eq!((incident.severity.score, incident.entities.len()), (55, 1));
    let reporter = (incident.indications[0].source.as_str(), incident.indications[0].finding.as_str());
    assert_eq!(reporter, ("operator", ADAMS));
}

#[test]
fn what_the_settings_protect_waits_for_a_second_person() {
    let world = World::new(&["orders"]);
    let body = lock(&[("reason", "leaked")]);
    let (status, answer) = world.post(ADAMS, "/apply", &body);
    assert_eq!((status, &answer["accepted"], &answer["code"]), (409, &json!(false), &json!("needs-approval")));
    assert_eq!(world.post(ADAMS, "/apply", &body), (409, answer.clone()));
    assert_eq!(world.started.borrow().len(), 1);
    let asked = &world.started("approval")[0].1;
    assert_eq!(*asked, json!({"incident": answer["incident"], "approval": answer["approval"]}));
}

#[test]
fn cap_counts_what_the_incident_has_contained() {
    let world = World::new(&[]);
    let (_, first) = world.post(ADAMS, "/apply", &lock(&[("reason", "leaked")]));
    let id = world.settle(&first["incident"], ActionState::Contained);
    let more = |target: &str| {
        world.post(ADAMS, "/apply", &lock(&[("reason", "leaked"), ("incident", id.as_str()), ("target", target)]))
    };
    assert_eq!(more("invoices").0, 202);
    let records: Vec<ActionRecord> = block_on(Records::list(&&world, &Listing::of_incident(&id, "ACTION#"))).unwrap();
    let mut second = records[0].clone();
    second.step.target = "invoices".to_owned();
    world.keep(&second);
    let (status, answer) = more("returns");
    assert_eq!((status, &answer["code"]), (409, &json!("needs-approval")));
}

#[test]
fn status_tells_who_and_why_and_only_where_the_state_as_found_had_something() {
    let world = World::new(&[]);
    let (_, applied) = world.post(ADAMS, "/apply", &lock(&[("reason", "leaked")]));
    let id = world.settle(&applied["incident"], ActionState::Contained);
    let (status, answer) = world.get(&format!("/status?incident={id}"));
    let step = &answer["steps"][0];
    assert_eq!((status, &step["state"], &step["target"]), (200, &json!("contained"), &json!("orders")));
    assert_eq!((&step["ordered"]["by"], &step["ordered"]["reason"]), (&json!(ADAMS), &json!("leaked")));
    assert_eq!(step["before"], json!(["/policy", "/target"]));
    assert_eq!(step["observation"], json!({"policy": "{}"}));
    assert!(!answer.to_string().contains("a secret of the bucket"));
    assert_eq!(world.get("/status").0, 400);
    assert_eq!(world.get(&format!("/status?incident=inc-{}", "0".repeat(20))).0, 404);
}

#[test]
fn reversal_needs_a_reason_and_something_that_is_contained() {
    let world = World::new(&[]);
    let (_, applied) = world.post(ADAMS, "/apply", &lock(&[("reason", "leaked")]));
    let id = world.settle(&applied["incident"], ActionState::Contained);
    let incident = ("incident", id.as_str());
    assert_eq!(world.post(BAUER, "/reverse", &lock(&[incident])).0, 400);
    assert_eq!(world.post(BAUER, "/reverse", &lock(&[("reason", "over")])).0, 400);
    let other = lock(&[incident, ("reason", "over"), ("target", "returns")]);
    assert_eq!(world.post(BAUER, "/reverse", &other).1["code"], "not-contained");

    let body = lock(&[incident, ("reason", "over")]);
    let (status, answer) = world.post(BAUER, "/reverse", &body);
    assert_eq!((status, &answer["state"]), (202, &json!("in-progress")));
    let later = now() + SignedDuration::from_secs(2);
    assert_eq!(world.ask_at(Some(BAUER), "POST", "/reverse", &body, later), (202, answer.clone()));
    let input = json!({
        "incident": id, "action": "lock-bucket", "account": "111122223333", "region": "eu-central-1", "target": "orders",
        "pass": 1, "by": BAUER, "reason": "over",
    });
    let name = format!("{id}-reverse-{}", answer["reversal"].as_str().unwrap());
    assert_eq!(world.started("reversal"), [(name, input)]);
    let (_, status) = world.get(&format!("/status?incident={id}"));
    assert_eq!(status["steps"][0]["reversals"][0]["by"], BAUER);

    // An hour later it is another attempt: what stood in its way may have been mended.
    let (_, second) = world.ask_at(Some(BAUER), "POST", "/reverse", &body, now() + SignedDuration::from_hours(1));
    assert_ne!(second["reversal"], answer["reversal"]);
    world.settle(&applied["incident"], ActionState::Reversed);
    assert_eq!(world.post(BAUER, "/reverse", &body).1["code"], "not-contained");

    // What was given back can be contained again, by another order of the same person.
    let body = lock(&[("reason", "leaked")]);
    let (status, again) = world.ask_at(Some(ADAMS), "POST", "/apply", &body, later);
    assert_eq!((status, &again["incident"]), (202, &applied["incident"]));
    assert_ne!(again["order"], applied["order"]);
}
