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
    /// The identities of its findings, in order of arrival.
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
        let mut incident = Self {
            id: IncidentId::opened_by(finding),
            aware_at: received,
            account: finding.account.clone(),
            region: finding.region.clone().unwrap_or_else(|| home_region.to_owned()),
            category: finding.category,
            severity: finding.severity.clone(),
            title: finding.title.clone(),
            findings: vec![finding.identity().to_owned()],
            news: vec![finding.identity().to_owned()],
            entities: Vec::new(),
            closed_at: None,
        };
        incident.learn(&finding.entities);
        incident
    }

    /// Joins `finding` to this incident. Joining it again, in whatever format, changes nothing.
    pub fn join(&mut self, finding: &Finding) {
        let identity = finding.identity();
        if self.findings.iter().any(|known| known == identity) {
            return;
        }
        self.findings.push(identity.to_owned());
        if finding.severity.score > self.severity.score {
            self.severity = finding.severity.clone();
            self.category = finding.category;
            self.title = finding.title.clone();
        }
        if self.learn(&finding.entities) {
            self.news.push(identity.to_owned());
        }
    }

    /// Adds what is not known yet; answers whether anything was. An entity is the same whether or not its ARN is given.
    fn learn(&mut self, entities: &[Entity]) -> bool {
        let mut is_news = false;
        for entity in entities {
            match self.entities.iter_mut().find(|known| known.kind == entity.kind && known.id == entity.id) {
                Some(known) => known.arn = known.arn.take().or_else(|| entity.arn.clone()),
                None => {
                    self.entities.push(entity.clone());
                    is_news = true;
                }
            }
        }
        self.entities.sort();
        is_news
    }

    /// The name of the execution that this finding starts; `None` if it brought nothing new. The same at every repeat.
    pub fn execution_for(&self, finding: &Finding) -> Option<String> {
        let place = self.news.iter().position(|id| id == finding.identity())?;
        Some(if place == 0 { self.id.to_string() } else { format!("{}-r{place}", self.id) })
    }
}
