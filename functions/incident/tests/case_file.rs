//! The case file: what was recorded of an incident, in whatever order it was, is one report at any time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "correlation/table.rs"]
mod table;

use incident::containment::{ActionRecord, Step};
use incident::notification::{Attempt, DecisionRequest, Draft, Duty, DutyState, Facts, LegalReview, Rules, Verdict};
use incident::post_incident::{CaseFile, Phase};
use incident::records::{FindingRecord, Key, Member, Page, Records};
use incident::{Digest, Incident, IncidentId, Organisation};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use table::{Table, run};

const FINDING: &str = include_str!("../src/sources/guardduty/fixtures/instance-credential-exfiltration.json");
const SETTINGS: &str = include_str!("../../../infra/organisation.example.json");
const COUNSEL: &str = "https://id.example#counsel";

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

fn organisation() -> Organisation {
    serde_json::from_str(SETTINGS).unwrap()
}

fn keep<T: serde::Serialize + serde::de::DeserializeOwned + Clone>(table: &Table, key: &Key, record: &T) {
    run(table.create(key, record)).unwrap();
}

/// A finding of this name, joined to an incident at this minute.
fn join(table: &Table, incident: &IncidentId, name: &str, minute: i64) {
    let document: Value = serde_json::from_str(FINDING).unwrap();
    let mut finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
    finding.id = name.to_owned();
    let mut record = FindingRecord::new(&finding, &document.to_string(), at(minute));
    record.incident = Some(incident.clone());
    keep(table, &Key::finding(finding.identity()), &record);
    keep(table, &Key::member(incident, finding.identity()), &Member { finding: finding.identity().to_owned() });
}

fn opened() -> (Table, Incident) {
    let document: Value = serde_json::from_str(FINDING).unwrap();
    let finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
    let id = IncidentId::opened_by(&finding);
    let mut incident = Incident::open(id.clone(), &finding, at(0), "eu-central-1");
    let part = IncidentId::try_from("inc-00000000000000000003".to_owned()).unwrap();
    incident.absorbed.push(part.clone());
    let table = Table::default();
    join(&table, &id, "later", 20);
    join(&table, &part, "earlier", 10);
    (table, incident)
}

fn read(table: &Table, incident: &Incident) -> CaseFile {
    run(CaseFile::read(table, incident.clone())).unwrap()
}

fn duty(incident: &IncidentId, state: DutyState) -> Duty {
    let facts = Facts::read(BTreeMap::new(), at(0)).unwrap();
    let all = Rules::load().unwrap().assess(&facts).obligations;
    let obligation = all.into_iter().find(|obligation| obligation.id == "us-ca-ind").unwrap();
    let incident = incident.clone();
    Duty { incident, obligation, facts_version: 1, state, changed_at: at(30), ended_because: None, returns: 0 }
}

#[test]
fn findings_of_its_parts_are_its_own_in_the_order_in_which_they_came() {
    let (table, incident) = opened();
    let case = read(&table, &incident);
    let names: Vec<&str> = case.findings.iter().map(|record| record.finding.id.as_str()).collect();
    assert_eq!(names, ["earlier", "later"]);
    assert_eq!(run(case.documents(&table)).unwrap().len(), 2);
    let report = case.report(&organisation(), at(60));
    assert_eq!(report.findings.len(), 2);
    assert_eq!((report.written_at, &report.incident), (at(60), &incident));
    assert!(report.html().is_ok());
}

#[test]
fn a_decision_that_was_taken_back_is_told_twice() {
    let (table, incident) = opened();
    let draft = Draft {
        incident: incident.id.clone(),
        obligation: "us-ca-ind".to_owned(),
        version: 1,
        language: "en".to_owned(),
        subject: "s".to_owned(),
        text: "t".to_owned(),
        html: String::new(),
        digest: Digest::of_parts(&["s", "t", ""]),
        drafters: BTreeSet::from(["tocsin".to_owned()]),
        gaps: Vec::new(),
        written_at: at(30),
        audience: None,
        page: None,
    };
    let mut review = LegalReview::of(&draft, None, at(31));
    for (minute, verdict) in [(32, Verdict::Approved), (33, Verdict::Withdrawn)] {
        let request = DecisionRequest {
            digest: draft.digest.clone(),
            verdict,
            reason: "read".to_owned(),
            missing_items_reason: None,
        };
        assert!(review.decide(&request, COUNSEL, at(minute)).is_ok());
        let attempt = Attempt {
            incident: incident.id.clone(),
            obligation: "us-ca-ind".to_owned(),
            version: 1,
            request,
            reviewer: COUNSEL.to_owned(),
            at: at(minute),
            refusal: None,
        };
        let name = Digest::of_parts(&[&minute.to_string()]);
        keep(&table, &Key::decision_attempt(&incident.id, "us-ca-ind", 1, &name), &attempt);
    }
    keep(&table, &Key::review(&incident.id, "us-ca-ind", 1), &review);
    let report = read(&table, &incident).report(&organisation(), at(60));
    let verdicts: Vec<Verdict> = report.decisions.iter().map(|line| line.verdict).collect();
    assert_eq!(verdicts, [Verdict::Approved, Verdict::Withdrawn]);
    let by_counsel = report.timeline.iter().filter(|event| event.who == COUNSEL && event.phase == Phase::Notification);
    assert_eq!(by_counsel.count(), 2);
}

#[test]
fn it_is_settled_when_nobody_has_anything_left_to_do() {
    let (table, incident) = opened();
    let id = &incident.id;
    assert!(read(&table, &incident).is_settled());

    let step: Step = serde_json::from_value(json!({"action": "lock-bucket", "account": "111122223333",
        "region": "eu-central-1", "target": "kranich-customers", "pass": 1}))
    .unwrap();
    let key = Key::action(id, &step);
    keep(&table, &key, &ActionRecord::started(id.clone(), step, at(1)));
    assert!(!read(&table, &incident).is_settled());
    table.change(&key, |action: &mut ActionRecord| action.contained_at = Some(at(2)));
    assert!(read(&table, &incident).is_settled());

    let key = Key::obligation(id, "us-ca-ind");
    keep(&table, &key, &duty(id, DutyState::NotTurnedOn));
    let case = read(&table, &incident);
    assert!(!case.is_settled());
    let gaps = case.report(&organisation(), at(60)).gaps;
    assert!(gaps.iter().any(|gap| gap.of == "us-ca-ind"), "{gaps:?}");
    table.change(&key, |duty: &mut Duty| duty.state = DutyState::NotNotifiable);
    assert!(read(&table, &incident).is_settled());

    let page = Page {
        incident: id.clone(),
        at_state: "DraftNotice".to_owned(),
        reason: "no recipient".to_owned(),
        paged_at: at(5),
        sent_at: None,
    };
    keep(&table, &Key::page(&page), &page);
    assert!(!read(&table, &incident).is_settled(), "whoever was paged has something to do");
}
