//! `POST /list`: what there is, what is missing, and until when each file is locked.

use crate::request::OfPage;
use crate::{ALL, Desk};
use incident::evidence::{Custodian, Deed, Preservation};
use incident::ports::{EvidenceDesk, ObjectVersion, Vault};
use incident::records::{Listing, Records};
use platform::Answer;
use platform::Halt;
use serde_json::{Value, json};

/// How many files one answer holds: an answer takes 6 MB, and the lock of each is asked for.
const PAGE: usize = 2_000;

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// One page of the list. The first one also tells of each item what could not be had.
    pub(crate) async fn list(&self, asked: OfPage, person: Custodian) -> Result<Answer, Halt> {
        let OfPage { incident: id, after, reason } = asked;
        let incident = self.incident(&id).await?;
        let entry = self.enter(&id, (self.clock)(), person, Deed::Listed, (ALL, None), reason).await?;
        let mut entries = self.entries(&id, after.as_deref()).await?;
        let is_cut = entries.len() > PAGE;
        entries.truncate(PAGE);
        let versions: Vec<ObjectVersion> = entries.iter().map(|entry| entry.version(&id)).collect();
        let locks = self.vault.locks(&versions).await?;
        let files: Vec<Value> = entries
            .iter()
            .zip(locks)
            .map(|(entry, lock)| {
                json!({
                    "path": entry.path, "sha256": entry.sha256, "bytes": entry.bytes, "version_id": entry.version_id,
                    "collected_at": entry.collected_at, "is_there": lock.is_some(),
                    "locked_until": lock.as_ref().and_then(|lock| lock.until),
                    "mode": lock.as_ref().and_then(|lock| lock.mode.as_ref()),
                    "held": lock.as_ref().is_some_and(|lock| lock.is_held),
                })
            })
            .collect();
        let mut items: Vec<Value> = Vec::new();
        if after.is_none() {
            let records: Vec<Preservation> = self.records.list(&Listing::of_incident(&id, "EVIDENCE#")).await?;
            items.extend(records.iter().map(|record| {
                json!({
                    "path": record.item.folder(), "source": record.item.source, "complete": record.is_done(),
                    "gaps": record.gaps,
                })
            }));
        }
        let next = entries.last().filter(|_| is_cut).map(|last| &last.path);
        Ok(Answer::of(
            200,
            &json!({
                "accepted": true, "incident": id, "absorbed": incident.absorbed, "entry": entry.sequence,
                "items": items, "files": files, "next": next,
            }),
        ))
    }
}
