//! Facts that a person enters: refused by field, never over what somebody else wrote, and seen by the duties once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops where it fails")]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "correlation/table.rs"]
mod table;

use incident::notification::{
    Change, Duty, DutyState, EntryRefused, Facts, FactsDesk, FactsEntry, Obligation, Preview, Rules, Takes,
};
use incident::ports::{Responses, Settings};
use incident::records::{Key, Listing, Records};
use incident::{Failure, Fault, Incident, IncidentId};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use table::{Table, interleave, run};

const FINDING: &str = include_str!("../src/sources/guardduty/fixtures/instance-credential-exfiltration.json");
const SETTINGS: &str = include_str!("../../../infra/organisation.example.json");
const ANNA: &str = "https://id.example#anna";
const BERT: &str = "https://id.example#bert";

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

struct World {
    table: Table,
    rules: Rules,
    started: RefCell<Vec<(String, Value)>>,
    is_out_of_order: RefCell<bool>,
    incident: IncidentId,
}

impl Settings for World {
    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(SETTINGS.as_bytes().to_vec()))
    }
}

impl Responses for World {
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure> {
        if self.is_out_of_order.replace(false) {
            return Err(Failure::transient("later"));
        }
        self.started.borrow_mut().push((name.to_owned(), input.clone()));
        Ok(())
    }
}

impl World {
    fn new() -> Self {
        let document: Value = serde_json::from_str(FINDING).unwrap();
        let finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
        let incident = IncidentId::opened_by(&finding);
        let world = Self {
            table: Table::default(),
            rules: Rules::load().unwrap(),
            started: RefCell::default(),
            is_out_of_order: RefCell::default(),
            incident: incident.clone(),
        };
        let opened = Incident::open(incident.clone(), &finding, now(), "eu-central-1");
        run(world.table.create(&Key::incident(&incident), &opened)).unwrap();
        let organisation = serde_json::from_str(SETTINGS).unwrap();
        let facts = Facts::derive(&organisation, &opened);
        run(world.table.create(&Key::facts(&incident, 1), &facts)).unwrap();
        world
    }

    fn desk(&self) -> FactsDesk<'_, Table, Self, Self> {
        FactsDesk { records: &self.table, settings: self, responses: self, rules: &self.rules }
    }

    fn enter(&self, author: &str, entry: &FactsEntry) -> Result<u32, EntryRefused> {
        let entered = run(self.desk().enter(&self.incident, entry, author, now())).unwrap();
        entered.map(|entered| entered.facts.version())
    }

    fn preview(&self, entry: &FactsEntry) -> Preview {
        run(self.desk().preview(&self.incident, entry, ANNA, now())).unwrap().unwrap()
    }

    fn versions(&self) -> Vec<Facts> {
        run(self.table.list(&Listing::of_incident(&self.incident, "FACTS#"))).unwrap()
    }

    /// Every execution once, as Step Functions takes a name once.
    fn executions(&self) -> BTreeSet<String> {
        self.started.borrow().iter().map(|(name, _)| name.clone()).collect()
    }
}

fn entry(seen: u32, values: &[(&str, Value)]) -> FactsEntry {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    FactsEntry { seen, values, reason: "the forensics report".to_owned() }
}

#[test]
fn an_entry_is_the_next_version_and_the_duties_are_worked_out_anew() {
    let world = World::new();
    assert_eq!(world.enter(ANNA, &entry(1, &[("risk_level", json!("high")), ("affected.US-CA", Value::Null)])), Ok(2));
    let last = world.versions().pop().unwrap();
    assert_eq!((last.known("risk_level"), last.known("affected.US-CA")), (Some(&json!("high")), None));
    assert!(last.authors().contains(ANNA), "whoever enters a fact has a hand in the drafts");
    let started = world.started.borrow().clone();
    assert_eq!(started, [(format!("{}-f2", world.incident), json!({"incident": world.incident}))]);
}

#[test]
fn the_same_once_more_changes_nothing_and_starts_what_did_not_start() {
    let world = World::new();
    let high = entry(1, &[("risk_level", json!("high"))]);
    *world.is_out_of_order.borrow_mut() = true;
    let failed = run(world.desk().enter(&world.incident, &high, ANNA, now())).unwrap_err();
    assert_eq!((failed.fault(), world.executions().len()), (Fault::Transient, 0));
    for _ in 0..2 {
        assert_eq!(world.enter(ANNA, &high), Ok(2));
    }
    assert_eq!((world.versions().len(), world.executions().len()), (2, 1));
}

