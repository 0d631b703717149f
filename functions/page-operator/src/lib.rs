//! Reaches a person, once for each reason.

use incident::ports::Pager;
use incident::records::{Key, Page, Records};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};

/// Pages.
pub struct Paging<T, P> {
    /// The table.
    pub records: T,
    /// Reaches the operator.
    pub pager: P,
    /// Reaches those who are asked when the operator does not answer.
    pub escalation: P,
}

/// What a person has to know.
#[derive(Debug, Deserialize)]
pub struct PageTask {
    /// The incident.
    pub incident: IncidentId,
    /// Where the response stopped.
    pub at_state: String,
    /// Why.
    pub reason: String,
    /// Whether those who stand behind the operator hear of it as well.
    #[serde(default)]
    pub escalate: bool,
}

/// Whether this task sent the page, or an earlier one did.
#[derive(Debug, Serialize)]
pub struct Paged {
    incident: IncidentId,
    sent: bool,
}

impl<T: Records, P: Pager> Paging<T, P> {
    /// Pages. The record is written first and marked after: a repeat after a failure pages again, a repeat after
    /// success does not.
    ///
    /// # Errors
    /// What the pager answers.
    pub async fn page(&self, task: PageTask, now: Timestamp) -> Result<Paged, Failure> {
        let PageTask { incident, at_state, reason, escalate } = task;
        let page = Page { incident: incident.clone(), at_state, reason, paged_at: now, sent_at: None };
        let key = Key::page(&page);
        let (kept, _) = self.records.create(&key, &page).await?;
        if kept.sent_at.is_some() {
            return Ok(Paged { incident, sent: false });
        }
        if escalate {
            self.escalation.page(&kept).await?;
        }
        self.pager.page(&kept).await?;
        count("OperatorPaged", 1);
        self.records
            .update(&key, |page: &mut Page| {
                page.sent_at = Some(now);
                Ok(())
            })
            .await?;
        Ok(Paged { incident, sent: true })
    }
}
