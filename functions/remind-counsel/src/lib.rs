//! Reminds people of a notice that waits for counsel. A reminder decides nothing, and sends nothing but itself.

use incident::notification::{LegalReview, Reminder};
use incident::ports::Pager;
use incident::records::{Key, Records, SentReminder};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::Serialize;

/// Reminds.
pub struct Reminding<T, P> {
    /// The table.
    pub records: T,
    /// Reaches the operator, who knows where counsel is.
    pub pager: P,
    /// Reaches those who are asked when the operator does not answer.
    pub escalation: P,
}

/// Whether this call has reminded anybody.
#[derive(Debug, Serialize)]
pub struct Reminded {
    incident: IncidentId,
    sent: bool,
}

impl<T: Records, P: Pager> Reminding<T, P> {
    /// Reminds, unless counsel has decided or the duty has ended. The record is written first and marked after: a repeat after a
    /// failure reminds again, a repeat after success does not.
    ///
    /// # Errors
    /// What the table or the pager answers.
    pub async fn remind(&self, reminder: Reminder, now: Timestamp) -> Result<Reminded, Failure> {
        let Reminder { incident, obligation, version, percent } = &reminder;
        let review: Option<LegalReview> = self.records.get(&Key::review(incident, obligation, *version)).await?;
        let Some(review) = review.filter(|review| review.answer().is_none()) else {
            return Ok(Reminded { incident: reminder.incident, sent: false });
        };
        let key = Key::reminder(incident, obligation, *version, *percent);
        let sent = SentReminder {
            incident: incident.clone(),
            obligation: obligation.clone(),
            version: *version,
            percent: *percent,
            at: now,
            sent_at: None,
        };
        let (kept, _) = self.records.create(&key, &sent).await?;
        if kept.sent_at.is_some() {
            return Ok(Reminded { incident: reminder.incident, sent: false });
        }
        let subject = format!("Tocsin: a notice waits for counsel, {percent} % of the time is over");
        let text = text_of(&reminder, &review);
        if reminder.escalates() {
            self.escalation.tell(&subject, &text).await?;
        }
        self.pager.tell(&subject, &text).await?;
        count("CounselReminded", 1);
        self.records
            .update(&key, |sent: &mut SentReminder| {
                sent.sent_at = Some(now);
                Ok(())
            })
            .await?;
        Ok(Reminded { incident: reminder.incident, sent: true })
    }
}

fn text_of(reminder: &Reminder, review: &LegalReview) -> String {
    let Reminder { incident, obligation, version, percent } = reminder;
    let due = review.due_at.map_or_else(|| "without a fixed date".to_owned(), |due| due.to_string());
    let who = match (&review.first, review.four_eyes) {
        (Some(first), _) => format!("{} has agreed; the second reviewer is missing", first.reviewer),
        (None, true) => "two reviewers have to agree, and none has".to_owned(),
        (None, false) => "nobody has decided".to_owned(),
    };
    format!(
        "Incident {incident}: the notice under {obligation}, version {version}, waits for counsel.\n\nDue: {due}; {percent} % of the \
         time since {} is over.\nStands: {who}.\n\nNothing is sent until counsel has approved it.\nNext: tocsin decide {incident} \
         {obligation} --show\n",
        review.requested_at
    )
}
