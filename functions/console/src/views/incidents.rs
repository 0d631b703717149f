//! The list of incidents: what is open first, and of that what is due first.

use super::badge::{Badge, Tone};
use super::shell::Shell;
use super::text::{line, words};
use super::time::{At, Due};
use askama::Template;
use incident::Incident;
use incident::containment::ActionRecord;
use incident::notification::Duty;
use incident::post_incident::RegisterEntry;
use jiff::Timestamp;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "incidents.html")]
pub struct Incidents {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// What is open, the next due first.
    pub open: Vec<Line>,
    /// What is closed or became part of another, the latest first.
    pub past: Vec<PastLine>,
    /// Where the older of those are; `None` if there are none.
    pub older: Option<String>,
}

/// What is known of an open incident for its line.
#[derive(Clone, Debug)]
pub struct Records {
    /// The incident.
    pub incident: Incident,
    /// What was done to which resource.
    pub actions: Vec<ActionRecord>,
    /// Who has to be told.
    pub duties: Vec<Duty>,
}

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its identifier.
    pub id: String,
    /// What happened.
    pub title: String,
    /// The kind of breach.
    pub category: String,
    /// How bad it is.
    pub severity: Badge,
    /// When the organisation became aware.
    pub aware: At,
    /// What is not contained, in words.
    pub containment: Badge,
    /// The next duty with a time: its statute, and by when.
    pub next: Option<(String, Due)>,
    /// How many other duties are owed.
    pub further: usize,
    due_at: Option<Timestamp>,
}

/// An incident that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastLine {
    /// Its identifier.
    pub id: String,
    /// What happened.
    pub title: String,
    /// Where it stands.
    pub state: Badge,
    /// When the organisation became aware.
    pub aware: At,
    /// When it was closed.
    pub closed: Option<At>,
}

impl Incidents {
    /// The page of these incidents. `older` is where the list of past ones goes on.
    pub fn of(shell: Shell, open: &[Records], past: &[RegisterEntry], older: Option<String>, now: Timestamp) -> Self {
        let mut lines: Vec<Line> = open.iter().map(|records| Line::of(records, now)).collect();
        // What has no time comes after what has one, and of the same the worse comes first.
        lines.sort_by(|one, other| {
            let rank = |line: &Line| (line.due_at.is_none(), line.due_at);
            rank(one)
                .cmp(&rank(other))
                .then_with(|| other.severity.word.cmp(&one.severity.word))
                .then_with(|| one.id.cmp(&other.id))
        });
        Self { shell, now: At::of(now), open: lines, past: past.iter().map(PastLine::of).collect(), older }
    }
}

impl Line {
    fn of(records: &Records, now: Timestamp) -> Self {
        let Records { incident, actions, duties } = records;
        let open = actions.iter().filter(|action| action.contained_at.is_none()).count();
        let containment = match (actions.len(), open) {
            (0, _) => Badge::new(Tone::Open, "nothing was done yet"),
            (_, 0) => Badge::new(Tone::Good, "all contained"),
            (all, open) => Badge::new(Tone::Alarm, format!("{open} of {all} not contained")),
        };
        let mut owed: Vec<&Duty> =
            duties.iter().filter(|duty| !duty.state.is_settled() && !duty.obligation.is_internal()).collect();
        owed.sort_by_key(|duty| (duty.obligation.due_at.is_none(), duty.obligation.due_at));
        let first = owed.first().and_then(|duty| Some((duty.obligation.citation.clone(), duty.obligation.due_at?)));
        Self {
            id: incident.id.to_string(),
            title: line(&incident.title),
            category: words(&incident.category),
            severity: Badge::of_severity(&incident.severity),
            aware: At::of(incident.aware_at),
            containment,
            due_at: first.as_ref().map(|(_, due)| *due),
            further: owed.len() - usize::from(first.is_some()),
            next: first.map(|(citation, due)| (citation, Due::of(due, now))),
        }
    }
}

impl PastLine {
    fn of(entry: &RegisterEntry) -> Self {
        let state = match &entry.part_of {
            Some(elder) => format!("part of {elder}"),
            None => entry.state().to_owned(),
        };
        Self {
            id: entry.incident.to_string(),
            title: entry.facts.first().map(|fact| line(fact)).unwrap_or_default(),
            state: Badge::new(Tone::Quiet, state),
            aware: At::of(entry.aware_at),
            closed: entry.closed_at.map(At::of),
        }
    }
}
