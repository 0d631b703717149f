//! The gate over a table in memory: in whichever order a request, decisions, and the end of the duty come, wherever one is killed
//! and repeated, the execution hears one answer, nothing goes on waiting, and nobody is reminded of what is decided.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../incident/tests/correlation/table.rs"]
mod table;

use assess_obligations::Assessor;
use close_obsolete_reviews::Closer;
use incident::notification::{Draft, Duty, DutyState, Facts, LegalReview, Rules};
use incident::ports::{Gate, Pager, Reminders, Responses, Settings, Silencer};
use incident::records::{GateToken, Key, Listing, Page, Records, WaitingReview};
use incident::{Digest, Failure, Incident, IncidentId};
use jiff::Timestamp;
use proptest::prelude::*;
use record_legal_decision::Desk;
use remind_counsel::Reminding;
use request_legal_review::Gatekeeper;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use table::{Table, interleave};

const FINDING: &str =
    include_str!("../../incident/src/sources/guardduty/fixtures/instance-credential-exfiltration.json");
const SETTINGS: &str = include_str!("../../../infra/organisation.example.json");
const ANNA: &str = "arn:aws:iam::111122223333:user/anna";
const BERT: &str = "arn:aws:iam::111122223333:user/bert";
const DUTY: &str = "us-ca-ind";

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let answer = RefCell::new(None);
    interleave(vec![Box::pin(async { *answer.borrow_mut() = Some(future.await) })], &[0], &BTreeMap::new());
    answer.into_inner().unwrap()
}

/// A table, executions that wait, schedules, and people.
#[derive(Default)]
struct World {
    table: Table,
    four_eyes: bool,
    waiting: RefCell<BTreeSet<String>>,
    resumed: RefCell<Vec<Value>>,
    scheduled: RefCell<BTreeSet<String>>,
    told: RefCell<Vec<String>>,
    started: RefCell<BTreeSet<String>>,
}

impl Responses for &World {
    async fn start(&self, name: &str, _input: &Value) -> Result<(), Failure> {
        self.started.borrow_mut().insert(name.to_owned());
        Ok(())
    }
}

impl Settings for &World {
    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut settings: Value = serde_json::from_str(SETTINGS).unwrap();
        settings["legal_gate"] = json!({"four_eyes": if self.four_eyes { vec!["all"] } else { Vec::new() }});
        settings["rules"] = json!({"obligation": [{
            "id": "XX-INSURER", "jurisdiction": "XX", "regime": "contract", "citation": "Cyber policy 4711, s. 9",
            "obligor": "policyholder", "recipient": "insurer", "status": "contract", "confidence": "high", "verified": "text",
            "trigger_all": [{"fact": "incident.malicious", "op": "eq", "value": true}],
            "deadline": {"standard": "within 48 hours", "unit": "hours", "value": 48, "clock": "aware", "hard": false},
            "decided": {"by": "counsel", "at": "2026-11-01T09:00:00Z", "reason": "our policy asks for it"},
        }]});
        Ok(Some(settings.to_string().into_bytes()))
    }
}

impl Gate for &World {
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure> {
        let is_waiting = self.waiting.borrow_mut().remove(token);
        if is_waiting {
            self.resumed.borrow_mut().push(decision.clone());
        }
        Ok(is_waiting)
    }
}

impl Reminders for &World {
    async fn set(&self, name: &str, _at: Timestamp, _input: &Value) -> Result<(), Failure> {
        self.scheduled.borrow_mut().insert(name.to_owned());
        Ok(())
    }
}

impl Silencer for &World {
    async fn silence(&self, name: &str) -> Result<(), Failure> {
        self.scheduled.borrow_mut().remove(name);
        Ok(())
    }
}

impl Pager for &World {
    async fn page(&self, _page: &Page) -> Result<(), Failure> {
        unreachable!("a reminder is no page")
    }

    async fn tell(&self, _subject: &str, text: &str) -> Result<(), Failure> {
        self.told.borrow_mut().push(text.to_owned());
        Ok(())
    }
}

fn draft(incident: &IncidentId) -> Draft {
    Draft {
        incident: incident.clone(),
        obligation: DUTY.to_owned(),
        version: 1,
        language: "en".to_owned(),
        subject: "s".to_owned(),
        text: "t".to_owned(),
        html: String::new(),
        digest: Digest::of_parts(&["s", "t", ""]),
        drafters: BTreeSet::from(["tocsin".to_owned()]),
        gaps: Vec::new(),
        written_at: now(),
        audience: None,
        page: None,
    }
}

