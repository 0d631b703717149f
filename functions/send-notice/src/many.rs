//! The begin of a delivery to many people: the list is still the one that was approved, and the account may send that much.

use crate::{Next, Sender, claim};
use incident::notification::delivery::{Batch, Hand, Handed, ListVersion, Lists, ManyPeople, Names, read_list};
use incident::notification::{Approval, Delivery, DeliveryState, Draft};
use incident::organisation::Recipient;
use incident::ports::{Mail, Settings};
use incident::records::{Key, Records};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::{Level, count, log};

/// People of one batch, unless that makes more batches than an execution's input has room for.
const BATCH: u64 = 500;
const MOST_BATCHES: u64 = 1000;
/// With lines that must not be in any batch between them, there may be more.
const ROOM_FOR_BATCHES: usize = 4000;
/// The name of the support desk's copy among the people.
const SUPPORT_DESK: &str = "support-desk";

/// What the settings say now.
pub(crate) struct ApprovedList<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) support_desk: Option<&'a str>,
}

impl<T: Records, S: Settings, M: Mail, L: Lists, P> Sender<T, S, M, L, P> {
    /// Gives up the approval for a delivery to these people. A repeat answers with the same batches: who was written to is recorded of
    /// each person.
    pub(crate) async fn begin(
        &self,
        approval: Approval,
        draft: &Draft,
        recipient: &Recipient,
        named: ApprovedList<'_>,
        now: Timestamp,
    ) -> Result<(Delivery, Next), Failure> {
        let Some(audience) = &draft.audience else {
            return Err(Failure::rejected(
                "the notice was approved for one recipient, and the settings now name a list",
            ));
        };
        let key = Key::delivery(&draft.incident, &draft.obligation);
        let before: Option<Delivery> = self.records.get(&key).await?;
        // Once it has begun, it goes on with the version that was approved, whatever lies there now.
        if before.is_none() {
            let newest = self.lists.newest(named.key).await?;
            self.unchanged(&audience.list, &named, newest.as_ref())?;
        }
        let batch_lines = BATCH.max(audience.by_mail.div_ceil(MOST_BATCHES));
        let checked = read_list(&self.lists, &audience.list, batch_lines, async |_| Ok(())).await?;
        if checked.audience != *audience {
            return Err(Failure::needs_operator("the list is not the one that was approved"));
        }
        if checked.batches.len() > ROOM_FOR_BATCHES {
            return Err(Failure::needs_operator(
                "too many people stand twice on the list, with and without a breached mailbox",
            ));
        }
        let delivery = match before {
            Some(delivery) => delivery,
            None => {
                let quota = self.mail.quota().await?;
                if quota.left_today.is_some_and(|left| left < audience.by_mail) {
                    let left = quota.left_today.unwrap_or_default();
                    let reason = format!(
                        "the account may send {left} more mails today, and the list needs {}",
                        audience.by_mail
                    );
                    return Err(Failure::needs_operator(reason));
                }
                self.lists.keep_secret(&Names::secret_key(&draft.incident, &draft.obligation)).await?;
                let pace = quota.pace();
                let many = ManyPeople { audience: audience.clone(), format: checked.format, pace, tally: None };
                let new =
                    Delivery { many: Some(many), ..claim(&approval, draft, recipient, DeliveryState::Sending, now) };
                self.records.create(&key, &new).await?.0
            }
        };
        drop(approval);
        if delivery.digest != draft.digest {
            return Err(Failure::needs_operator("another text of this notice is being delivered"));
        }
        if let Some(address) = named.support_desk {
            self.copy_to_support_desk(draft, address, now).await?;
        }
        let next = next(&delivery, checked.batches)?;
        Ok((delivery, next))
    }

    /// Whether what lies there now is what was approved.
    fn unchanged(
        &self,
        approved: &ListVersion,
        named: &ApprovedList<'_>,
        newest: Option<&ListVersion>,
    ) -> Result<(), Failure> {
        if named.bucket == self.lists.bucket() && newest == Some(approved) {
            return Ok(());
        }
        Err(Failure::needs_operator(
            "the list was changed after it was approved, and nobody was written to: take the newer version away, or have a new draft approved",
        ))
    }

    /// Those who answer customers read it first. That they cannot be reached holds up nobody.
    async fn copy_to_support_desk(&self, draft: &Draft, address: &str, now: Timestamp) -> Result<(), Failure> {
        let key = Key::addressee(&draft.incident, &draft.obligation, SUPPORT_DESK);
        let hand = Hand { records: &self.records, mail: &self.mail, draft };
        match hand.to(&key, SUPPORT_DESK, address, now).await {
            Ok(Handed::Sent | Handed::Before) => {}
            Ok(Handed::Refused | Handed::Unknown(_)) | Err(_) => note_support_desk(&draft.incident),
        }
        Ok(())
    }
}

fn note_support_desk(incident: &IncidentId) {
    count("SupportDeskNotTold", 1);
    log(Level::Error, "the support desk may have got no copy of the notice", &[("incident.id", incident.as_str())]);
}

fn next(delivery: &Delivery, batches: Vec<Batch>) -> Result<Next, Failure> {
    match (delivery.state, &delivery.many) {
        (DeliveryState::Sent, _) => Ok(Next::Nothing),
        (DeliveryState::Sending, Some(many)) => Ok(Next::Batches { batches, pace: many.pace }),
        (DeliveryState::Sending, None) | (DeliveryState::AwaitingSubmission, _) => {
            Err(Failure::needs_operator("this notice was begun another way: look into its delivery first"))
        }
    }
}
