//! Writes the report and the breach register entry, and tells Security Hub.

use incident::containment::ApprovalId;
use incident::ports::{FindingDesk, Settings, Vault};
use incident::post_incident::{CaseFile, RegisterEntry, Report, close, keep_in_register};
use incident::records::{Key, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Closes.
pub struct Closer<T, V, S, F> {
    /// The table.
    pub records: T,
    /// Keeps the report.
    pub vault: V,
    /// Holds the organisation's settings.
    pub settings: S,
    /// The services that made the findings.
    pub findings: F,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct CloseTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Closed {
    incident: IncidentId,
    /// Whether nothing is left to do: no page, no step that waits, failed or was reversed, and no duty that is still open.
    closed: bool,
    report: String,
    /// The containment approvals that wait for a person, or whose steps are under way.
    approvals: Vec<ApprovalId>,
}

impl<T: Records, V: Vault, S: Settings, F: FindingDesk> Closer<T, V, S, F> {
    /// Writes the report as it stands. The incident closes only when nothing is left for a person to do.
    ///
    /// # Errors
    /// What the table, the vault or Security Hub answers.
    pub async fn close(&self, task: CloseTask, now: Timestamp) -> Result<Closed, Failure> {
        let key = Key::incident(&task.incident);
        let incident: Incident = self.records.require(&key, "incident of this id").await?;
        let organisation = organisation::load(&self.settings).await?;
        let case = CaseFile::read(&self.records, incident).await?;
        let documents = case.documents(&self.records).await?;
        let approvals = case.open_approvals();
        let mut closed = case.is_settled();
        let mut report = case.report(&organisation, now);
        let failed = |error| Failure::needs_operator("the report cannot be written").because(error);
        let folder = format!("incidents/{}", task.incident);
        let html = report.html().map_err(failed)?;
        self.vault.publish(&format!("{folder}/report.html"), html.into_bytes(), "text/html; charset=utf-8").await?;
        let json = report.json().map_err(failed)?;
        self.vault.publish(&format!("{folder}/report.json"), json.into_bytes(), "application/json").await?;

        for document in &documents {
            self.findings.mark_notified(document, &format!("Tocsin responded: incident {}", task.incident)).await?;
        }
        if closed {
            report.incident = close(&self.records, &task.incident, now).await?;
            closed = report.incident.closed_at.is_some();
        }
        self.register(&report).await?;
        Ok(Closed { incident: task.incident, closed, report: format!("{folder}/report.html"), approvals })
    }

    /// Enters the incident, and those that are part of it, in the register of breaches. The vault keeps every version of the entry.
    async fn register(&self, report: &Report) -> Result<(), Failure> {
        let entry = report.register_entry();
        let json = serde_json::to_vec_pretty(&entry);
        let json =
            json.map_err(|error| Failure::needs_operator("the register entry cannot be written").because(error))?;
        let path = format!("incidents/{}/register-entry.json", entry.incident);
        self.vault.publish(&path, json, "application/json").await?;
        keep_in_register(&self.records, &entry).await?;
        for part in &report.incident.absorbed {
            let known: Option<RegisterEntry> = self.records.get(&Key::register(part)).await?;
            if let Some(known) = known {
                let part_of = Some(report.incident.id.clone());
                let entry = RegisterEntry { part_of, written_at: report.written_at, ..known };
                keep_in_register(&self.records, &entry).await?;
            }
        }
        Ok(())
    }
}
