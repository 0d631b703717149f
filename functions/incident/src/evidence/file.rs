//! The files of the evidence: what lies in the vault, each written once.

use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One object in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// The incident.
    pub incident: IncidentId,
    /// The folder of its item, below the incident's.
    pub folder: String,
    /// Its name there.
    pub name: String,
    /// Of its content.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// The version of the object in the vault.
    pub version_id: Option<String>,
    /// When it was collected, in UTC.
    pub collected_at: Timestamp,
    /// Which API answered, such as `s3:GetBucketPolicy`.
    pub api: String,
}

impl EvidenceFile {
    /// Its path below the incident's folder.
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

/// The digest of a list of files, as `sha256sum` writes one (`<digest>  <name>`, a line a file, sorted by name). Custody of an
/// item is taken of all its files at once by this digest.
pub fn sums<'a>(files: impl IntoIterator<Item = (&'a str, &'a Digest)>) -> Digest {
    let mut files: Vec<(&str, &Digest)> = files.into_iter().collect();
    files.sort_unstable_by_key(|(name, _)| *name);
    let mut list = String::new();
    for (name, sha256) in files {
        // Writing to a string cannot fail.
        let _ignored = writeln!(list, "{sha256}  {name}");
    }
    Digest::of(list.as_bytes())
}
