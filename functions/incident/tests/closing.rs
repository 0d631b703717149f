//! An incident is closed when nothing is left to do, and never while a duty is owed, whoever is first and whoever stops halfway.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "correlation/table.rs"]
mod table;

use incident::notification::{Duty, DutyState, Facts, Rules};
use incident::post_incident::{RegisterEntry, close, reopen_where_owed};
use incident::records::{Key, Listing, Records};
use incident::{Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use table::{Table, interleave, run};

const FINDING: &str = include_str!("../src/sources/guardduty/fixtures/instance-credential-exfiltration.json");

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

/// An incident that is open, as the table has it, and its entry in the register.
fn opened() -> (Table, IncidentId) {
    let document = serde_json::from_str(FINDING).unwrap();
    let finding = incident::sources::translate(&document).unwrap().remove(0).unwrap();
    let incident = Incident::open(IncidentId::opened_by(&finding), &finding, at(0), "eu-central-1");
    let table = Table::default();
    run(table.create(&Key::incident(&incident.id), &incident)).unwrap();
    run(table.create(&Key::register(&incident.id), &RegisterEntry::opening(&incident, at(0)))).unwrap();
    (table, incident.id)
}

/// The same, closed, and the register says so.
fn closed() -> (Table, IncidentId) {
    let (table, id) = opened();
    let incident = run(close(&table, &id, at(1))).unwrap();
    table.change(&Key::register(&id), |entry: &mut RegisterEntry| entry.closed_at = incident.closed_at);
    (table, id)
}

fn duty(incident: &IncidentId, state: DutyState) -> Duty {
    let facts = Facts::read(BTreeMap::new(), at(0)).unwrap();
    let all = Rules::load().unwrap().assess(&facts).obligations;
    let obligation = all.into_iter().find(|obligation| obligation.id == "us-ca-ind").unwrap();
    let incident = incident.clone();
    Duty { incident, obligation, facts_version: 1, state, changed_at: at(2), ended_because: None, returns: 0 }
}

async fn owe(table: &Table, id: &IncidentId, state: DutyState) {
    table.create(&Key::obligation(id, "us-ca-ind"), &duty(id, state)).await.unwrap();
    reopen_where_owed(table, id, at(2)).await.unwrap();
}

fn incident(table: &Table, id: &IncidentId) -> Incident {
    run(table.get(&Key::incident(id))).unwrap().unwrap()
}

fn entry(table: &Table, id: &IncidentId) -> RegisterEntry {
    run(table.list(&Listing::register()))
        .unwrap()
        .into_iter()
        .find(|entry: &RegisterEntry| entry.incident == *id)
        .unwrap()
}

#[test]
fn what_is_owed_opens_a_closed_incident_and_what_is_settled_does_not() {
    for (state, is_open) in [
        (DutyState::Open, true),
        (DutyState::NotTurnedOn, true),
        (DutyState::Sent, false),
        (DutyState::Withheld, false),
        (DutyState::NotNotifiable, false),
        (DutyState::Obsolete, false),
    ] {
        let (table, id) = closed();
        run(owe(&table, &id, state));
        assert_eq!(incident(&table, &id).closed_at.is_none(), is_open, "{state:?}");
        assert_eq!(entry(&table, &id).state(), if is_open { "open" } else { "closed" }, "{state:?}");
        assert_eq!(entry(&table, &id).written_at, if is_open { at(2) } else { at(0) }, "{state:?}");
    }
}

#[test]
fn it_closes_again_when_the_duty_is_settled() {
    let (table, id) = closed();
    run(owe(&table, &id, DutyState::Open));
    assert_eq!(run(close(&table, &id, at(3))).unwrap().closed_at, None);
    table.change(&Key::obligation(&id, "us-ca-ind"), |duty: &mut Duty| duty.state = DutyState::Sent);
    assert_eq!(run(close(&table, &id, at(4))).unwrap().closed_at, Some(at(4)));
    assert_eq!(run(close(&table, &id, at(5))).unwrap().closed_at, Some(at(4)), "a repeat changes nothing");
}

#[test]
fn what_waits_for_another_response_stays_open() {
    let (table, id) = opened();
    table.change(&Key::incident(&id), |incident: &mut Incident| drop(incident.respond()));
    assert_eq!(run(close(&table, &id, at(1))).unwrap().closed_at, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_closes_meanwhile_does_not_leave_it_closed(
        is_closed in any::<bool>(),
        choices in proptest::collection::vec(0usize..8, 1..20),
        killed in proptest::collection::btree_map(0usize..2, 0usize..8, 0..2),
    ) {
        let (table, id) = if is_closed { closed() } else { opened() };
        interleave(
            vec![
                Box::pin(owe(&table, &id, DutyState::Open)),
                Box::pin(async { drop(close(&table, &id, at(3)).await) }),
            ],
            &choices,
            &killed,
        );
        // Whoever was killed is repeated, as Step Functions does.
        if killed.contains_key(&0) {
            run(owe(&table, &id, DutyState::Open));
        }
        if killed.contains_key(&1) {
            prop_assert_eq!(run(close(&table, &id, at(4))).unwrap().closed_at, None);
        }
        prop_assert_eq!(incident(&table, &id).closed_at, None);
        prop_assert_eq!(entry(&table, &id).closed_at, None);
    }
}
