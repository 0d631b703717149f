//! `POST /fetch`: a link to one file, and the digest that what comes must have.

use crate::Desk;
use crate::request::OfFile;
use incident::evidence::{Custodian, Deed};
use incident::ports::{EvidenceDesk, Vault};
use incident::records::Records;
use jiff::SignedDuration;
use platform::Answer;
use platform::Halt;
use serde_json::json;

/// How long a link is valid. It leads to one version of one object, and needs no other permission.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(15);

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// Gives one file.
    pub(crate) async fn fetch(&self, asked: OfFile, person: Custodian) -> Result<Answer, Halt> {
        let OfFile { incident: id, path, reason } = asked;
        self.incident(&id).await?;
        let Some(file) = self.entry(&id, &path).await? else {
            let message = "the incident has no such file; `list` names those that there are";
            return Err(Halt::refuse(404, "no-such-file", message));
        };
        let now = (self.clock)();
        let sha256 = Some(file.sha256.clone());
        let entry = self.enter(&id, now, person, Deed::Fetched, (&path, sha256), reason).await?;
        let url = self.vault.link(&file.version(&id), VALID_FOR).await?;
        Ok(Answer::of(
            200,
            &json!({
                "accepted": true, "incident": id, "path": path, "url": url,
                "expires_at": now.saturating_add(VALID_FOR).ok(), "sha256": file.sha256, "bytes": file.bytes,
                "version_id": file.version_id, "entry": entry.sequence,
            }),
        ))
    }
}
