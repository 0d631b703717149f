//! Sends an approved notice, once.

use incident::notification::facts::AUTHOR;
use incident::notification::{Approval, Delivery, DeliveryState, Draft, Duty, DutyState, Facts, LegalReview, Rules};
use incident::organisation::Recipient;
use incident::ports::{Handover, Mail, Message, Settings};
use incident::records::{Key, Listing, Records};
use incident::{Digest, Failure, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Sends.
pub struct Sender<T, S, M> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Sends mail.
    pub mail: M,
    /// The rules of law: a notice that is sent starts the clock of others.
    pub rules: Rules,
}

/// Which text.
#[derive(Debug, Deserialize)]
pub struct SendTask {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the text.
    pub digest: Digest,
}

/// What was sent.
#[derive(Debug, Serialize)]
pub struct Sent {
    incident: IncidentId,
    obligation: String,
    sent_at: Timestamp,
    reference: Option<String>,
}

impl<T: Records, S: Settings, M: Mail> Sender<T, S, M> {
    /// Sends the text that counsel approved. A repeat sends nothing; a send whose outcome is unknown is never repeated.
    ///
    /// # Errors
    /// `Rejected` without an approval of exactly this text; `NeedsOperator` where nobody knows whether it went out.
    pub async fn send(&self, task: SendTask, now: Timestamp) -> Result<Sent, Failure> {
        let SendTask { incident, obligation, version, digest } = task;
        let draft: Draft =
            self.records.require(&Key::draft(&incident, &obligation, version), "draft of this version").await?;
        let review = Key::review(&incident, &obligation, version);
        self.records.require::<LegalReview>(&review, "review of this version").await?;
        // From this write on nothing can be withdrawn: of a withdrawal and a send at the same time, one comes first.
        let released = RefCell::new(None);
        let release = |review: &mut LegalReview| {
            let approval = review.release(&draft, now);
            let refused = |error| Failure::rejected("the text is not approved").because(error);
            released.replace(Some(approval.map_err(refused)?));
            Ok(())
        };
        self.records.update(&review, release).await?;
        let approval = released.into_inner().ok_or_else(|| Failure::rejected("the text is not approved"))?;
        if *approval.digest() != digest {
            return Err(Failure::rejected("the text to send is not the one that was approved"));
        }
        let organisation = organisation::load(&self.settings).await?;
        let recipient = organisation.recipients.get(&obligation).ok_or_else(|| {
            Failure::needs_operator(format!("`recipients.{obligation}` is missing in `{}`", organisation::PATH))
        })?;
        let delivery = self.hand_over(approval, &draft, recipient, now).await?;
        self.settle(&delivery, now).await?;
        Ok(Sent { incident, obligation, sent_at: delivery.sent_at, reference: delivery.reference })
    }

    /// Gives up the approval for one delivery. The claim is recorded before the mail service is called.
    async fn hand_over(
        &self,
        approval: Approval,
        draft: &Draft,
        recipient: &Recipient,
        now: Timestamp,
    ) -> Result<Delivery, Failure> {
        let key = Key::delivery(&draft.incident, &draft.obligation);
        let claim = Delivery {
            incident: draft.incident.clone(),
            obligation: draft.obligation.clone(),
            version: draft.version,
            digest: approval.digest().clone(),
            recipient: recipient.name.clone(),
            approved_by: approval.reviewer().to_owned(),
            approved_at: approval.decided_at(),
            state: DeliveryState::Sending,
            sent_at: now,
            reference: None,
        };
        drop(approval);
        let (kept, is_new) = self.records.create(&key, &claim).await?;
        if !is_new {
            return match kept.state {
                DeliveryState::Sent => Ok(kept),
                DeliveryState::Sending => Err(Failure::needs_operator(
                    "a send was begun and its outcome is unknown: look into the mail service before it is sent again",
                )),
            };
        }
        let message = Message {
            to: recipient.email.clone(),
            subject: draft.subject.clone(),
            text: draft.text.clone(),
            html: draft.html.clone(),
        };
        let outcome = self.mail.send(&message).await;
        let reference = match outcome {
            Ok(Handover::Taken(reference)) => reference,
            Ok(Handover::Refused(failure)) => {
                // Nothing went out, so a retry may try again.
                self.records.remove(&key).await?;
                return Err(failure);
            }
            Err(failure) => {
                return Err(Failure::needs_operator("the mail service did not say whether the notice went out")
                    .because(failure));
            }
        };
        count("NoticesSent", 1);
        let change = |delivery: &mut Delivery| {
            delivery.state = DeliveryState::Sent;
            delivery.reference = Some(reference.clone());
            Ok(())
        };
        let recorded = self.records.update(&key, change).await;
        recorded
            .map_err(|error| Failure::needs_operator("the notice went out and could not be recorded").because(error))
    }

    /// Marks the duty as done, and starts the clocks that run from this notice.
    async fn settle(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Failure> {
        let change = |duty: &mut Duty| {
            duty.state = DutyState::Sent;
            duty.changed_at = delivery.sent_at;
            Ok(())
        };
        self.records.update(&Key::obligation(&delivery.incident, &delivery.obligation), change).await?;
        let duties: Vec<Duty> = self.records.list(&Listing::of_incident(&delivery.incident, "OBLIGATION#")).await?;
        let starts = |duty: &&Duty| duty.obligation.after.as_deref() == Some(&delivery.obligation);
        let clocks: BTreeMap<String, _> = duties
            .iter()
            .filter(starts)
            .map(|duty| (format!("t.{}", duty.obligation.clock), delivery.sent_at.to_string().into()))
            .collect();
        let facts: Vec<Facts> = self.records.list(&Listing::of_incident(&delivery.incident, "FACTS#")).await?;
        let Some(last) = facts.last().filter(|_| !clocks.is_empty()) else { return Ok(()) };
        let facts = if clocks.iter().all(|(clock, value)| last.known(clock) == Some(value)) {
            last.clone()
        } else {
            let reason = format!("the notice under {} was sent", delivery.obligation);
            let next = last.amend(clocks, AUTHOR, &reason, now);
            let next = next.map_err(|error| Failure::needs_operator("a clock cannot be started").because(error))?;
            self.records.create(&Key::facts(&delivery.incident, next.version()), &next).await?.0
        };
        for assessed in self.rules.assess(&facts).obligations {
            if !duties.iter().filter(starts).any(|duty| duty.obligation.id == assessed.id) {
                continue;
            }
            let change = |duty: &mut Duty| {
                duty.obligation.clone_from(&assessed);
                duty.facts_version = facts.version();
                Ok(())
            };
            self.records.update(&Key::obligation(&delivery.incident, &assessed.id), change).await?;
        }
        Ok(())
    }
}
