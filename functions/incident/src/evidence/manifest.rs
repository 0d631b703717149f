//! The manifest: every item of an incident with its files and their digests, and every gap with its reason. It names no subject:
//! those can be people. What an item is about is in the item's own `about.json`.

use super::file::{EvidenceFile, sums};
use super::item::{Gap, Preservation};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format's name and version.
pub const FORMAT: &str = "tocsin-manifest/2";

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `tocsin-manifest/2`.
    pub format: String,
    /// The incident.
    pub incident: IncidentId,
    /// When it was written, in UTC.
    pub sealed_at: Timestamp,
    /// What was preserved, by path.
    pub items: Vec<ManifestItem>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestItem {
    /// Its folder, below the incident's.
    pub path: String,
    /// Where it comes from, such as `bucket` or `finding`.
    pub source: String,
    /// Whether nothing more of it was to come when the manifest was written.
    pub complete: bool,
    /// The SHA-256 of its files' list as `sha256sum` writes it.
    pub sums: Digest,
    /// Its files, by name.
    pub files: Vec<ManifestFile>,
    /// What could not be had of it.
    pub gaps: Vec<Gap>,
}

/// One object in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// In its item's folder.
    pub name: String,
    /// Of its content.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// The version of the object in the vault.
    pub version_id: Option<String>,
    /// When it was collected, in UTC.
    pub collected_at: Timestamp,
    /// Which API answered.
    pub api: String,
}

impl Manifest {
    /// The manifest of these items and files, sorted by path.
    pub fn of(incident: IncidentId, items: &[Preservation], files: &[EvidenceFile], sealed_at: Timestamp) -> Self {
        let mut items: Vec<ManifestItem> = items.iter().map(|item| ManifestItem::of(item, files)).collect();
        items.sort_by(|one, other| one.path.cmp(&other.path));
        Self { format: FORMAT.to_owned(), incident, sealed_at, items }
    }
}

impl ManifestItem {
    fn of(preservation: &Preservation, files: &[EvidenceFile]) -> Self {
        let mut files: Vec<ManifestFile> = preservation.files(files).into_iter().map(ManifestFile::of).collect();
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            path: preservation.item.folder(),
            source: preservation.item.source.clone(),
            complete: preservation.is_done(),
            sums: sums(files.iter().map(|file| (file.name.as_str(), &file.sha256))),
            files,
            gaps: preservation.gaps.clone(),
        }
    }
}

impl ManifestFile {
    fn of(file: &EvidenceFile) -> Self {
        Self {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            version_id: file.version_id.clone(),
            collected_at: file.collected_at,
            api: file.api.clone(),
        }
    }
}
