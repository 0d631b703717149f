//! An event of SES as EventBridge brings it
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).

use incident::notification::delivery::{Report, ReportKind};
use incident::ports::{TAG_INCIDENT, TAG_OBLIGATION, TAG_PERSON};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What happened to a mail of Tocsin.
pub(crate) struct MailEvent {
    pub(crate) incident: IncidentId,
    pub(crate) obligation: String,
    /// The name of the person in the table, where it went to many.
    pub(crate) person: Option<String>,
    pub(crate) report: Report,
}

/// Whether an event is of use here.
pub(crate) enum Event {
    Ours(MailEvent),
    Another,
}

#[derive(Deserialize)]
struct Envelope {
    time: Option<Timestamp>,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
}

impl MailEvent {
    /// Reads an event. What cannot be read is said without its content, which holds addresses.
    pub(crate) fn read(body: &str, now: Timestamp) -> Result<Event, Failure> {
        let malformed = || Failure::rejected("a message in the queue is no event of SES");
        let envelope: Envelope = serde_json::from_str(body).map_err(|_| malformed())?;
        let Detail { event_type, mail, bounce } = envelope.detail;
        // An undetermined bounce may be a notice of absence: the mail was taken.
        let kind = match (event_type.as_str(), bounce.as_ref().map(|bounce| bounce.bounce_type.as_str())) {
            ("Delivery", _) => ReportKind::Delivered,
            ("Bounce", Some("Permanent" | "Transient")) => ReportKind::Bounced,
            ("Complaint", _) => ReportKind::Complained,
            ("Reject", _) => ReportKind::Rejected,
            _ => return Ok(Event::Another),
        };
        let tag = |name: &str| mail.tags.get(name).and_then(|values| values.first()).cloned();
        let (Some(incident), Some(obligation)) = (tag(TAG_INCIDENT), tag(TAG_OBLIGATION)) else {
            return Ok(Event::Another);
        };
        let incident = IncidentId::try_from(incident).map_err(|_| malformed())?;
        let person = tag(TAG_PERSON);
        let at = envelope.time.unwrap_or(now);
        Ok(Event::Ours(Self { incident, obligation, person, report: Report { kind, reference: mail.message_id, at } }))
    }
}