#[test]
fn nobody_overwrites_what_somebody_else_entered_meanwhile() {
    let world = World::new();
    assert_eq!(world.enter(ANNA, &entry(1, &[("risk_level", json!("high"))])), Ok(2));
    for other in [json!("high"), json!("unlikely")] {
        assert_eq!(world.enter(BERT, &entry(1, &[("risk_level", other)])), Err(EntryRefused::Outdated { last: 2 }));
    }
    assert_eq!(world.enter(BERT, &entry(2, &[("risk_level", json!("unlikely"))])), Ok(3));
    let late = entry(1, &[("risk_level", json!("high")), ("gdpr_applies", json!(false))]);
    assert_eq!(world.enter(ANNA, &late), Err(EntryRefused::Outdated { last: 3 }));
}

#[test]
fn every_field_that_cannot_be_used_is_named_and_nothing_is_written() {
    let world = World::new();
    let wrong = entry(
        1,
        &[
            ("risk_level", json!("severe")),
            ("shoe_size", json!(44)),
            ("t.discovery", json!("2031-01-01")),
            ("t.incident_occurrence", json!("2026-09-21T14:00:00Z")),
            ("t.aware", json!("2026-09-20T00:00:00Z")),
            ("affected.DE", json!(7)),
        ],
    );
    let Err(EntryRefused::Unusable(errors)) = world.enter(ANNA, &wrong) else { panic!("it was taken") };
    let named: BTreeSet<&str> = errors.iter().flat_map(|error| error.facts()).collect();
    assert_eq!(named, BTreeSet::from(["risk_level", "shoe_size", "t.aware", "t.discovery", "t.incident_occurrence"]));
    assert!(errors.iter().all(|error| !error.to_string().contains("severe")), "no message holds a value");
    assert_eq!((world.versions().len(), world.executions().len()), (1, 0));
    let silent = FactsEntry { reason: " ".to_owned(), ..entry(1, &[("risk_level", json!("high"))]) };
    assert!(matches!(world.enter(ANNA, &silent), Err(EntryRefused::Unusable(_))));
}

#[test]
fn what_is_as_it_was_is_left_to_whoever_entered_it() {
    let world = World::new();
    let before = world.versions().remove(0);
    let known = before.known("incident.malicious").unwrap().clone();
    let same = entry(1, &[("incident.malicious", known.clone())]);
    assert_eq!(world.enter(ANNA, &same), Err(EntryRefused::Unchanged));
    assert_eq!(world.enter(ANNA, &entry(1, &[("incident.malicious", known), ("risk_level", json!("risk"))])), Ok(2));
    let fact = |facts: &Facts| facts.entries().find(|(name, _)| *name == "incident.malicious").unwrap().1.clone();
    assert_eq!(fact(&world.versions()[1]), fact(&before));
}

#[test]
fn facts_go_to_the_incident_whose_duties_they_bring() {
    let world = World::new();
    let high = entry(1, &[("risk_level", json!("high"))]);
    let stranger = IncidentId::try_from("inc-00000000000000000002".to_owned()).unwrap();
    assert_eq!(run(world.desk().enter(&stranger, &high, ANNA, now())).unwrap(), Err(EntryRefused::NoIncident));
    world.table.change(&Key::incident(&world.incident), |incident: &mut Incident| {
        incident.absorbed_by = Some(stranger.clone());
    });
    assert_eq!(world.enter(ANNA, &high), Err(EntryRefused::PartOf(stranger)));
}

#[test]
fn a_preview_tells_what_saving_brings_and_writes_nothing() {
    let world = World::new();
    let facts = world.versions().remove(0);
    let obligation = |id: &str| -> Obligation {
        let all = world.rules.assess(&facts).obligations;
        all.into_iter().find(|obligation| obligation.id == id).unwrap()
    };
    let duty = Duty {
        incident: world.incident.clone(),
        obligation: obligation("us-ca-ind"),
        facts_version: 1,
        state: DutyState::Sent,
        changed_at: now(),
        ended_because: None,
        returns: 0,
    };
    run(world.table.create(&Key::obligation(&world.incident, "us-ca-ind"), &duty)).unwrap();
    let writes = world.table.writes();
    let none_there = FactsEntry { reason: String::new(), ..entry(1, &[("affected.US-CA", json!(0))]) };
    let preview = world.preview(&none_there);
    assert_eq!((preview.facts.version(), world.table.writes(), world.executions().len()), (2, writes, 0));
    let foreseen = |id: &str| preview.foreseen.iter().find(|foreseen| foreseen.change.obligation.id == id).unwrap();
    let california = foreseen("us-ca-ind");
    assert!(matches!(&california.change.change, Change::Ends { because } if because.contains("affected.US-CA")));
    assert_eq!((california.state, california.is_turned_on), (Some(DutyState::Sent), true), "it was sent, and stays so");
    assert_eq!(foreseen("us-ca-reg").state, None);
}

