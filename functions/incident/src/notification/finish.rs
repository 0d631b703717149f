//! What follows from a review that has its answer, whoever gave it: counsel, or whoever closes what the facts do not bring any more.

use super::review::LegalReview;
use crate::fault::Failure;
use crate::ports::{Gate, Silencer};
use crate::records::{GateToken, Key, Records};

/// Tells the execution that waits which answer there is, and takes the review from what waits and what reminds. Without an answer it
/// does nothing; a repeat does what an earlier attempt has left.
///
/// # Errors
/// What the table, Step Functions or the scheduler answers.
pub async fn finish_review(
    records: &impl Records,
    gate: &impl Gate,
    silencer: &impl Silencer,
    review: &LegalReview,
) -> Result<(), Failure> {
    let LegalReview { incident, obligation, version, .. } = review;
    let Some(answer) = review.answer() else { return Ok(()) };
    let key = Key::gate_token(incident, obligation, *version);
    if let Some(GateToken { token }) = records.get(&key).await? {
        // `false`: the task has timed out, and asks again with a new token that goes through at once.
        gate.resume(&token, &answer).await?;
        records.remove(&key).await?;
    }
    records.remove(&Key::waiting(incident, obligation, *version)).await?;
    for (_, reminder) in review.reminders() {
        silencer.silence(&reminder.name()).await?;
    }
    Ok(())
}
