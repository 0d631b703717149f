//! The report of a small incident, as data, as a page, and as an entry in the register.

use super::timeline::{in_order, spoken};
use super::{ActionLine, DecisionLine, Event, EvidenceLine, FindingLine, GapLine, ObligationLine, Phase, Report};
use crate::Digest;
use crate::finding::{Category, Entity, EntityKind, Finding, Severity};
use crate::notification::Verdict;
use crate::notification::tests::golden::assert_golden;
use crate::record::{Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().unwrap()
}

fn incident() -> Incident {
    let finding = Finding {
        id: "arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f".to_owned(),
        source: "guardduty".to_owned(),
        format: "guardduty".to_owned(),
        kind: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS".to_owned(),
        title: "Credentials of instance i-0123456789abcdef0 were used from <outside> AWS.".to_owned(),
        severity: Severity::of(80),
        account: "111122223333".to_owned(),
        region: Some("eu-central-1".to_owned()),
        first_seen: None,
        last_seen: None,
        updated_at: None,
        sample: false,
        archived: false,
        confidence: 70,
        entities: vec![Entity { kind: EntityKind::Bucket, id: "kranich-customers".to_owned(), arn: None }],
        category: Category::DataExfiltration,
    };
    let mut incident = Incident::open(IncidentId::opened_by(&finding), &finding, at("15:20:00"), "eu-central-1");
    incident.closed_at = Some(at("15:58:20"));
    incident
}

fn report() -> Report {
    let event =
        |time, phase, what: &str, who: &str| Event { at: at(time), phase, what: what.to_owned(), who: who.to_owned() };
    let incident = incident();
    Report {
        organisation: "Kranich Handel GmbH".to_owned(),
        written_at: at("15:58:21"),
        timeline: vec![
            event("15:57:00", Phase::Notification, "the notice was sent", "tocsin"),
            event("15:20:00", Phase::Detection, "finding received", "guardduty"),
            event(
                "15:20:04.250",
                Phase::Containment,
                "lock-bucket on kranich-customers observed to have taken effect",
                "tocsin",
            ),
        ],
        findings: vec![FindingLine {
            id: "arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f".to_owned(),
            source: "guardduty".to_owned(),
            title: incident.title.clone(),
            severity: "HIGH".to_owned(),
            received_at: at("15:20:00"),
        }],
        actions: vec![ActionLine {
            action: "lock-bucket".to_owned(),
            target: "kranich-customers".to_owned(),
            account: "111122223333".to_owned(),
            region: Some("eu-central-1".to_owned()),
            state: "contained".to_owned(),
            started_at: Some(at("15:20:01")),
            contained_at: Some(at("15:20:04.250")),
            reversed_at: None,
            reason: None,
        }],
        evidence: vec![EvidenceLine {
            path: "evidence/bucket-configuration/kranich-customers-1a2b3c4d.json".to_owned(),
            sha256: Digest::of(b"evidence"),
            bytes: 2048,
            collected_at: Some(at("15:20:02")),
        }],
        custody_head: Some(Digest::of(b"custody")),
        obligations: vec![
            ObligationLine {
                obligation: "eu-gdpr-33-1".to_owned(),
                citation: "Regulation (EU) 2016/679 Art. 33(1)".to_owned(),
                recipient: "Hamburg supervisory authority".to_owned(),
                due_at: Some("2026-11-30T15:20:00Z".parse().unwrap()),
                state: "sent".to_owned(),
                because: None,
                sent_at: Some(at("15:57:00")),
                reference: Some("ses-1".to_owned()),
                digest: Some(Digest::of(b"notice")),
            },
            ObligationLine {
                obligation: "us-ca-reg".to_owned(),
                citation: "Cal. Civ. Code 1798.82(f)".to_owned(),
                recipient: "attorney_general".to_owned(),
                due_at: None,
                state: "withheld".to_owned(),
                because: None,
                sent_at: None,
                reference: None,
                digest: None,
            },
        ],
        decisions: vec![
            DecisionLine {
                obligation: "eu-gdpr-33-1".to_owned(),
                version: 1,
                verdict: Verdict::Approved,
                reviewer: "arn:aws:iam::111122223333:user/counsel".to_owned(),
                first_reviewer: None,
                missing_items_reason: None,
                reason: "complete as far as known".to_owned(),
                decided_at: at("15:56:30"),
                digest: Digest::of(b"notice"),
            },
            DecisionLine {
                obligation: "us-ca-reg".to_owned(),
                version: 1,
                verdict: Verdict::Rejected,
                reviewer: "arn:aws:iam::111122223333:user/counsel".to_owned(),
                first_reviewer: None,
                missing_items_reason: None,
                reason: "no resident of California is concerned".to_owned(),
                decided_at: at("15:56:40"),
                digest: Digest::of(b"other"),
            },
        ],
        gaps: vec![GapLine {
            of: "evidence/principal-activity".to_owned(),
            what: "the trail was switched off".to_owned(),
        }],
        facts: None,
        incident,
    }
}

