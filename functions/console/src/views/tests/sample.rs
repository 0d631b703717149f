//! An incident with everything that a page can show; in its hostile form every text of a finding is an attacker's.

use incident::containment::{ActionId, ActionRecord, ActionState, Requester, Step};
use incident::evidence::{EvidenceItem, Gap, Preservation, Progress};
use incident::finding::SeverityLabel;
use incident::notification::{Draft, Duty, DutyState, Facts, LegalReview, PublicPage, Rules};
use incident::post_incident::{
    DecisionLine, Event, EvidenceLine, FindingLine, GapLine, ObligationLine, Phase, RegisterEntry, Report,
};
use incident::records::{FindingRecord, WaitingReview};
use incident::{Category, Digest, Entity, EntityKind, Finding, Incident, IncidentId, Severity};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Markup, quotes, what turns text around, what leaves no ink, and what a spreadsheet would run.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`=HYPERLINK(\"//x\") \u{202e}txt.exe\u{2066} a\u{200b}b {{7*7}} </textarea>";

pub(crate) const REVIEWER: &str = "https://id.example.com#counsel-1";

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-23T03:10:00Z")
}

/// Everything about one incident.
pub(crate) struct Sample {
    pub(crate) incident: Incident,
    pub(crate) findings: Vec<FindingRecord>,
    pub(crate) actions: Vec<ActionRecord>,
    pub(crate) facts: Vec<Facts>,
    pub(crate) duties: Vec<Duty>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) review: LegalReview,
    pub(crate) evidence: Vec<Preservation>,
    pub(crate) report: Report,
    pub(crate) register: Vec<RegisterEntry>,
    pub(crate) waiting: Vec<WaitingReview>,
}

fn finding(number: u8, title: &str, entities: &[(EntityKind, &str)]) -> Finding {
    let entity = |(kind, id): &(EntityKind, &str)| Entity { kind: *kind, id: (*id).to_owned(), arn: None };
    Finding {
        id: format!("finding-{number}"),
        source: "guardduty".to_owned(),
        format: "guardduty".to_owned(),
        kind: "Exfiltration:S3/AnomalousBehavior".to_owned(),
        title: title.to_owned(),
        severity: Severity { score: 80, label: SeverityLabel::High },
        confidence: 80,
        account: "111122223333".to_owned(),
        region: Some("eu-central-1".to_owned()),
        first_seen: None,
        last_seen: Some(at("2026-11-23T02:00:00Z")),
        updated_at: None,
        sample: false,
        archived: false,
        entities: entities.iter().map(entity).collect(),
        category: Category::DataExfiltration,
    }
}

fn facts(word: &str) -> Vec<Facts> {
    let known: BTreeMap<String, Value> = serde_json::from_value(json!({
        "personal_data_breach": true, "gdpr_applies": true, "entity.role": "controller", "affected.DE": 1200,
        "data_classes": ["email_password", "dob"], "t.aware": "2026-11-22T20:00:00Z",
    }))
    .unwrap();
    let first = Facts::read(known, now()).unwrap();
    let second = first.amend(
        BTreeMap::from([("notice.what_happened".to_owned(), json!(word)), ("affected.FR".to_owned(), json!(40))]),
        "https://id.example.com#privacy-1",
        word,
        at("2026-11-23T02:30:00Z"),
    );
    vec![first, second.unwrap()]
}

fn draft(incident: &IncidentId, obligation: &str, version: u32, text: &str) -> Draft {
    let (subject, html) = ("Notification of a personal data breach", format!("<p>{}</p>", text.replace('<', "&lt;")));
    let path = format!("notices/{incident}/{obligation}/en/index.html");
    Draft {
        incident: incident.clone(),
        obligation: obligation.to_owned(),
        version,
        language: "en".to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        digest: Digest::of_parts(&[subject, text, &html, &path, &html]),
        page: Some(PublicPage { path, html: html.clone() }),
        html,
        drafters: BTreeSet::from(["tocsin".to_owned(), "https://id.example.com#privacy-1".to_owned()]),
        gaps: vec!["likely_consequences".to_owned()],
        written_at: now(),
        audience: None,
    }
}

impl Sample {
    pub(crate) fn calm() -> Self {
        Self::with("kranich-customers")
    }

    pub(crate) fn hostile() -> Self {
        Self::with(HOSTILE)
    }

    /// With this word wherever an attacker, or whoever types, has a say.
    pub(crate) fn with(word: &str) -> Self {
        let first = finding(
            1,
            &format!("Objects of {word} were read from an unusual address"),
            &[(EntityKind::Bucket, word), (EntityKind::Role, "shop-web"), (EntityKind::Address, "198.51.100.7")],
        );
        let second = finding(
            2,
            "Credentials of a role were used from outside AWS",
            &[
                (EntityKind::Role, "shop-web"),
                (EntityKind::Instance, "i-0abc1234"),
                (EntityKind::Address, "198.51.100.7"),
            ],
        );
        let aware = at("2026-11-22T20:00:00Z");
        let id = IncidentId::opened_by(&first);
        let mut incident = Incident::open(id.clone(), &first, aware, "eu-central-1");
        incident.join(&second, aware);
        let findings = vec![FindingRecord::new(&first, "{}", aware), FindingRecord::new(&second, "{}", aware)];
        let facts = facts(word);
        let rules = Rules::load().unwrap();
        let mut obligations = rules.assess(facts.last().unwrap()).obligations;
        obligations.retain(|one| one.rule.starts_with("EU-GDPR"));
        let duties: Vec<Duty> = obligations
            .into_iter()
            .enumerate()
            .map(|(place, obligation)| Duty {
                incident: id.clone(),
                obligation,
                facts_version: 2,
                state: if place == 1 { DutyState::NotTurnedOn } else { DutyState::Open },
                changed_at: now(),
                ended_because: (place == 2).then(|| word.to_owned()),
                returns: 0,
            })
            .collect();
        let duty = duties.iter().find(|duty| duty.obligation.rule == "EU-GDPR-33-1").unwrap().clone();
        let obligation = duty.obligation.id.clone();
        let drafts = vec![
            draft(&id, &obligation, 1, &format!("We write to you.\n\nWhat happened\n{word}\n\nYours")),
            draft(
                &id,
                &obligation,
                2,
                &format!("We write to you.\n\nWhat happened was this\n{word}\nAnd more\n\nYours"),
            ),
        ];
        let review =
            LegalReview::of(drafts.last().unwrap(), duty.obligation.due_at, at("2026-11-23T02:00:00Z")).by_two();
        let evidence = evidence(&id, word);
        let register_entry = RegisterEntry::opening(&incident, now());
        let closed = RegisterEntry {
            incident: IncidentId::try_from("inc-00000000000000000001".to_owned()).unwrap(),
            closed_at: Some(now()),
            ..register_entry.clone()
        };
        let actions = actions(&id, word);
        let report = report(&incident, &findings, &evidence, &duty, &facts, word);
        let waiting = WaitingReview {
            incident: id.clone(),
            obligation,
            version: 2,
            due_at: review.due_at,
            requested_at: review.requested_at,
            four_eyes: true,
            first_reviewer: None,
        };
        let later =
            WaitingReview { due_at: None, four_eyes: false, obligation: "xx-none".to_owned(), ..waiting.clone() };
        let register = vec![register_entry, closed];
        let waiting = vec![later, waiting];
        Self { incident, findings, actions, facts, duties, drafts, review, evidence, report, register, waiting }
    }

    pub(crate) fn duty(&self) -> &Duty {
        self.duties.iter().find(|duty| duty.obligation.id == self.review.obligation).unwrap()
    }
}

fn actions(id: &IncidentId, word: &str) -> Vec<ActionRecord> {
    let states = [
        ActionState::Contained,
        ActionState::Failed,
        ActionState::Withheld,
        ActionState::Reversed,
        ActionState::Started,
    ];
    let started = at("2026-11-22T20:00:05Z");
    ActionId::all()
        .zip(states)
        .map(|(action, state)| {
            let step = Step {
                action,
                account: "111122223333".to_owned(),
                region: Some("eu-central-1".to_owned()),
                target: word.to_owned(),
                pass: 1,
            };
            let has_worked = matches!(state, ActionState::Contained | ActionState::Reversed);
            ActionRecord {
                state,
                before: Some(json!({"Policy": null, "Tags": [{"Key": word}]}).to_string()),
                observation: Some(json!({"Policy": "{\"Statement\": []}", "Tags": []}).to_string()),
                contained_at: has_worked.then(|| started + SignedDuration::from_secs(42)),
                reversed_at: (state == ActionState::Reversed).then(now),
                reversed_by: (state == ActionState::Reversed).then(|| Requester {
                    by: "arn:aws:iam::111122223333:role/ops".to_owned(),
                    reason: word.to_owned(),
                }),
                reason: (!has_worked).then(|| word.to_owned()),
                ..ActionRecord::started(id.clone(), step, started)
            }
        })
        .collect()
}

fn evidence(id: &IncidentId, word: &str) -> Vec<Preservation> {
    let item = |subject: &str| EvidenceItem {
        source: "bucket".to_owned(),
        kind: Some(EntityKind::Bucket),
        subject: subject.to_owned(),
        account: "111122223333".to_owned(),
        region: None,
        arn: None,
    };
    let mut whole = Preservation::begun(id.clone(), item(word), now());
    whole.progress = Progress::Done { sums: Digest::of(b"sums"), at: now() };
    let mut lacking = Preservation { item: item("other"), ..whole.clone() };
    lacking.gaps.push(Gap { part: "s3:GetBucketPolicy".to_owned(), reason: word.to_owned(), found_at: now() });
    vec![whole, lacking, Preservation::begun(id.clone(), item("third"), now())]
}

fn report(
    incident: &Incident,
    findings: &[FindingRecord],
    evidence: &[Preservation],
    duty: &Duty,
    facts: &[Facts],
    word: &str,
) -> Report {
    let line = |record: &FindingRecord| FindingLine {
        id: record.finding.id.clone(),
        source: record.finding.source.clone(),
        title: record.finding.title.clone(),
        severity: "HIGH".to_owned(),
        received_at: record.received_at,
    };
    let kept = |item: &Preservation| EvidenceLine {
        path: item.item.folder(),
        sha256: Digest::of(b"sums"),
        bytes: 1_234_567,
        collected_at: Some(now()),
    };
    Report {
        organisation: "Kranich GmbH".to_owned(),
        incident: incident.clone(),
        written_at: now(),
        timeline: vec![
            Event {
                at: incident.aware_at,
                phase: Phase::Detection,
                what: format!("finding received: {word}"),
                who: word.to_owned(),
            },
            Event { at: now(), phase: Phase::Containment, what: "started".to_owned(), who: "tocsin".to_owned() },
        ],
        findings: findings.iter().map(line).collect(),
        actions: Vec::new(),
        evidence: evidence.iter().take(2).map(kept).collect(),
        custody_head: Some(Digest::of(b"head")),
        obligations: Vec::<ObligationLine>::new(),
        decisions: vec![DecisionLine {
            obligation: duty.obligation.id.clone(),
            version: 1,
            verdict: incident::notification::Verdict::ChangesRequested,
            reviewer: REVIEWER.to_owned(),
            first_reviewer: None,
            reason: word.to_owned(),
            missing_items_reason: None,
            decided_at: now(),
            digest: Digest::of(b"text"),
        }],
        gaps: vec![GapLine { of: "evidence/bucket".to_owned(), what: word.to_owned() }],
        facts: facts.last().cloned(),
    }
}