#[test]
fn what_was_typed_becomes_values_and_what_is_no_value_is_refused_by_name() {
    let rules = Rules::load().unwrap();
    let typed = rules.typed([
        ("risk_level", " high "),
        ("gdpr_applies", "yes"),
        ("cross_border_eu", ""),
        ("incident.malicious", "unknown"),
        ("affected.DE", "12840"),
        ("affected.FR", "many"),
        ("data_classes", "ssn"),
        ("data_classes", "dob"),
        ("data.surface", "none"),
        ("t.discovery", "2026-09-01T10:00:00+02:00"),
        ("law_enforcement_hold.agency", "FBI"),
        ("law_enforcement_hold.written", "yes"),
        ("law_enforcement_hold.until", ""),
        ("shoe_size", "44"),
    ]);
    let expected = json!({
        "risk_level": "high", "gdpr_applies": true, "incident.malicious": null, "affected.DE": 12840, "affected.FR": "many",
        "data_classes": ["dob", "ssn"], "data.surface": [], "t.discovery": "2026-09-01T10:00:00+02:00",
        "law_enforcement_hold": {"agency": "FBI", "written": true}, "shoe_size": "44",
    });
    assert_eq!(json!(typed), expected);
    assert_eq!(rules.typed([("law_enforcement_hold", "none")])["law_enforcement_hold"], json!(false));

    let world = World::new();
    let entry = FactsEntry { seen: 1, values: typed, reason: "typed".to_owned() };
    let Err(EntryRefused::Unusable(errors)) = world.enter(ANNA, &entry) else { panic!("it was taken") };
    let named: BTreeSet<&str> = errors.iter().flat_map(|error| error.facts()).collect();
    assert_eq!(named, BTreeSet::from(["affected.FR", "shoe_size"]));
}

#[test]
fn every_field_takes_what_it_says_it_takes() {
    let rules = Rules::load().unwrap();
    let fields = rules.fields();
    assert!(fields.iter().all(|field| rules.field(&field.name).as_ref() == Some(field) && !field.name.contains('<')));
    for field in fields.iter().chain(&rules.field("affected.DE")).chain(&rules.field("t.submitted.EU-GDPR-33-1")) {
        let (name, text) = match &field.takes {
            Takes::YesNo => (field.name.clone(), "no".to_owned()),
            Takes::Count => (field.name.clone(), "0".to_owned()),
            Takes::Text => (field.name.clone(), "words".to_owned()),
            Takes::OneOf(members) | Takes::AnyOf(members) => (field.name.clone(), members[0].clone()),
            Takes::Place => (field.name.clone(), "DE".to_owned()),
            Takes::TimeZone => (field.name.clone(), "Europe/Berlin".to_owned()),
            Takes::Time => (field.name.clone(), "2026-09-01".to_owned()),
            Takes::Table(_) => (field.name.clone(), "none".to_owned()),
        };
        let values = rules.typed([(name.as_str(), text.as_str())]);
        assert!(Facts::read(values, now()).is_ok(), "{name}");
        let unknown = rules.typed([(name.as_str(), "unknown")]);
        assert_eq!(Facts::read(unknown, now()).map(|facts| facts.known(&name).is_none()), Ok(true), "{name}");
    }
    assert!(rules.fields().iter().filter(|field| field.description.is_some()).count() > 100);
    for stranger in ["shoe_size", "affected.<JUR>", "affected.XX-1", "t.tea", "t.submitted.XX-NONE"] {
        assert_eq!(rules.field(stranger), None, "{stranger}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_two_at_once_one_is_told_and_whoever_was_killed_repeats(
        choices in proptest::collection::vec(0usize..8, 1..20),
        killed in proptest::collection::btree_map(0usize..2, 0usize..6, 0..2),
    ) {
        let world = World::new();
        let (high, low) = (entry(1, &[("risk_level", json!("high"))]), entry(1, &[("gdpr_applies", json!(false))]));
        let (anna, bert) = (world.desk(), world.desk());
        let id = &world.incident;
        interleave(
            vec![
                Box::pin(async { drop(anna.enter(id, &high, ANNA, now()).await) }),
                Box::pin(async { drop(bert.enter(id, &low, BERT, now()).await) }),
            ],
            &choices,
            &killed,
        );
        let taken: Vec<bool> = [(ANNA, &high), (BERT, &low)].map(|(who, entry)| world.enter(who, entry).is_ok()).to_vec();
        prop_assert_eq!(taken.iter().filter(|is_taken| **is_taken).count(), 1);
        prop_assert_eq!(world.versions().len(), 2);
        prop_assert_eq!(world.executions(), BTreeSet::from([format!("{id}-f2")]));
    }
}
