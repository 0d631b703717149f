//! The findings themselves: the event as it came, and what its service holds of it now.

use crate::Preserver;
use incident::evidence::Preservation;
use incident::ports::{FindingDesk, Vault};
use incident::records::{FindingRecord, Key, Records};
use incident::{Failure, Fault};
use serde_json::Value;

impl<T: Records, V: Vault, G, A, S, F: FindingDesk> Preserver<T, V, G, A, S, F> {
    /// Takes one finding. Complete, always.
    pub(crate) async fn take_finding(&self, preservation: &mut Preservation) -> Result<bool, Failure> {
        let key = Key::finding(&preservation.item.subject);
        let Some(record) = self.records.get::<FindingRecord>(&key).await? else {
            self.gap(preservation, "item", "the finding was not recorded");
            return Ok(true);
        };
        let text = record.whole_document(&self.records).await?;
        let document = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.keep(preservation, "received.json", text.into_bytes(), "EventBridge event").await?;
        // The event is the evidence; what its service holds now is an addition.
        match self.findings.finding(&record.finding.source, &document).await {
            Ok(Some(now)) => {
                self.keep(preservation, "at-source.json", now.to_string().into_bytes(), "GetFindings").await?;
            }
            Ok(None) => {}
            Err(failure) if failure.fault() == Fault::Transient => return Err(failure),
            Err(failure) => self.gap(preservation, "at-source", failure.to_string()),
        }
        Ok(true)
    }
}
