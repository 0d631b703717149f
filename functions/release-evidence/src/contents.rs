//! What there is of an incident: its papers, and the files of its evidence.

use crate::Desk;
use incident::evidence::EvidenceFile;
use incident::ports::{EvidenceDesk, Kept, ObjectVersion, Vault};
use incident::records::{Key, Listing, Records};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;

/// What lies beside the evidence and is needed to verify it.
pub(crate) const PAPERS: [&str; 4] = ["custody.jsonl", "manifest.json", "seal.json", "seal.json.sig"];

/// One file that can be given out.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Below the incident's folder.
    pub(crate) path: String,
    pub(crate) sha256: Digest,
    pub(crate) bytes: u64,
    pub(crate) version_id: Option<String>,
    pub(crate) collected_at: Option<Timestamp>,
}

impl Entry {
    fn of_paper(path: &str, kept: Kept) -> Self {
        let Kept { sha256, bytes, version_id } = kept;
        Self { path: path.to_owned(), sha256, bytes, version_id, collected_at: None }
    }

    fn of_file(file: EvidenceFile) -> Self {
        Self {
            path: file.path(),
            sha256: file.sha256,
            bytes: file.bytes,
            version_id: file.version_id,
            collected_at: Some(file.collected_at),
        }
    }

    /// Its version in the vault.
    pub(crate) fn version(&self, incident: &IncidentId) -> ObjectVersion {
        ObjectVersion { path: format!("incidents/{incident}/{}", self.path), id: self.version_id.clone() }
    }
}

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// Everything after this path, by path.
    pub(crate) async fn entries(&self, incident: &IncidentId, after: Option<&str>) -> Result<Vec<Entry>, Failure> {
        let files: Vec<EvidenceFile> = self.records.list(&Listing::of_incident(incident, "FILE#")).await?;
        let mut entries: Vec<Entry> = files.into_iter().map(Entry::of_file).collect();
        let names = self.vault.names(&format!("incidents/{incident}")).await?;
        for name in names.iter().filter(|name| PAPERS.contains(&name.as_str())) {
            entries.extend(self.paper(incident, name).await?);
        }
        entries.retain(|entry| after.is_none_or(|after| entry.path.as_str() > after));
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }

    /// The one at this path.
    pub(crate) async fn entry(&self, incident: &IncidentId, path: &str) -> Result<Option<Entry>, Failure> {
        if PAPERS.contains(&path) {
            let names = self.vault.names(&format!("incidents/{incident}")).await?;
            let is_there = names.iter().any(|name| name == path);
            return if is_there { self.paper(incident, path).await } else { Ok(None) };
        }
        let file: Option<EvidenceFile> = self.records.get(&Key::evidence_file(incident, path)).await?;
        Ok(file.map(Entry::of_file))
    }

    async fn paper(&self, incident: &IncidentId, path: &str) -> Result<Option<Entry>, Failure> {
        let kept = self.vault.kept(&format!("incidents/{incident}/{path}")).await?;
        Ok(kept.map(|kept| Entry::of_paper(path, kept)))
    }
}
