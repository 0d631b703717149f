//! Keeps the task token and asks a person for the steps that wait. The token goes to the table and nowhere else.

use incident::containment::{Approval, ApprovalId, Asking};
use incident::ports::{Gate, Pager};
use incident::records::{GateToken, Key, Records};
use incident::{Failure, IncidentId};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::count;
use serde::{Deserialize, Serialize};

/// Asks.
pub struct Asker<T, G, P> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
    /// Reaches the operator.
    pub pager: P,
    /// The function URL that takes the answer.
    pub url: String,
}

/// An approval to ask for. It holds a task token: never log it.
#[derive(Deserialize)]
pub struct RequestTask {
    /// The incident.
    pub incident: IncidentId,
    /// The approval.
    pub approval: ApprovalId,
    /// Which time this is, from 1.
    pub attempt: u32,
    /// How often people are asked at most.
    pub attempts: u32,
    /// How long they have, in seconds.
    pub timeout_seconds: u32,
    /// The task token.
    pub token: String,
}

/// Whether the approval waits.
#[derive(Debug, Serialize)]
pub struct Requested {
    waiting: bool,
}

impl<T: Records, G: Gate, P: Pager> Asker<T, G, P> {
    /// Asks, once an attempt. If somebody has decided meanwhile, the execution goes on at once.
    ///
    /// # Errors
    /// `Rejected` without such an approval; what the table, Step Functions or the pager answers.
    pub async fn request(&self, task: RequestTask, now: Timestamp) -> Result<Requested, Failure> {
        let RequestTask { incident, approval: id, attempt, attempts, timeout_seconds, token } = task;
        let token_key = Key::approval_token(&incident, &id);
        let (_, is_new) = self.records.create(&token_key, &GateToken { token: token.clone() }).await?;
        if !is_new {
            // It was asked before and that task timed out: its token opens nothing any more.
            self.records
                .update(&token_key, |kept: &mut GateToken| {
                    kept.token.clone_from(&token);
                    Ok(())
                })
                .await?;
        }
        // Read after the token is there: whoever decides from now on finds it.
        let key = Key::approval(&incident, &id);
        let approval: Approval = self.records.require(&key, "approval of this id").await?;
        if let Some(answer) = approval.answer() {
            self.gate.resume(&token, &answer).await?;
            self.records.remove(&token_key).await?;
            return Ok(Requested { waiting: false });
        }
        if approval.asked < attempt {
            let until = now + SignedDuration::from_secs(timeout_seconds.into());
            let asking = Asking { attempt, attempts, until, url: &self.url };
            self.pager.tell(&approval.subject(), &approval.message(&asking)).await?;
            self.records
                .update(&key, |approval: &mut Approval| {
                    approval.asked = approval.asked.max(attempt);
                    Ok(())
                })
                .await?;
            count("ContainmentApprovalsRequested", 1);
        }
        Ok(Requested { waiting: true })
    }
}
