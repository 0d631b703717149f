//! Writes the manifest and the custody log of an incident into the vault.

use incident::evidence::custody::{self, Statement};
use incident::evidence::{CustodyEntry, Deed, EvidenceRecord, Manifest};
use incident::ports::Vault;
use incident::records::{Listing, Records};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Seals.
pub struct Custodian<T, V> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// Who seals: this function's name.
    pub name: String,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct SealTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// What was sealed.
#[derive(Debug, Serialize)]
pub struct Sealed {
    incident: IncidentId,
    manifest_sha256: Digest,
    items: usize,
    gaps: usize,
    custody_head: Digest,
}

impl<T: Records, V: Vault> Custodian<T, V> {
    /// Seals what is preserved. A repeat seals again: the vault keeps both versions, and the last entry of the log says
    /// which manifest counts.
    ///
    /// # Errors
    /// What the table or the vault answers.
    pub async fn seal(&self, task: SealTask, now: Timestamp) -> Result<Sealed, Failure> {
        let id = task.incident;
        let records: Vec<EvidenceRecord> = self.records.list(&Listing::of_incident(&id, "EVIDENCE#")).await?;
        let manifest = Manifest::of(id.clone(), &records, now);
        let text = serde_json::to_string_pretty(&manifest);
        let text = text.map_err(|error| Failure::needs_operator("the manifest cannot be written").because(error))?;
        let sha256 = Digest::of(text.as_bytes());
        self.vault.publish(&format!("incidents/{id}/manifest.json"), text.into_bytes(), "application/json").await?;
        let statement = Statement {
            custodian: self.name.clone(),
            deed: Deed::Sealed,
            path: "manifest.json".to_owned(),
            sha256: Some(sha256.clone()),
            reason: format!("{} items, {} gaps", manifest.items.len(), manifest.gaps.len()),
        };
        let head = custody::enter(&self.records, &id, now, &statement).await?;
        let chain: Vec<CustodyEntry> = self.records.list(&Listing::of_incident(&id, "CUSTODY#")).await?;
        let mut log = String::new();
        for entry in &chain {
            let line = serde_json::to_string(entry);
            log.push_str(
                &line.map_err(|error| Failure::needs_operator("the custody log cannot be written").because(error))?,
            );
            log.push('\n');
        }
        self.vault.publish(&format!("incidents/{id}/custody.jsonl"), log.into_bytes(), "application/jsonl").await?;
        Ok(Sealed {
            incident: id,
            manifest_sha256: sha256,
            items: manifest.items.len(),
            gaps: manifest.gaps.len(),
            custody_head: head.hash,
        })
    }
}