#[test]
fn the_report_reads_as_its_golden_file() {
    assert_golden("report.en.html", &report().html().unwrap());
}

#[test]
fn the_json_adds_durations_and_the_register_to_the_record() {
    let document: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    assert_eq!(document["durations"][0]["seconds"], 4.25);
    assert_eq!(document["register_entry"]["facts"].as_array().unwrap().len(), 3);
    assert_eq!(document["actions"][0]["contained_at"], "2026-11-27T15:20:04.25Z");
    assert_eq!(serde_json::from_value::<Report>(document).unwrap(), report());
}

#[test]
fn a_report_survives_its_record() {
    let text = serde_json::to_string(&report()).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report());
}

#[test]
fn durations_are_counted_from_awareness() {
    let spoken: Vec<(String, String)> =
        report().durations().into_iter().map(|figure| (figure.what, figure.spoken)).collect();
    let expected = [
        ("Awareness to first containment", "4.2 s"),
        ("Awareness to full containment", "4.2 s"),
        ("Awareness to first notice", "37 min 0 s"),
        ("Awareness to close", "38 min 20 s"),
    ];
    assert_eq!(spoken, expected.map(|(what, spoken)| (what.to_owned(), spoken.to_owned())));
}

#[test]
fn full_containment_is_claimed_only_when_every_action_took_effect() {
    let mut report = report();
    let mut failed = report.actions[0].clone();
    (failed.state, failed.contained_at) = ("failed".to_owned(), None);
    report.actions.push(failed);
    assert!(report.durations().iter().all(|figure| figure.what != "Awareness to full containment"));
    assert!(report.html().unwrap().contains("1 of 2 containment actions took effect"));
}

fn with_a_failed_step() -> Report {
    let mut report = report();
    report.actions.push(ActionLine {
        action: "isolate-instance".to_owned(),
        target: "i-0abc".to_owned(),
        account: "444455556666".to_owned(),
        region: Some("me-south-1".to_owned()),
        state: "failed".to_owned(),
        contained_at: None,
        reason: Some("the region is <not> enabled".to_owned()),
        ..report.actions[0].clone()
    });
    report
}

#[test]
fn what_is_not_contained_stands_first_with_its_place_and_reason() {
    let html = with_a_failed_step().html().unwrap();
    let (section, rest) = html.split_once("Not contained</h2>").unwrap().1.split_once("</section>").unwrap();
    assert!(
        ["i-0abc", "444455556666", "me-south-1", "failed", "&lt;not&gt; enabled"]
            .iter()
            .all(|part| section.contains(part))
    );
    assert!(!section.contains("kranich-customers"));
    assert!(rest.contains("What is missing") && rest.contains("Timeline"));
    assert!(html.contains("Not contained: 1 step, below."));
    assert!(!report().html().unwrap().contains("Not contained"));
}

#[test]
fn an_empty_report_is_a_page_too() {
    let mut report = report();
    report.timeline.clear();
    report.findings.clear();
    report.actions.clear();
    report.evidence.clear();
    report.obligations.clear();
    report.decisions.clear();
    report.gaps.clear();
    (report.custody_head, report.incident.closed_at) = (None, None);
    let html = report.html().unwrap();
    assert!(
        html.contains("No containment action was taken, 0 items of evidence preserved, no notice is due."),
        "{html}"
    );
}

