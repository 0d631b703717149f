//! Laws of correlation: what findings add up to depends neither on their order, nor on who else writes, nor on where a
//! delivery stops.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

mod table;

use incident::analysis::correlation::{Span, ties};
use incident::finding::Severity;
use incident::intake::{Delivery, Taken, Terms, note_started, take};
use incident::post_incident::{RegisterEntry, keep_in_register};
use incident::records::{FindingRecord, Key, Member};
use incident::{Category, Digest, Entity, EntityKind, Finding, Incident, IncidentId, Scope};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use table::{Table, interleave, run};

const WINDOW: SignedDuration = SignedDuration::from_hours(24);

fn hour(hour: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
}

fn entity(kind: EntityKind, id: &str) -> Entity {
    Entity { kind, id: id.to_owned(), arn: None }
}

fn finding(id: &str, hours: (i64, i64), severity: u8, entities: Vec<Entity>) -> Finding {
    Finding {
        id: id.to_owned(),
        source: "guardduty".to_owned(),
        format: "guardduty".to_owned(),
        kind: format!("UnauthorizedAccess:IAMUser/{}", severity % 5),
        title: format!("finding {id}"),
        severity: Severity::of(severity),
        confidence: 70,
        account: "111122223333".to_owned(),
        region: Some("eu-central-1".to_owned()),
        first_seen: Some(hour(hours.0)),
        last_seen: Some(hour(hours.1)),
        updated_at: None,
        sample: false,
        archived: false,
        entities,
        category: if severity > 70 { Category::DataExfiltration } else { Category::CredentialCompromise },
    }
}

/// A finding and when it is received.
type Received = (Finding, Timestamp);

fn any_findings() -> impl Strategy<Value = Vec<Received>> {
    let named = prop_oneof![
        (0..6_u8).prop_map(|n| entity(EntityKind::Role, &format!("role{n}"))),
        (0..4_u8).prop_map(|n| entity(EntityKind::Bucket, &format!("bucket{n}"))),
        (0..3_u8).prop_map(|n| entity(EntityKind::Address, &format!("198.51.100.{n}"))),
        Just(entity(EntityKind::Address, "10.0.0.1")),
        Just(entity(EntityKind::Domain, "example.com")),
    ];
    let one = (prop::collection::vec(named, 0..4), 0..200_i64, 0..40_i64, 0..30_i64, 1..100_u8);
    prop::collection::vec(one, 1..12).prop_map(|findings| {
        let each = findings.into_iter().enumerate();
        each.map(|(number, (entities, from, length, delay, severity))| {
            (finding(&format!("f{number}"), (from, from + length), severity, entities), hour(from + length + delay))
        })
        .collect()
    })
}

/// Takes a delivery in, again and again while others are in the way.
async fn deliver(table: &Table, finding: &Finding, received: Timestamp) {
    let scope = Scope::none();
    let terms = Terms { scope: &scope, window: WINDOW, home_region: "eu-central-1", now: hour(400) };
    let delivery = Delivery { finding, document: "{}", received };
    loop {
        match take(table, terms, delivery).await.unwrap() {
            Taken::Contended => {}
            Taken::Recorded(record) => {
                if record.starts.is_some() && !record.is_started {
                    note_started(table, &record).await.unwrap();
                }
                return;
            }
        }
    }
}

fn all_at_once(table: &Table, findings: &[Received], choices: &[usize], killed: &BTreeMap<usize, usize>) {
    let tasks = findings.iter().map(|(finding, received)| {
        Box::pin(deliver(table, finding, *received)) as Pin<Box<dyn Future<Output = ()> + '_>>
    });
    interleave(tasks.collect(), choices, killed);
}

/// Which findings are together, by the definition: a shared tie and spans that are no further apart than the window.
fn components(findings: &[Received]) -> BTreeSet<BTreeSet<String>> {
    let mut group: Vec<usize> = (0..findings.len()).collect();
    let about: Vec<(Span, BTreeSet<Digest>)> = findings
        .iter()
        .map(|(finding, received)| (Span::of(finding, *received), ties(finding, |_| false).into_iter().collect()))
        .collect();
    for one in 0..findings.len() {
        for other in 0..one {
            let ((left, left_ties), (right, right_ties)) = (&about[one], &about[other]);
            let gap = left.from.duration_since(right.to).max(right.from.duration_since(left.to));
            if gap <= WINDOW && !left_ties.is_disjoint(right_ties) {
                let (from, to) = (group[one], group[other]);
                group.iter_mut().filter(|member| **member == from).for_each(|member| *member = to);
            }
        }
    }
    let mut together: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (number, (finding, _)) in findings.iter().enumerate() {
        together.entry(group[number]).or_default().insert(finding.id.clone());
    }
    together.into_values().collect()
}

/// What stands in the table: every incident that is not part of another, with its findings.
fn incidents(table: &Table) -> Vec<(Incident, BTreeSet<String>)> {
    let all: Vec<Incident> = table.all("INCIDENT#", "INCIDENT");
    let elders = all.iter().filter(|incident| incident.absorbed_by.is_none());
    elders
        .map(|elder| {
            let members = elder.family().flat_map(|id| table.all::<Member>(&format!("INCIDENT#{id}"), "FINDING#"));
            (elder.clone(), members.map(|member| member.finding).collect())
        })
        .collect()
}

