//! Handing one mail to the mail service, once: the claim is recorded before, the outcome after.

use super::addressee::{Addressee, AddresseeState};
use crate::fault::{Failure, Fault};
use crate::notification::draft::Draft;
use crate::ports::{Handover, Mail, Message, TAG_INCIDENT, TAG_OBLIGATION, TAG_PERSON};
use crate::records::{Key, Records, Write};
use jiff::Timestamp;

/// Sends one draft to many.
#[derive(Debug)]
pub struct Hand<'a, T, M> {
    /// The table.
    pub records: &'a T,
    /// The mail service.
    pub mail: &'a M,
    /// What is sent.
    pub draft: &'a Draft,
}

/// What became of one mail.
#[derive(Debug)]
pub enum Handed {
    /// The mail service took it.
    Sent,
    /// It refused it, and would refuse it again.
    Refused,
    /// It was begun before, by whichever run.
    Before,
    /// Nobody knows whether it went out.
    Unknown(Failure),
}

impl<T: Records, M: Mail> Hand<'_, T, M> {
    /// Sends to one address. `name` is that of the person in the table, `key` where its record lies.
    ///
    /// # Errors
    /// What the table answers, and what the mail service says of more than this mail: it was not sent, and may be tried again.
    pub async fn to(&self, key: &Key, name: &str, address: &str, now: Timestamp) -> Result<Handed, Failure> {
        let claim = Addressee::claimed(now);
        let (_, is_new) = self.records.create(key, &claim).await?;
        if !is_new {
            return Ok(Handed::Before);
        }
        let message = Message { tags: tags(self.draft, Some(name)), ..message(self.draft, address) };
        let (state, handed) = match self.mail.send(&message).await {
            Ok(Handover::Taken(reference)) => (AddresseeState::Sent { reference }, Handed::Sent),
            Ok(Handover::Refused(failure)) => match failure.fault() {
                Fault::Rejected => (AddresseeState::Refused { at: now }, Handed::Refused),
                Fault::Transient | Fault::NeedsOperator => {
                    // Nothing went out, so it may be tried again.
                    self.records.remove(key).await?;
                    return Err(failure);
                }
            },
            Err(failure) => return Ok(Handed::Unknown(failure)),
        };
        let outcome = Addressee { state, ..claim };
        // Where this is not the newest any more, a report of the mail service was faster, and says the same.
        self.records.commit(vec![Write::new(key.clone(), &outcome, Some(1))?]).await?;
        Ok(handed)
    }
}

impl Draft {
    /// The mail to a single recipient.
    pub fn message_to(&self, address: &str) -> Message {
        Message { tags: tags(self, None), ..message(self, address) }
    }
}

fn message(draft: &Draft, address: &str) -> Message {
    Message {
        to: address.to_owned(),
        subject: draft.subject.clone(),
        text: draft.text.clone(),
        html: draft.html.clone(),
        tags: Vec::new(),
    }
}

fn tags(draft: &Draft, name: Option<&str>) -> Vec<(&'static str, String)> {
    let mut tags = vec![(TAG_INCIDENT, draft.incident.to_string()), (TAG_OBLIGATION, draft.obligation.clone())];
    tags.extend(name.map(|name| (TAG_PERSON, name.to_owned())));
    tags
}