impl World {
    /// An incident whose duties were assessed, and one draft.
    fn new(four_eyes: bool) -> (Self, IncidentId) {
        let world = Self { four_eyes, ..Self::default() };
        let document: Value = serde_json::from_str(FINDING).unwrap();
        let finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
        let id = IncidentId::opened_by(&finding);
        let opened = Incident::open(id.clone(), &finding, now(), "eu-central-1");
        run(world.table.create(&Key::incident(&id), &opened)).unwrap();
        world.assess(&id);
        run(world.table.create(&Key::draft(&id, DUTY, 1), &draft(&id))).unwrap();
        // Thirty days, so that there is something to remind of.
        world.table.change(&Key::obligation(&id, DUTY), |duty: &mut Duty| {
            duty.obligation.due_at = Some(now() + jiff::SignedDuration::from_hours(720));
        });
        (world, id)
    }

    fn assess(&self, id: &IncidentId) -> Value {
        let assessor = Assessor { records: &self.table, settings: self, rules: Rules::load().unwrap() };
        let task = serde_json::from_value(json!({"incident": id})).unwrap();
        serde_json::to_value(run(assessor.assess(task, now())).unwrap()).unwrap()
    }

    /// From now on nobody in California is concerned.
    fn correct(&self, id: &IncidentId) {
        let facts: Vec<Facts> = run(self.table.list(&Listing::of_incident(id, "FACTS#"))).unwrap();
        let corrected = BTreeMap::from([("affected.US-CA".to_owned(), json!(0))]);
        let next = facts.last().unwrap().amend(corrected, ANNA, "none of them", now()).unwrap();
        run(self.table.create(&Key::facts(id, next.version()), &next)).unwrap();
    }

    async fn request(&self, id: &IncidentId, token: &str) {
        let keeper = Gatekeeper { records: &self.table, gate: self, settings: self, reminders: self };
        let task =
            json!({"incident": id, "obligation": DUTY, "version": 1, "digest": draft(id).digest, "token": token});
        keeper.request(serde_json::from_value(task).unwrap(), now()).await.unwrap();
    }