/// What an incident says, without what may differ: its id, and how often it was responded to.
fn content(incident: &Incident) -> Incident {
    let mut content = incident.clone();
    content.id = IncidentId::opened_by(&finding("any", (0, 0), 1, Vec::new()));
    (content.runs, content.planned, content.absorbed) = (0, 0, Vec::new());
    content
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn incidents_are_the_components_whatever_the_order(
        (findings, shuffled) in any_findings().prop_flat_map(|findings| (Just(findings.clone()), Just(findings).prop_shuffle())),
    ) {
        let (one, other) = (Table::default(), Table::default());
        for (finding, received) in &findings {
            all_at_once(&one, &[(finding.clone(), *received)], &[], &BTreeMap::new());
        }
        for (finding, received) in &shuffled {
            all_at_once(&other, &[(finding.clone(), *received)], &[], &BTreeMap::new());
        }
        let (one, other) = (incidents(&one), incidents(&other));
        let groups = |found: &[(Incident, BTreeSet<String>)]| -> BTreeSet<_> {
            found.iter().map(|(_, members)| members.clone()).collect()
        };
        prop_assert_eq!(groups(&one), components(&findings));
        prop_assert_eq!(groups(&other), components(&findings));
        for (incident, members) in &one {
            let same = other.iter().find(|(_, others)| others == members).unwrap();
            prop_assert_eq!(content(incident), content(&same.0));
        }
    }

    #[test]
    fn parallel_writers_and_killed_ones_come_to_the_same(
        findings in any_findings(),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        choices in prop::collection::vec(any::<usize>(), 1..200),
        killed in prop::collection::btree_map(0..18_usize, 0..12_usize, 0..6),
    ) {
        let table = Table::default();
        let again = repeats.iter().map(|repeat| repeat.get(&findings).clone());
        let deliveries: Vec<Received> = findings.iter().cloned().chain(again).collect();
        all_at_once(&table, &deliveries, &choices, &killed);
        // What was killed is delivered again.
        all_at_once(&table, &deliveries, &choices, &BTreeMap::new());
        let found = incidents(&table);
        prop_assert_eq!(
            found.iter().map(|(_, members)| members.clone()).collect::<BTreeSet<_>>(),
            components(&findings)
        );
        let records: Vec<FindingRecord> = table.all("FINDING#", "FINDING");
        prop_assert_eq!(records.len(), findings.len());
        for record in &records {
            prop_assert!(record.incident.is_some() && (record.starts.is_none() || record.is_started));
        }
        // Every response that was asked for belongs to a finding that starts it.
        let register: Vec<RegisterEntry> = table.all("REGISTER", "");
        for incident in table.all::<Incident>("INCIDENT#", "INCIDENT") {
            prop_assert_eq!(register.iter().filter(|entry| entry.incident == incident.id).count(), 1);
            prop_assert!(incident.runs >= 1);
            prop_assert!(records.iter().any(|record| record.starts == Some(incident.id.to_string())) || incident.runs > 1);
        }
        // A third time nothing at all is written.
        let before = table.writes();
        all_at_once(&table, &deliveries, &choices, &BTreeMap::new());
        prop_assert_eq!(table.writes(), before);
    }
}

fn role(name: &str) -> Vec<Entity> {
    vec![entity(EntityKind::Role, name)]
}

fn one_by_one(table: &Table, findings: &[Received]) {
    for received in findings {
        all_at_once(table, std::slice::from_ref(received), &[], &BTreeMap::new());
    }
}

