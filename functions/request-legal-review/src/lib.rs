//! Keeps the task token and puts a draft before counsel. The token goes to the table and nowhere else.

use incident::notification::{Draft, Duty, LegalReview};
use incident::ports::Gate;
use incident::records::{GateToken, Key, Records, WaitingReview};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Holds notices at the gate.
pub struct Gatekeeper<T, G> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
}

/// A draft to decide about. It holds a task token: never log it.
#[derive(Deserialize)]
pub struct ReviewTask {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the text.
    pub digest: Digest,
    /// The task token.
    pub token: String,
}

/// That the draft waits.
#[derive(Debug, Serialize)]
pub struct Requested {
    waiting: bool,
}

impl<T: Records, G: Gate> Gatekeeper<T, G> {
    /// Puts the draft before counsel. If counsel has decided meanwhile, the execution goes on at once.
    ///
    /// # Errors
    /// `Rejected` where the draft is not the text of this digest.
    pub async fn request(&self, task: ReviewTask, now: Timestamp) -> Result<Requested, Failure> {
        let ReviewTask { incident, obligation, version, digest, token } = task;
        let draft: Draft =
            self.records.require(&Key::draft(&incident, &obligation, version), "draft of this version").await?;
        if draft.digest != digest || !draft.is_intact() {
            return Err(Failure::rejected("the draft is not the text of this digest"));
        }
        let duty: Duty = self.records.require(&Key::obligation(&incident, &obligation), "duty of this name").await?;

        let key = Key::gate_token(&incident, &obligation, version);
        let (_, is_new) = self.records.create(&key, &GateToken { token: token.clone() }).await?;
        if !is_new {
            // Counsel was asked before and the task timed out: its token opens nothing any more.
            self.records
                .update(&key, |kept: &mut GateToken| {
                    kept.token.clone_from(&token);
                    Ok(())
                })
                .await?;
        }
        let review = LegalReview::of(&draft, duty.obligation.due_at, now);
        let (review, _) = self.records.create(&Key::review(&incident, &obligation, version), &review).await?;
        if let Some(decision) = review.decision {
            self.gate.resume(&token, &json!({"verdict": decision.verdict, "digest": decision.digest})).await?;
            self.records.remove(&key).await?;
            return Ok(Requested { waiting: false });
        }
        let key = Key::waiting(&incident, &obligation, version);
        let waiting =
            WaitingReview { incident, obligation, version, due_at: review.due_at, requested_at: review.requested_at };
        self.records.create(&key, &waiting).await?;
        count("LegalReviewsRequested", 1);
        Ok(Requested { waiting: true })
    }
}
