//! The record of an incident: what correlated findings add up to.

use crate::finding::{Category, Entity, Finding, Severity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The identifier of an incident. It is also the name of its Step Functions executions, so it holds only `[a-z0-9-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IncidentId(String);

/// An incident identifier that is not of the form `inc-` and 20 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("an incident id is `inc-` and 20 lower-case hexadecimal digits")]
pub struct MalformedIncidentId;

impl IncidentId {
    /// The incident that this finding opens: the same finding always opens the same incident, so a repeat joins it.
    pub fn opened_by(finding: &Finding) -> Self {
        Self(format!("inc-{}", crate::Digest::of_parts(&[&finding.account, finding.identity()]).short(20)))
    }

    /// The text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IncidentId {
    type Error = MalformedIncidentId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix("inc-").ok_or(MalformedIncidentId)?;
        if digits.len() == 20 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(MalformedIncidentId)
        }
    }
}

impl From<IncidentId> for String {
    fn from(id: IncidentId) -> Self {
        id.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is known of an incident. Grows as findings join it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identifier.
    pub id: IncidentId,
    /// When the first finding was received: the moment from which statutory clocks of awareness are counted.
    pub aware_at: Timestamp,
    /// The account of the first finding.
    pub account: String,
    /// The region of the first finding.
    pub region: String,
    /// The kind of breach, of the most severe finding.
    pub category: Category,
    /// The highest severity of its findings.
    pub severity: Severity,
    /// The title of the most severe finding.
    pub title: String,
    /// The identifiers of its findings, in order of arrival.
    pub findings: Vec<String>,
    /// The findings that brought something new, in order of arrival. Each starts a response of its own.
    pub news: Vec<String>,
    /// Everything that its findings name, without repeats, sorted.
    pub entities: Vec<Entity>,
    /// Whether the response has run to its end.
    pub closed_at: Option<Timestamp>,
}

impl Incident {
    /// The incident that `finding`, received at `received`, opens. `home_region` stands in for a global finding's region.
    pub fn open(finding: &Finding, received: Timestamp, home_region: &str) -> Self {
        let mut entities = finding.entities.clone();
        entities.sort();
        entities.dedup();
        Self {
            id: IncidentId::opened_by(finding),
            aware_at: received,
            account: finding.account.clone(),
            region: finding.region.clone().unwrap_or_else(|| home_region.to_owned()),
            category: finding.category,
            severity: finding.severity.clone(),
            title: finding.title.clone(),
            findings: vec![finding.id.clone()],
            news: vec![finding.id.clone()],
            entities,
            closed_at: None,
        }
    }

    /// Joins `finding` to this incident. Joining twice changes nothing.
    pub fn join(&mut self, finding: &Finding) {
        if self.findings.contains(&finding.id) {
            return;
        }
        self.findings.push(finding.id.clone());
        if finding.severity.score > self.severity.score {
            self.severity = finding.severity.clone();
            self.category = finding.category;
            self.title = finding.title.clone();
        }
        if finding.entities.iter().any(|entity| !self.entities.contains(entity)) {
            self.news.push(finding.id.clone());
        }
        self.entities.extend(finding.entities.iter().cloned());
        self.entities.sort();
        self.entities.dedup();
    }

    /// The name of the execution that this finding starts; `None` if it brought nothing new. The same at every repeat.
    pub fn execution_for(&self, finding: &str) -> Option<String> {
        let place = self.news.iter().position(|id| id == finding)?;
        Some(if place == 0 { self.id.to_string() } else { format!("{}-r{place}", self.id) })
    }
}
