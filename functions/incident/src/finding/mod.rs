//! A finding: what every source is translated into.

mod category;
mod entity;

pub use category::Category;
pub use entity::{Entity, EntityKind, KeyTerm, Located, Reach};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One security finding, whatever service sent it and in whatever format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The source's own identifier, in the form in which it arrived (an id, an ARN, or a URL).
    pub id: String,
    /// The service that made the finding: `guardduty`, `macie`, `securityhub`, …
    pub source: String,
    /// The format it arrived in: `asff`, `ocsf`, or the service's own, which has its name; `unclassified` where no source
    /// claims it.
    pub format: String,
    /// The finding type as the source names it, such as `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// How bad the source thinks it is.
    pub severity: Severity,
    /// How sure it is that the finding means what it says, 0 to 100: the source's own word where it gives one.
    pub confidence: u8,
    /// The AWS account that the finding is about.
    pub account: String,
    /// The region that the finding is about; `None` for a global one.
    pub region: Option<String>,
    /// When the activity was first seen.
    pub first_seen: Option<Timestamp>,
    /// When the activity was last seen.
    pub last_seen: Option<Timestamp>,
    /// When the source last wrote the finding: later than [`Self::last_seen`] where it was archived, or judged anew, and nothing
    /// more was seen.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// A sample that AWS generated: recorded, never acted on.
    pub sample: bool,
    /// Archived, suppressed or resolved at the source: recorded, never acted on.
    pub archived: bool,
    /// The resources and principals that a responder needs.
    pub entities: Vec<Entity>,
    /// What kind of breach this is a sign of.
    pub category: Category,
}

impl Finding {
    /// What is the same however the finding arrived. GuardDuty, Macie and Access Analyzer give their own id bare, and Security
    /// Hub gives it at the end of an ARN; the ARN that Inspector gives is its id everywhere.
    ///
    /// Of two services Security Hub's copy does not carry the id: for Config it is a digest, and for the external access
    /// of Access Analyzer it is the analyzer and the resource, because one copy stands for all findings about a resource.
    /// Such a copy is a finding of its own; the resource that both name leads it to the same incident.
    pub fn identity(&self) -> &str {
        let bare =
            || self.id.rsplit_once("finding/").filter(|(before, id)| before.ends_with([':', '/']) && !id.is_empty());
        match self.source.as_str() {
            "guardduty" | "macie" | "access-analyzer" => bare().map_or(&self.id, |(_, id)| id),
            _ => &self.id,
        }
    }

    /// How new this version of the finding is, for comparison with another of the same. Deliveries come out of order, and
    /// Security Hub leaves its time as it is when a person suppresses a finding, so of two that are as new the closed one
    /// counts.
    pub fn version(&self) -> impl Ord {
        (self.updated_at, self.last_seen, self.archived)
    }

    /// Its entities, each with where it lies.
    pub fn located(&self) -> impl Iterator<Item = Located> {
        self.entities.iter().map(|entity| {
            let mut parts = entity.arn.as_deref().unwrap_or_default().split(':').skip(3);
            let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
            Located {
                account: if is_account { account } else { &self.account }.to_owned(),
                region: if region.is_empty() { self.region.clone() } else { Some(region.to_owned()) },
                entity: entity.clone(),
            }
        })
    }

    /// Whether anything may be done about it: a sample or an archived finding is only recorded.
    pub fn is_actionable(&self) -> bool {
        !self.sample && !self.archived
    }
}

/// Severity on one scale of 0 to 100 for every source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// 0 (informational) to 100 (critical).
    pub score: u8,
    /// The label that belongs to the score.
    pub label: SeverityLabel,
}

/// The labels of the AWS Security Finding Format (ASFF `Severity.Label`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SeverityLabel {
    /// 0.
    Informational,
    /// 1 to 39.
    Low,
    /// 40 to 69.
    Medium,
    /// 70 to 89.
    High,
    /// 90 to 100.
    Critical,
}

impl Severity {
    /// A severity with the label that ASFF gives to `score`; above 100 counts as 100.
    pub fn of(score: u8) -> Self {
        let score = score.min(100);
        let label = match score {
            0 => SeverityLabel::Informational,
            1..=39 => SeverityLabel::Low,
            40..=69 => SeverityLabel::Medium,
            70..=89 => SeverityLabel::High,
            _ => SeverityLabel::Critical,
        };
        Self { score, label }
    }
}
