//! What is preserved of which resource.

use crate::Digest;
use crate::containment::Playbook;
use crate::finding::EntityKind;
use crate::record::{Incident, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemKind {
    /// The policy, ACL and public-access state of a bucket.
    BucketConfiguration,
    /// The names and versions of a bucket's objects, with size and time, without their contents.
    BucketVersions,
    /// The CloudTrail events of a principal.
    PrincipalActivity,
    /// A snapshot of every volume of an instance.
    InstanceVolumes,
    /// The findings themselves, as they came.
    Finding,
}

impl ItemKind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BucketConfiguration => "bucket-configuration",
            Self::BucketVersions => "bucket-versions",
            Self::PrincipalActivity => "principal-activity",
            Self::InstanceVolumes => "instance-volumes",
            Self::Finding => "finding",
        }
    }

    fn is_about(self, kind: EntityKind) -> bool {
        match self {
            Self::BucketConfiguration | Self::BucketVersions => kind == EntityKind::Bucket,
            Self::PrincipalActivity => {
                [EntityKind::Role, EntityKind::User, EntityKind::AccessKey, EntityKind::Session].contains(&kind)
            }
            Self::InstanceVolumes => kind == EntityKind::Instance,
            Self::Finding => false,
        }
    }
}

/// When an item is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Before containment, since containment would change it.
    BeforeContainment,
    /// Beside containment.
    BesideContainment,
}

/// One thing to preserve.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// Its kind.
    pub kind: ItemKind,
    /// The kind of entity that it is about; `None` for the findings.
    pub subject_kind: Option<EntityKind>,
    /// The id of what it is about.
    pub subject: String,
}

impl EvidenceItem {
    /// What to preserve of an incident at this stage, in the playbook's order of volatility. `findings` are the identities
    /// of its findings.
    ///
    /// The later stage holds the earlier one: what broke off there is finished, so that nothing lies in the vault that
    /// the manifest does not list.
    pub fn of(playbook: &Playbook, incident: &Incident, findings: &[String], stage: Stage) -> Vec<Self> {
        let later = match stage {
            Stage::BeforeContainment => &[],
            Stage::BesideContainment => playbook.evidence.as_slice(),
        };
        playbook.evidence_first.iter().chain(later).flat_map(|kind| Self::of_kind(*kind, incident, findings)).collect()
    }

    fn of_kind(kind: ItemKind, incident: &Incident, findings: &[String]) -> Vec<Self> {
        if kind == ItemKind::Finding {
            return findings.iter().map(|id| Self { kind, subject_kind: None, subject: id.clone() }).collect();
        }
        let about = incident.entities.iter().map(|found| &found.entity).filter(|entity| kind.is_about(entity.kind));
        let mut items: Vec<Self> =
            about.map(|entity| Self { kind, subject_kind: Some(entity.kind), subject: entity.id.clone() }).collect();
        items.dedup();
        items
    }

    /// Its path below the incident's folder in the vault. Subjects can hold any character, so the name carries a digest.
    pub fn path(&self) -> String {
        let readable: String = self
            .subject
            .chars()
            .rev()
            .take(60)
            .map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' })
            .collect();
        let readable: String = readable.chars().rev().collect();
        format!(
            "evidence/{}/{}-{}.json",
            self.kind.as_str(),
            readable.trim_matches('-'),
            Digest::of(self.subject.as_bytes()).short(8)
        )
    }
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It lies in the vault.
    Preserved {
        /// Of the object in the vault.
        sha256: Digest,
        /// Its size.
        bytes: u64,
    },
    /// It could not be had. The gap is evidence too.
    Gap {
        /// Why not.
        reason: String,
    },
}

/// What is recorded of an item. Written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// The incident.
    pub incident: IncidentId,
    /// The item.
    pub item: EvidenceItem,
    /// Its path below the incident's folder.
    pub path: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When it was collected.
    pub collected_at: Timestamp,
    /// Which API answered.
    pub source: String,
}
