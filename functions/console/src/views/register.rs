//! The register of breaches, as a page and as files.

use super::badge::{Badge, Tone};
use super::shell::Shell;
use super::text::line;
use super::time::At;
use askama::Template;
use incident::post_incident::RegisterEntry;
use incident::tabular;
use jiff::Timestamp;
use serde::Serialize;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "register.html")]
pub struct Register {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// The entries, the latest first.
    pub lines: Vec<Line>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The incident.
    pub incident: String,
    /// Where it stands.
    pub state: Badge,
    /// When the organisation became aware.
    pub aware: At,
    /// When it was closed.
    pub closed: Option<At>,
    /// What happened.
    pub facts: Vec<String>,
    /// What it led to or can lead to.
    pub effects: Vec<String>,
    /// What was done about it.
    pub remedial_action: Vec<String>,
    /// The statute that asks for the entry.
    pub citation: String,
    /// When it was written.
    pub written: At,
}

impl Register {
    /// The page of these entries.
    pub fn of(shell: Shell, entries: &[RegisterEntry], now: Timestamp) -> Self {
        let mut entries: Vec<&RegisterEntry> = entries.iter().collect();
        entries.sort_by(|one, other| (other.aware_at, &other.incident).cmp(&(one.aware_at, &one.incident)));
        Self { shell, now: At::of(now), lines: entries.into_iter().map(Line::of).collect() }
    }
}

impl Line {
    fn of(entry: &RegisterEntry) -> Self {
        let state = match &entry.part_of {
            Some(elder) => Badge::new(Tone::Quiet, format!("part of {elder}")),
            None if entry.closed_at.is_some() => Badge::new(Tone::Good, "closed"),
            None => Badge::new(Tone::Open, "open"),
        };
        Self {
            incident: entry.incident.to_string(),
            state,
            aware: At::of(entry.aware_at),
            closed: entry.closed_at.map(At::of),
            facts: entry.facts.iter().map(|text| line(text)).collect(),
            effects: entry.effects.iter().map(|text| line(text)).collect(),
            remedial_action: entry.remedial_action.iter().map(|text| line(text)).collect(),
            citation: entry.citation.clone(),
            written: At::of(entry.written_at),
        }
    }
}

fn oldest_first(entries: &[RegisterEntry]) -> Vec<&RegisterEntry> {
    let mut entries: Vec<&RegisterEntry> = entries.iter().collect();
    entries.sort_by(|one, other| (one.aware_at, &one.incident).cmp(&(other.aware_at, &other.incident)));
    entries
}

/// The register as CSV, the oldest first; the same as `tocsin register` writes.
pub fn csv(entries: &[RegisterEntry]) -> String {
    let lines = oldest_first(entries).into_iter().map(RegisterEntry::line);
    std::iter::once(tabular::line(&RegisterEntry::COLUMNS)).chain(lines).collect()
}

#[derive(Serialize)]
struct Row<'a> {
    state: &'static str,
    #[serde(flatten)]
    entry: &'a RegisterEntry,
}

/// The register as JSON, the oldest first; the same as `tocsin register --format json` writes.
///
/// # Errors
/// Never for entries that were read from JSON.
pub fn json(entries: &[RegisterEntry]) -> Result<String, serde_json::Error> {
    let rows: Vec<Row<'_>> =
        oldest_first(entries).into_iter().map(|entry| Row { state: entry.state(), entry }).collect();
    serde_json::to_string_pretty(&serde_json::json!({"register": rows}))
}
