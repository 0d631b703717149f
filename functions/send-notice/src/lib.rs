//! Sends an approved notice, once: by mail to one recipient, or as the batches of a delivery to many people. What goes to an
//! authority's portal is only recorded as ready. What counsel approved for the public is put up first.

mod many;
mod publish;

use incident::notification::delivery::{self, Batch, Lists, Pace, Reports};
use incident::notification::{Approval, Delivery, DeliveryState, Draft, Duty, LegalReview, PublicSite, Rules, held_by};
use incident::organisation::{Recipient, Way};
use incident::ports::{Handover, Mail, Settings};
use incident::records::{Key, Listing, Records};
use incident::{Digest, Failure, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// Sends.
pub struct Sender<T, S, M, L, P> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Sends mail.
    pub mail: M,
    /// Holds the lists of people.
    pub lists: L,
    /// The public pages.
    pub site: P,
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
    /// When it went out, or its delivery to many people began; `None` while it is held.
    sent_at: Option<Timestamp>,
    reference: Option<String>,
    /// Why the page that counsel approved is not public; `None` where it is, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    unpublished: Option<String>,
    /// What is left to do.
    #[serde(flatten)]
    next: Next,
}

/// What follows.
#[derive(Debug, Serialize)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum Next {
    /// Nothing: it was sent.
    Nothing,
    /// It waits for these duties, and is asked for again.
    Held {
        /// Their identifiers.
        by: Vec<String>,
    },
    /// Each of these batches is delivered.
    Batches {
        /// The batches.
        batches: Vec<Batch>,
        /// How fast.
        pace: Pace,
    },
    /// A person hands it in.
    Submission {
        /// Where.
        portal: String,
    },
}

impl<T: Records, S: Settings, M: Mail, L: Lists, P: PublicSite> Sender<T, S, M, L, P> {
    /// Sends the text that counsel approved. A repeat sends nothing; a send whose outcome is unknown is never repeated.
    ///
    /// # Errors
    /// `Rejected` without an approval of exactly this text; `NeedsOperator` where nobody knows whether it went out.
    pub async fn send(&self, task: SendTask, now: Timestamp) -> Result<Sent, Failure> {
        let SendTask { incident, obligation, version, digest } = task;
        let draft: Draft =
            self.records.require(&Key::draft(&incident, &obligation, version), "draft of this version").await?;
        let holding = self.holding(&draft, now).await?;
        if !holding.is_empty() {
            let next = Next::Held { by: holding };
            return Ok(Sent { incident, obligation, sent_at: None, reference: None, unpublished: None, next });
        }
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
        // The people are told even where the public cannot be.
        let unpublished = match self.publish(&approval, &draft, organisation.public_pages.as_ref(), now).await {
            Ok(()) => None,
            Err(failure) => Some(publish::note(&incident, &failure)),
        };
        let (delivery, next) = match recipient.way()? {
            Way::Mail(address) => {
                let sent = self.hand_over(approval, &draft, recipient, address, now).await?;
                delivery::settle(&self.records, &self.settings, &self.rules, &sent, now).await?;
                (sent, Next::Nothing)
            }
            Way::List { bucket, key } => {
                let list = many::ApprovedList { bucket, key, support_desk: organisation.support_desk.as_deref() };
                self.begin(approval, &draft, recipient, list, now).await?
            }
            Way::Portal(portal) => {
                let claim = claim(&approval, &draft, recipient, DeliveryState::AwaitingSubmission, now);
                drop(approval);
                let (kept, _) = self.records.create(&Key::delivery(&draft.incident, &draft.obligation), &claim).await?;
                let next = match kept.state {
                    DeliveryState::Sent => Next::Nothing,
                    DeliveryState::Sending | DeliveryState::AwaitingSubmission => {
                        Next::Submission { portal: portal.to_owned() }
                    }
                };
                (kept, next)
            }
        };
        let (sent_at, reference) = (Some(delivery.sent_at), delivery.reference);
        Ok(Sent { incident, obligation, sent_at, reference, unpublished, next })
    }

    /// The duties that hold an approved notice back. A delivery that has begun goes on.
    async fn holding(&self, draft: &Draft, now: Timestamp) -> Result<Vec<String>, Failure> {
        let Draft { incident, obligation, .. } = draft;
        if self.records.get::<Delivery>(&Key::delivery(incident, obligation)).await?.is_some() {
            return Ok(Vec::new());
        }
        let duties: Vec<Duty> = self.records.list(&Listing::of_incident(incident, "OBLIGATION#")).await?;
        let Some(own) = duties.iter().find(|duty| duty.obligation.id == *obligation) else { return Ok(Vec::new()) };
        let mut reviews: Vec<LegalReview> = Vec::new();
        for other in &own.obligation.together_with {
            reviews.extend(self.records.list(&Listing::of_incident(incident, format!("REVIEW#{other}#"))).await?);
        }
        Ok(held_by(own, &duties, &reviews, now).into_iter().map(str::to_owned).collect())
    }

    /// Gives up the approval for one delivery. The claim is recorded before the mail service is called.
    async fn hand_over(
        &self,
        approval: Approval,
        draft: &Draft,
        recipient: &Recipient,
        address: &str,
        now: Timestamp,
    ) -> Result<Delivery, Failure> {
        let key = Key::delivery(&draft.incident, &draft.obligation);
        let claim = claim(&approval, draft, recipient, DeliveryState::Sending, now);
        drop(approval);
        let (kept, is_new) = self.records.create(&key, &claim).await?;
        if !is_new {
            return match kept.state {
                DeliveryState::Sent => Ok(kept),
                DeliveryState::Sending | DeliveryState::AwaitingSubmission => Err(Failure::needs_operator(
                    "a send was begun and its outcome is unknown: look into the mail service before it is sent again",
                )),
            };
        }
        let outcome = self.mail.send(&draft.message_to(address)).await;
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
}

fn claim(approval: &Approval, draft: &Draft, recipient: &Recipient, state: DeliveryState, now: Timestamp) -> Delivery {
    Delivery {
        incident: draft.incident.clone(),
        obligation: draft.obligation.clone(),
        version: draft.version,
        digest: approval.digest().clone(),
        recipient: recipient.name.clone(),
        approved_by: approval.reviewer().to_owned(),
        approved_at: approval.decided_at(),
        state,
        sent_at: now,
        reference: None,
        reports: Reports::default(),
        many: None,
        submitted_by: None,
    }
}
