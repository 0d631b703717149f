//! The page of one incident: what is not contained, what is due when, what happened, and what is known.

pub mod containment;
pub mod duties;
pub mod evidence;
pub mod graph;

use super::badge::{Badge, Tone};
use super::facts::FactLine;
use super::shell::Shell;
use super::text::{counted, line, words};
use super::time::{At, Due};
use askama::Template;
use containment::ActionLine;
use duties::{DutyLine, UndeterminedLine};
use evidence::EvidenceLine;
use graph::Graph;
use incident::containment::ActionRecord;
use incident::evidence::Preservation;
use incident::notification::{Duty, Facts, LegalReview, Obligation, Publication};
use incident::post_incident::{Report, timeline::spoken};
use incident::records::FindingRecord;
use jiff::Timestamp;

/// What is recorded of the incident.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    /// What the report of the incident is made of.
    pub report: &'a Report,
    /// Its findings.
    pub findings: &'a [FindingRecord],
    /// What was done to which resource.
    pub actions: &'a [ActionRecord],
    /// Who has to be told.
    pub duties: &'a [Duty],
    /// What was put before counsel.
    pub reviews: &'a [LegalReview],
    /// The notices that anybody may read.
    pub publications: &'a [Publication],
    /// What is preserved.
    pub evidence: &'a [Preservation],
    /// Every version of the facts, the oldest first.
    pub facts: &'a [Facts],
    /// What unknown facts may bring under rules that are not turned on; `None` where the organisation's own rules cannot be used.
    pub undetermined: Option<&'a [Obligation]>,
}

/// What the reader may do beside reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Enter facts.
    pub enters_facts: bool,
    /// See what waits for counsel.
    pub sees_reviews: bool,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "incident.html")]
pub struct IncidentPage {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// What the reader may do.
    pub rights: Rights,
    /// Its identifier.
    pub id: String,
    /// The kind of breach.
    pub category: String,
    /// How bad it is.
    pub severity: Badge,
    /// How sure it is, 0 to 99.
    pub confidence: u8,
    /// Where the first finding was.
    pub place: String,
    /// Where the response stands.
    pub state: Badge,
    /// The incident that it became part of.
    pub part_of: Option<String>,
    /// The incidents that became part of it.
    pub parts: Vec<String>,
    /// When the organisation became aware, and how long ago that is.
    pub aware: (At, String),
    /// What is not contained, in words.
    pub containment: Badge,
    /// The next duty with a time.
    pub next: Option<DutyLine>,
    /// How many texts wait for counsel, in words.
    pub waiting: Badge,
    /// What was done, what is not contained first.
    pub actions: Vec<ActionLine>,
    /// Who has to be told.
    pub duties: Vec<DutyLine>,
    /// What unknown facts may bring under rules that are not turned on; `None` where the organisation's own rules cannot be used.
    pub undetermined: Option<Vec<UndeterminedLine>>,
    /// What happened, in order.
    pub events: Vec<EventLine>,
    /// The findings, numbered from 1 as the graph does.
    pub findings: Vec<FindingLine>,
    /// How they are joined.
    pub graph: Graph,
    /// What is preserved.
    pub evidence: Vec<EvidenceLine>,
    /// The last entry of the custody log.
    pub custody_head: Option<String>,
    /// What is missing.
    pub gaps: Vec<(String, String)>,
    /// What is known.
    pub facts: Vec<FactLine>,
    /// The version of the facts.
    pub facts_version: Option<u32>,
    /// What counsel decided.
    pub decisions: Vec<DecisionLine>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// When.
    pub at: At,
    /// How long after awareness.
    pub since: String,
    /// In which phase.
    pub phase: String,
    /// What.
    pub what: String,
    /// Who.
    pub who: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLine {
    /// Its number on this page.
    pub number: usize,
    /// What it says.
    pub title: String,
    /// Its type at the source.
    pub kind: String,
    /// Who says it.
    pub source: String,
    /// How bad it is.
    pub severity: Badge,
    /// When it was received.
    pub received: At,
    /// Its identifier at the source.
    pub id: String,
    /// Why nothing is done about it.
    pub suppressed: bool,
}

/// A decision of counsel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionLine {
    /// The notice.
    pub notice: String,
    /// What was decided.
    pub verdict: Badge,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: At,
    /// The digest of the text.
    pub digest: String,
}

