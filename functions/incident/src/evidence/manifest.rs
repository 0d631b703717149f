//! The manifest: every item of an incident with its digest, and every gap with its reason.

use super::{EvidenceRecord, Outcome};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format's name and version.
pub const FORMAT: &str = "tocsin-manifest/1";

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `tocsin-manifest/1`.
    pub format: String,
    /// The incident.
    pub incident: IncidentId,
    /// When it was written, in UTC.
    pub sealed_at: Timestamp,
    /// What lies in the vault, by path.
    pub items: Vec<ManifestItem>,
    /// What could not be had, by path.
    pub gaps: Vec<ManifestGap>,
}

/// One object in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestItem {
    /// Below the incident's folder.
    pub path: String,
    /// Of the object.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// When it was collected, in UTC.
    pub collected_at: Timestamp,
    /// Which API answered.
    pub source: String,
}

/// One thing that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestGap {
    /// Where it would lie.
    pub path: String,
    /// Why it does not.
    pub reason: String,
    /// When that was found, in UTC.
    pub collected_at: Timestamp,
}

impl Manifest {
    /// The manifest of these records, sorted by path.
    pub fn of(incident: IncidentId, records: &[EvidenceRecord], sealed_at: Timestamp) -> Self {
        let mut manifest = Self { format: FORMAT.to_owned(), incident, sealed_at, items: Vec::new(), gaps: Vec::new() };
        for record in records {
            match &record.outcome {
                Outcome::Preserved { sha256, bytes } => manifest.items.push(ManifestItem {
                    path: record.path.clone(),
                    sha256: sha256.clone(),
                    bytes: *bytes,
                    collected_at: record.collected_at,
                    source: record.source.clone(),
                }),
                Outcome::Gap { reason } => manifest.gaps.push(ManifestGap {
                    path: record.path.clone(),
                    reason: reason.clone(),
                    collected_at: record.collected_at,
                }),
            }
        }
        manifest.items.sort_by(|one, other| one.path.cmp(&other.path));
        manifest.gaps.sort_by(|one, other| one.path.cmp(&other.path));
        manifest
    }
}