#[test]
fn a_finding_that_links_two_incidents_merges_them_into_the_elder() {
    let table = Table::default();
    let both = vec![entity(EntityKind::Role, "a"), entity(EntityKind::Role, "b")];
    one_by_one(
        &table,
        &[
            (finding("1", (0, 0), 50, role("a")), hour(1)),
            (finding("2", (0, 0), 90, role("b")), hour(2)),
            (finding("3", (0, 0), 10, both), hour(3)),
        ],
    );
    let found = incidents(&table);
    let [(elder, members)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(elder.id, IncidentId::opened_by(&finding("1", (0, 0), 50, Vec::new())));
    assert_eq!(elder.aware_at, hour(1));
    assert_eq!(elder.severity.score, 90);
    assert_eq!(elder.indications[0].finding, "2", "what raised the severity comes first");
    assert_eq!(members.len(), 3);
    assert_eq!(elder.absorbed, [IncidentId::opened_by(&finding("2", (0, 0), 90, Vec::new()))]);
}

#[test]
fn a_storm_starts_one_response_until_containment_is_planned() {
    let table = Table::default();
    let named =
        |number: i64| vec![entity(EntityKind::Role, "a"), entity(EntityKind::Bucket, &format!("bucket{number}"))];
    let storm: Vec<Received> =
        (0..20).map(|number| (finding(&format!("f{number}"), (0, 0), 50, named(number)), hour(1))).collect();
    one_by_one(&table, &storm);
    let (incident, _) = incidents(&table).remove(0);
    assert_eq!(incident.runs, 1);
    table.change(&Key::incident(&incident.id), |incident: &mut Incident| incident.planned = incident.runs);
    one_by_one(&table, &[(finding("late", (0, 0), 50, named(99)), hour(2))]);
    let records: Vec<FindingRecord> = table.all("FINDING#", "FINDING");
    let starts: BTreeSet<String> = records.iter().filter_map(|record| record.starts.clone()).collect();
    assert_eq!(starts, BTreeSet::from([incident.id.to_string(), format!("{}-r1", incident.id)]));
}

#[test]
fn new_activity_after_the_incident_was_closed_opens_another() {
    let table = Table::default();
    let first = (finding("1", (0, 1), 50, role("a")), hour(1));
    one_by_one(&table, std::slice::from_ref(&first));
    let (closed, _) = incidents(&table).remove(0);
    table.change(&Key::incident(&closed.id), |incident: &mut Incident| incident.closed_at = Some(hour(5)));
    // What is said of the time before belongs to the closed one.
    one_by_one(&table, &[(finding("1", (0, 4), 60, role("a")), hour(6)), first]);
    assert_eq!(table.all::<Incident>("INCIDENT#", "INCIDENT").len(), 1);
    one_by_one(&table, &[(finding("1", (0, 7), 50, role("a")), hour(8))]);
    let (again, _) = incidents(&table).into_iter().find(|(incident, _)| incident.id != closed.id).unwrap();
    assert_eq!(again.closed_at, None);
    let record = table.all::<FindingRecord>("FINDING#", "FINDING").remove(0);
    assert_eq!((record.incident, record.is_started), (Some(again.id), true));
}

#[test]
fn a_sample_or_an_archived_finding_is_recorded_with_the_rule_and_acted_on_once_it_is_active() {
    let table = Table::default();
    let mut archived = finding("1", (0, 1), 50, role("a"));
    archived.archived = true;
    one_by_one(&table, &[(archived, hour(1))]);
    let record = table.all::<FindingRecord>("FINDING#", "FINDING").remove(0);
    assert_eq!((record.incident, record.suppressed.unwrap().rule), (None, "archived".to_owned()));
    assert!(incidents(&table).is_empty());
    one_by_one(&table, &[(finding("1", (0, 2), 50, role("a")), hour(2))]);
    assert_eq!(incidents(&table).len(), 1);
    let record = table.all::<FindingRecord>("FINDING#", "FINDING").remove(0);
    assert_eq!(record.suppressed, None);
    assert_eq!(record.received_at, hour(1));
}

#[test]
fn a_finding_with_more_ties_than_a_transaction_takes_joins_them_all() {
    let table = Table::default();
    let many: Vec<Entity> = (0..150).map(|n| entity(EntityKind::Bucket, &format!("bucket{n:03}"))).collect();
    let alone = many.iter().step_by(3).enumerate();
    let alone: Vec<Received> =
        alone.map(|(n, one)| (finding(&format!("f{n}"), (0, 0), 50, vec![one.clone()]), hour(1))).collect();
    one_by_one(&table, &alone);
    assert_eq!(incidents(&table).len(), 50);
    one_by_one(&table, &[(finding("all", (0, 0), 50, many.clone()), hour(2))]);
    let found = incidents(&table);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0.entities.len(), many.len());
}

#[test]
fn a_document_that_is_larger_than_an_item_is_kept_whole() {
    let table = Table::default();
    let document = format!("{{\"text\":\"{}\"}}", "ä".repeat(450_000));
    let one = finding("1", (0, 0), 50, role("a"));
    let scope = Scope::none();
    let terms = Terms { scope: &scope, window: WINDOW, home_region: "eu-central-1", now: hour(2) };
    let check = async {
        let delivery = Delivery { finding: &one, document: &document, received: hour(1) };
        let Taken::Recorded(record) = take(&table, terms, delivery).await.unwrap() else { panic!("contended") };
        assert!(record.document.len() < 400_000);
        assert_eq!(record.whole_document(&table).await.unwrap(), document);
    };
    run(check);
}

#[test]
fn only_a_newer_entry_of_the_register_that_says_more_replaces_another() {
    let table = Table::default();
    one_by_one(&table, &[(finding("1", (0, 1), 50, role("a")), hour(1))]);
    let (opened, _) = incidents(&table).remove(0);
    let key = Key::register(&opened.id);
    for (written, effect, stands) in [(405, "few", 405), (403, "many", 405), (407, "few", 405), (409, "many", 409)] {
        let entry =
            RegisterEntry { effects: vec![effect.to_owned()], ..RegisterEntry::opening(&opened, hour(written)) };
        run(keep_in_register(&table, &entry)).unwrap();
        let kept: RegisterEntry = table.all("REGISTER", &key.sort).remove(0);
        assert_eq!(kept.written_at, hour(stands));
    }
}