impl IncidentPage {
    /// The page at `now`.
    pub fn of(shell: Shell, rights: Rights, records: Records<'_>, now: Timestamp) -> Self {
        let Records { report, findings, actions, duties, reviews, publications, evidence, facts, undetermined } =
            records;
        let incident = &report.incident;
        let open = actions.iter().filter(|action| action.contained_at.is_none()).count();
        let containment = match (actions.len(), open) {
            (0, _) => Badge::new(Tone::Open, "nothing was done yet"),
            (all, 0) => Badge::new(Tone::Good, format!("all {} took effect", counted(all, "step", "steps"))),
            (all, open) => {
                Badge::new(Tone::Alarm, format!("{open} of {} not contained", counted(all, "step", "steps")))
            }
        };
        let waits = reviews.iter().filter(|review| review.decision.is_none() && review.closed.is_none()).count();
        let waiting = match waits {
            0 => Badge::new(Tone::Quiet, "nothing waits for counsel"),
            count => Badge::new(Tone::Open, format!("{} for counsel", counted(count, "text waits", "texts wait"))),
        };
        let state = match (&incident.absorbed_by, incident.closed_at) {
            (Some(_), _) => Badge::new(Tone::Quiet, "part of another incident"),
            (None, Some(_)) => Badge::new(Tone::Good, "closed"),
            (None, None) => Badge::new(Tone::Open, "open"),
        };
        let duties = DutyLine::all(duties, reviews, publications, rights.sees_reviews, now);
        Self {
            now: At::of(now),
            rights,
            id: incident.id.to_string(),
            category: words(&incident.category),
            severity: Badge::of_severity(&incident.severity),
            confidence: incident.confidence,
            place: format!("account {}, {}", incident.account, incident.region),
            state,
            part_of: incident.absorbed_by.as_ref().map(ToString::to_string),
            parts: incident.absorbed.iter().map(ToString::to_string).collect(),
            aware: (At::of(incident.aware_at), spoken(now.duration_since(incident.aware_at))),
            containment,
            next: duties.iter().find(|duty| duty.is_owed && duty.due.is_some()).cloned(),
            waiting,
            actions: ActionLine::all(actions),
            duties,
            undetermined: undetermined.map(|all| all.iter().map(UndeterminedLine::of).collect()),
            events: events(report),
            graph: Graph::of(findings),
            findings: findings.iter().enumerate().map(|(place, record)| FindingLine::of(place + 1, record)).collect(),
            evidence: evidence.iter().map(|item| EvidenceLine::of(item, report)).collect(),
            custody_head: report.custody_head.as_ref().map(|head| head.as_str().to_owned()),
            gaps: report.gaps.iter().map(|gap| (gap.of.clone(), gap.what.clone())).collect(),
            facts: FactLine::all(facts),
            facts_version: facts.last().map(Facts::version),
            decisions: report.decisions.iter().map(DecisionLine::of).collect(),
            shell,
        }
    }

    /// The duty that is due next, where it has a time.
    pub fn next_due(&self) -> Option<(&DutyLine, &Due)> {
        let next = self.next.as_ref()?;
        Some((next, next.due.as_ref()?))
    }

    /// What is not contained.
    pub fn open_actions(&self) -> impl Iterator<Item = &ActionLine> {
        self.actions.iter().filter(|action| action.is_open)
    }
}

fn events(report: &Report) -> Vec<EventLine> {
    let mut events = report.timeline.clone();
    events.sort();
    events.dedup();
    let shown = |event: incident::post_incident::Event| EventLine {
        at: At::of(event.at),
        since: spoken(event.at.duration_since(report.incident.aware_at)),
        phase: words(&event.phase),
        what: line(&event.what),
        who: event.who,
    };
    events.into_iter().map(shown).collect()
}

impl FindingLine {
    fn of(number: usize, record: &FindingRecord) -> Self {
        let finding = &record.finding;
        Self {
            number,
            title: line(&finding.title),
            kind: finding.kind.clone(),
            source: finding.source.clone(),
            severity: Badge::of_severity(&finding.severity),
            received: At::of(record.received_at),
            id: finding.id.clone(),
            suppressed: record.suppressed.is_some(),
        }
    }
}

impl DecisionLine {
    fn of(line: &incident::post_incident::DecisionLine) -> Self {
        let by: Vec<&str> = line.first_reviewer.iter().chain([&line.reviewer]).map(String::as_str).collect();
        let missing = line
            .missing_items_reason
            .as_ref()
            .map(|why| format!("; goes out without all that the law asks for: {why}"));
        Self {
            notice: format!("{}, version {}", line.obligation, line.version),
            verdict: Badge::of_verdict(line.verdict),
            by: by.join(", then "),
            reason: format!("{}{}", line.reason, missing.unwrap_or_default()),
            at: At::of(line.decided_at),
            digest: line.digest.as_str().to_owned(),
        }
    }
}
