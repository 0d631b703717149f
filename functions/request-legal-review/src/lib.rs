//! Keeps the task token and puts a draft before counsel. The token goes to the table and nowhere else.

use incident::notification::{Draft, Duty, DutyState, LegalReview};
use incident::ports::{Gate, Reminders, Settings};
use incident::records::{GateToken, Key, Records, WaitingReview};
use incident::{Digest, Failure, IncidentId, organisation};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A reminder that is due sooner than this is not set: its time would have passed before it is.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// Holds notices at the gate.
pub struct Gatekeeper<T, G, S, R> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Reminds counsel.
    pub reminders: R,
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

impl<T: Records, G: Gate, S: Settings, R: Reminders> Gatekeeper<T, G, S, R> {
    /// Puts the draft before counsel. If counsel has decided meanwhile, or the duty has ended, the execution goes on at once.
    ///
    /// # Errors
    /// `Rejected` where the draft is not the text of this digest; `NeedsOperator` where the organisation's settings cannot be used.
    pub async fn request(&self, task: ReviewTask, now: Timestamp) -> Result<Requested, Failure> {
        let ReviewTask { incident, obligation, version, digest, token } = task;
        let draft: Draft =
            self.records.require(&Key::draft(&incident, &obligation, version), "draft of this version").await?;
        if draft.digest != digest || !draft.is_intact() {
            return Err(Failure::rejected("the draft is not the text of this digest"));
        }
        let by_two = organisation::load(&self.settings).await?.legal_gate.asks_for_two(&obligation);
        let token_key = Key::gate_token(&incident, &obligation, version);
        let (_, is_new) = self.records.create(&token_key, &GateToken { token: token.clone() }).await?;
        if !is_new {
            // Counsel was asked before and the task timed out: its token opens nothing any more. Whoever decides between these two
            // calls finds none, and what was decided is read below.
            self.records.remove(&token_key).await?;
            self.records.create(&token_key, &GateToken { token: token.clone() }).await?;
        }
        // Read after the token is there: whoever ends the duty from now on finds it.
        let duty: Duty = self.records.require(&Key::obligation(&incident, &obligation), "duty of this name").await?;
        if duty.state == DutyState::Obsolete {
            self.records.remove(&Key::waiting(&incident, &obligation, version)).await?;
            return self.pass(&token_key, &token, &json!({"verdict": "obsolete", "digest": digest})).await;
        }
        let review = self.ask(&draft, &duty, by_two, now).await?;
        let waiting_key = Key::waiting(&incident, &obligation, version);
        if let Some(answer) = review.answer() {
            // Whoever decided may have stopped before what follows from it.
            if let Some(decision) = review.decision.as_ref().filter(|decision| decision.ends_the_duty()) {
                let end = |duty: &mut Duty| {
                    duty.end_by(decision);
                    Ok(())
                };
                self.records.update(&Key::obligation(&incident, &obligation), end).await?;
            }
            self.records.remove(&waiting_key).await?;
            return self.pass(&token_key, &token, &answer).await;
        }
        let waiting = WaitingReview {
            incident: incident.clone(),
            obligation: obligation.clone(),
            version,
            due_at: review.due_at,
            requested_at: review.requested_at,
            four_eyes: review.four_eyes,
            first_reviewer: review.first.as_ref().map(|first| first.reviewer.clone()),
        };
        self.records.create(&waiting_key, &waiting).await?;
        for (at, reminder) in review.reminders().into_iter().filter(|(at, _)| *at > now + MARGIN) {
            self.reminders.set(&reminder.name(), at, &json!(reminder)).await?;
        }
        // Whoever decided, or ended the duty, since these were read has found nothing to end here.
        let duty: Duty = self.records.require(&Key::obligation(&incident, &obligation), "duty of this name").await?;
        let review_key = Key::review(&incident, &obligation, version);
        let change = |review: &mut LegalReview| {
            review.close(duty.ended_because.as_deref().unwrap_or("the duty has ended"), now);
            Ok(())
        };
        let review: LegalReview = match duty.state {
            DutyState::Obsolete => self.records.update(&review_key, change).await?,
            DutyState::Open
            | DutyState::NotTurnedOn
            | DutyState::Sent
            | DutyState::Withheld
            | DutyState::NotNotifiable => self.records.require(&review_key, "review of this version").await?,
        };
        if let Some(answer) = review.answer() {
            self.records.remove(&waiting_key).await?;
            return self.pass(&token_key, &token, &answer).await;
        }
        count("LegalReviewsRequested", 1);
        Ok(Requested { waiting: true })
    }

    /// The review of this draft. Where the settings have come to ask for a second reviewer, it does from now on; never the reverse.
    async fn ask(&self, draft: &Draft, duty: &Duty, by_two: bool, now: Timestamp) -> Result<LegalReview, Failure> {
        let key = Key::review(&draft.incident, &draft.obligation, draft.version);
        let review = LegalReview::of(draft, duty.obligation.due_at, now);
        let (review, _) = self.records.create(&key, &if by_two { review.by_two() } else { review }).await?;
        if review.four_eyes || !by_two || review.answer().is_some() {
            return Ok(review);
        }
        let change = |review: &mut LegalReview| {
            review.four_eyes = review.four_eyes || review.decision.is_none();
            Ok(())
        };
        self.records.update(&key, change).await
    }

    /// Lets the execution go on at once.
    async fn pass(&self, key: &Key, token: &str, answer: &Value) -> Result<Requested, Failure> {
        self.gate.resume(token, answer).await?;
        self.records.remove(key).await?;
        Ok(Requested { waiting: false })
    }
}