#[test]
fn the_page_is_one_that_everyone_can_read() {
    let html = with_a_failed_step().html().unwrap();
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert_eq!(html.matches("<h1").count(), 1);
    let tables = html.matches("<table>").count();
    assert_eq!(html.matches("<caption>").count(), tables, "every table has a caption");
    assert_eq!(
        html.matches("<th").count() - html.matches("<thead").count(),
        html.matches(" scope=\"").count(),
        "every heading cell has a scope"
    );
    for refused in ["<img", "<script", "<link", "http-equiv", "url(", "<outside>"] {
        assert!(!html.contains(refused), "{refused}");
    }
}

#[test]
fn the_register_holds_facts_effects_and_remedial_action() {
    let entry = report().register_entry();
    assert_eq!(entry.citation, "Regulation (EU) 2016/679 (GDPR) Art. 33(5)");
    assert!(entry.facts[0].starts_with("Credentials of instance"));
    assert_eq!(entry.effects, ["The effects were not assessed."]);
    assert_eq!(
        entry.remedial_action,
        [
            "lock-bucket on kranich-customers: contained, 2026-11-27 15:20:04 UTC.",
            "Regulation (EU) 2016/679 Art. 33(1): Hamburg supervisory authority told on 2026-11-27 15:57:00 UTC.",
            "Cal. Civ. Code 1798.82(f): attorney general not told (withheld).",
            "Notice us-ca-reg was rejected: no resident of California is concerned",
        ]
    );
}

#[test]
fn the_register_names_the_effects_that_the_facts_hold() {
    let fact = |value: serde_json::Value| json!({ "value": value, "author": "tocsin", "reason": "inventory", "at": at("15:20:00") });
    let facts = json!({
        "version": 2,
        "authors": ["tocsin"],
        "values": {
            "data_classes": fact(json!(["dob", "email_password"])),
            "affected.DE": fact(json!(12_840)),
            "affected.PL": fact(json!(0)),
            "risk_level": fact(json!("high")),
        },
    });
    let report = Report { facts: Some(serde_json::from_value(facts).unwrap()), ..report() };
    assert_eq!(
        report.register_entry().effects,
        [
            "Categories of personal data: dob, email_password.",
            "People concerned, at most: DE: 12840.",
            "Risk to people, as assessed: high.",
        ]
    );
}

#[test]
fn a_cell_of_the_register_is_no_formula_whatever_a_finding_says() {
    let mut report = report();
    report.incident.title = "=HYPERLINK(\"https://evil.example\",\"x\")\r\n".to_owned();
    let line = report.register_entry().line();
    let cells = [
        "closed",
        "2026-11-27T15:20:00Z",
        "2026-11-27T15:58:20Z",
        "",
        "'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")",
    ];
    let begin = cells.map(|cell| format!("\"{cell}")).join("\",");
    assert!(line.contains(&begin), "{line}");
}

#[test]
fn durations_are_spoken_as_people_say_them() {
    for (millis, text) in [
        (0, "0 ms"),
        (850, "850 ms"),
        (4_250, "4.2 s"),
        (59_999, "59.9 s"),
        (200_000, "3 min 20 s"),
        (7_500_000, "2 h 5 min"),
        (273_600_000, "3 d 4 h"),
        (-4_250, "−4.2 s"),
    ] {
        assert_eq!(spoken(SignedDuration::from_millis(millis)), text);
    }
}

proptest! {
    #[test]
    fn a_timeline_does_not_depend_on_the_order_of_its_records(seconds in proptest::collection::vec(0i64..5, 0..6)) {
        let event = |(index, second): (usize, &i64)| Event {
            at: Timestamp::from_second(*second).unwrap(),
            phase: Phase::Detection,
            what: format!("{}", index % 2),
            who: "tocsin".to_owned(),
        };
        let events: Vec<Event> = seconds.iter().enumerate().map(event).collect();
        let reversed: Vec<Event> = events.iter().rev().cloned().collect();
        prop_assert_eq!(in_order(&events), in_order(&reversed));
        prop_assert!(in_order(&events).is_sorted_by_key(|event| event.at));
    }
}