    async fn decide(&self, id: &IncidentId, by: &str, verdict: &str) -> (u64, Value) {
        let body = json!({"incident": id, "obligation": DUTY, "version": 1, "digest": draft(id).digest,
            "verdict": verdict, "reason": "read"});
        let http = json!({"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "198.51.100.1"});
        let request = json!({"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {}, "body": body.to_string(),
            "isBase64Encoded": false, "requestContext": {"http": http, "authorizer": {"iam": {"userArn": by}}, "timeEpoch": 0}});
        let desk = Desk { records: &self.table, gate: self, silencer: self, notification: self };
        let answer = desk.answer(serde_json::from_value(request).unwrap(), now()).await.unwrap();
        (answer.status_code.into(), serde_json::from_str(&answer.body).unwrap())
    }

    async fn close(&self, id: &IncidentId) -> Value {
        let closer =
            Closer { records: &self.table, settings: self, gate: self, silencer: self, rules: Rules::load().unwrap() };
        let task = serde_json::from_value(json!({"incident": id})).unwrap();
        serde_json::to_value(closer.close(task, now()).await.unwrap()).unwrap()
    }

    async fn remind(&self, id: &IncidentId, percent: u8) -> bool {
        let reminding = Reminding { records: &self.table, pager: self, escalation: self };
        let task = json!({"incident": id, "obligation": DUTY, "version": 1, "percent": percent});
        let reminded = reminding.remind(serde_json::from_value(task).unwrap(), now()).await.unwrap();
        serde_json::to_value(reminded).unwrap()["sent"] == true
    }

    fn review(&self, id: &IncidentId) -> LegalReview {
        run(self.table.get(&Key::review(id, DUTY, 1))).unwrap().unwrap()
    }

    fn duty(&self, id: &IncidentId) -> Duty {
        run(self.table.get(&Key::obligation(id, DUTY))).unwrap().unwrap()
    }

    /// What must be true once everything was repeated to its end.
    fn check(&self, id: &IncidentId, verdict: &str) {
        let answer = self.review(id).answer();
        assert_eq!(answer.as_ref().map(|answer| answer["verdict"].as_str().unwrap()), Some(verdict));
        assert!(self.waiting.borrow().is_empty(), "an execution waits for what is decided");
        assert_eq!(self.resumed.borrow().last(), answer.as_ref());
        assert!(self.table.all::<GateToken>("GATE#", "").is_empty());
        assert!(self.table.all::<WaitingReview>("REVIEWS", "").is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_and_killed_anywhere_counsels_decision_comes_through(
        choices in proptest::collection::vec(0usize..8, 1..40),
        killed in proptest::collection::btree_map(0usize..4, 0usize..14, 0..3),
        four_eyes in any::<bool>(),
        verdict in proptest::sample::select(vec!["approved", "rejected", "not-notifiable", "changes-requested"]),
    ) {
        let (world, id) = World::new(four_eyes);
        *world.waiting.borrow_mut() = BTreeSet::from(["one".to_owned()]);
        let anna = async { drop(world.decide(&id, ANNA, verdict).await) };
        let bert = async { drop(world.decide(&id, BERT, verdict).await) };
        let again = async { drop(world.decide(&id, ANNA, verdict).await) };
        let tasks: Vec<Task<'_>> = vec![Box::pin(world.request(&id, "one")), Box::pin(anna), Box::pin(bert), Box::pin(again)];
        interleave(tasks, &choices, &killed);

        // The state is retried, or has timed out; and people try again until they are answered.
        if !world.waiting.borrow().is_empty() {
            *world.waiting.borrow_mut() = BTreeSet::from(["two".to_owned()]);
            run(world.request(&id, "two"));
        }
        run(world.decide(&id, ANNA, verdict));
        run(world.decide(&id, BERT, verdict));
        world.check(&id, verdict);
        let review = world.review(&id);
        let takes_two = four_eyes && ["approved", "not-notifiable"].contains(&verdict);
        let decision = review.decision.unwrap();
        prop_assert_eq!(decision.first.is_some(), takes_two);
        prop_assert!(decision.first.is_none_or(|first| first.reviewer != decision.reviewer));
        prop_assert_eq!(world.resumed.borrow().len(), 1);
        let state = match verdict {
            "rejected" => DutyState::Withheld,
            "not-notifiable" => DutyState::NotNotifiable,
            _ => DutyState::Open,
        };
        prop_assert_eq!(world.duty(&id).state, state);
        for percent in [50, 75, 90] {
            prop_assert!(!run(world.remind(&id, percent)), "nobody is reminded of what is decided");
        }
    }

    #[test]
    fn in_any_order_and_killed_anywhere_an_obsolete_duty_ends_or_was_decided(
        choices in proptest::collection::vec(0usize..8, 1..40),
        killed in proptest::collection::btree_map(0usize..3, 0usize..20, 0..2),
    ) {
        let (world, id) = World::new(false);
        world.correct(&id);
        *world.waiting.borrow_mut() = BTreeSet::from(["one".to_owned()]);
        let close = async { drop(world.close(&id).await) };
        let anna = async { drop(world.decide(&id, ANNA, "rejected").await) };
        let tasks: Vec<Task<'_>> = vec![Box::pin(world.request(&id, "one")), Box::pin(close), Box::pin(anna)];
        interleave(tasks, &choices, &killed);
        if !world.waiting.borrow().is_empty() {
            *world.waiting.borrow_mut() = BTreeSet::from(["two".to_owned()]);
            run(world.request(&id, "two"));
        }
        run(world.close(&id));
        run(world.close(&id));
        prop_assert!(world.waiting.borrow().is_empty(), "an execution waits for a duty that is none");
        prop_assert!(world.table.all::<WaitingReview>("REVIEWS", "").is_empty());
        // A token may be left by a request that was killed after its last word: its execution has gone on, so it opens nothing.
        let duty = world.duty(&id);
        prop_assert!(matches!(duty.state, DutyState::Obsolete | DutyState::Withheld), "{:?}", duty.state);
        prop_assert!(duty.ended_because.is_some());
    }
}

#[test]
fn what_is_obsolete_is_owed_again_when_the_facts_bring_it_back() {
    let (world, id) = World::new(false);
    world.correct(&id);
    assert_eq!(run(world.close(&id))["obsolete"][0], DUTY);
    let because = world.duty(&id).ended_because.unwrap();
    assert!(because.contains("affected.US-CA"), "{because}");
    let named = |assessed: &Value| assessed.to_string().contains(&format!("\"{id}-{DUTY}"));
    assert!(!named(&world.assess(&id)), "an obsolete duty has no execution");

    let facts: Vec<Facts> = run(world.table.list(&Listing::of_incident(&id, "FACTS#"))).unwrap();
    let found = BTreeMap::from([("affected.US-CA".to_owned(), json!(480))]);
    let next = facts.last().unwrap().amend(found, ANNA, "there are some", now()).unwrap();
    run(world.table.create(&Key::facts(&id, next.version()), &next)).unwrap();
    for _ in 0..2 {
        assert!(
            world.assess(&id).to_string().contains(&format!("\"{id}-{DUTY}-r1\"")),
            "once, under a name of its own"
        );
    }
    let duty = world.duty(&id);
    assert_eq!((duty.state, duty.ended_because, duty.returns), (DutyState::Open, None, 1));
}

#[test]
fn the_duties_of_an_incident_that_became_part_of_another_wait_for_nobody() {
    let (world, id) = World::new(false);
    *world.waiting.borrow_mut() = BTreeSet::from(["one".to_owned()]);
    run(world.request(&id, "one"));
    let elder = IncidentId::try_from("inc-00000000000000000001".to_owned()).unwrap();
    let younger: Incident = run(world.table.get(&Key::incident(&id))).unwrap().unwrap();
    let whole = Incident { id: elder.clone(), absorbed: vec![id.clone()], ..younger };
    run(world.table.create(&Key::incident(&elder), &whole)).unwrap();
    world.table.change(&Key::incident(&id), |incident: &mut Incident| incident.absorbed_by = Some(elder.clone()));
    run(world.close(&elder));
    world.check(&id, "obsolete");
    assert!(world.duty(&id).ended_because.unwrap().contains(elder.as_str()));
    assert!(world.scheduled.borrow().is_empty());
}

#[test]
fn counsel_is_reminded_once_a_share_and_those_behind_the_operator_from_the_second_on() {
    let (world, id) = World::new(true);
    *world.waiting.borrow_mut() = BTreeSet::from(["one".to_owned()]);
    run(world.request(&id, "one"));
    run(world.request(&id, "one"));
    assert_eq!(world.scheduled.borrow().len(), 3, "a repeat sets none twice");
    for (percent, messages) in [(50, 1), (50, 1), (75, 3), (90, 5), (90, 5)] {
        run(world.remind(&id, percent));
        assert_eq!(world.told.borrow().len(), messages, "{percent}");
    }
    assert_eq!(run(world.decide(&id, ANNA, "approved")).0, 202);
    assert_eq!(world.scheduled.borrow().len(), 3, "the second is reminded, too");
    assert_eq!(run(world.decide(&id, BERT, "approved")).0, 200);
    assert!(world.scheduled.borrow().is_empty());
}

#[test]
fn an_approval_that_was_taken_back_is_followed_by_another_text() {
    let (world, id) = World::new(false);
    *world.waiting.borrow_mut() = BTreeSet::from(["one".to_owned()]);
    run(world.request(&id, "one"));
    assert_eq!(run(world.decide(&id, ANNA, "approved")).0, 200);
    assert!(world.started.borrow().is_empty());
    assert_eq!(run(world.decide(&id, BERT, "withdrawn")).0, 200);
    // Whoever repeats it is refused, and finishes what a first attempt may have left.
    assert_eq!(run(world.decide(&id, BERT, "withdrawn")).1["code"], "already-decided");
    assert_eq!(*world.started.borrow(), BTreeSet::from([format!("{id}-{DUTY}-w1")]));
    assert!(world.review(&id).asks_for_another_text());
}

#[test]
fn a_duty_that_only_the_organisations_own_rules_bring_stands() {
    let (world, id) = World::new(false);
    let key = Key::obligation(&id, "xx-insurer");
    let before = run(world.table.get::<Duty>(&key)).unwrap().unwrap();
    assert_eq!(run(world.close(&id))["obsolete"], json!([]));
    assert_eq!(run(world.table.get::<Duty>(&key)).unwrap().unwrap(), before);
}
