//! `POST /erasure`: somebody asks that personal data be erased which is locked as evidence. It cannot be, and that is recorded with
//! the legal basis of keeping it, as GDPR Art. 17(3) wants one. Until when the lock holds is answered, so that it can be told.

use crate::request::Erasure;
use crate::{ALL, Desk};
use incident::evidence::{Custodian, Deed};
use incident::ports::{EvidenceDesk, Lock, ObjectVersion, Vault};
use incident::records::Records;
use platform::Answer;
use platform::Halt;
use serde_json::json;

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// Records a request that the lock does not allow.
    pub(crate) async fn erasure(&self, asked: Erasure, person: Custodian) -> Result<Answer, Halt> {
        let Erasure { incident: id, request, legal_basis, reason } = asked;
        self.incident(&id).await?;
        let now = (self.clock)();
        let entries = self.entries(&id, None).await?;
        let versions: Vec<ObjectVersion> = entries.iter().map(|entry| entry.version(&id)).collect();
        let locks: Vec<Lock> = self.vault.locks(&versions).await?.into_iter().flatten().collect();
        let is_locked = |lock: &&Lock| lock.is_held || lock.until.is_some_and(|until| until > now);
        let locked: Vec<&Lock> = locks.iter().filter(is_locked).collect();
        if locked.is_empty() {
            let message = "no lock keeps this evidence, so nothing stands against erasing it";
            return Err(Halt::refuse(409, "not-locked", message));
        }
        let why = format!("request {request}, kept by {legal_basis}: {reason}");
        let entry = self.enter(&id, now, person, Deed::ErasureRefused, (ALL, None), why).await?;
        Ok(Answer::of(
            200,
            &json!({
                "accepted": true, "incident": id, "erased": false, "request": request, "legal_basis": legal_basis,
                "files": entries.len(), "locked": locked.len(),
                "locked_until": locked.iter().filter_map(|lock| lock.until).max(),
                "held": locked.iter().filter(|lock| lock.is_held).count(), "entry": entry.sequence,
            }),
        ))
    }
}
