//! What is recorded of one person: that a mail was begun, what the mail service said, and what it reported later. Never the address.

use super::line::Person;
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One person of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Where the mail stands.
    pub state: AddresseeState,
    /// When it was begun.
    pub claimed_at: Timestamp,
    /// What was reported since.
    #[serde(default)]
    pub reports: Reports,
}

/// What the mail service reported of one mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// When the recipient's mail server took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it came back, for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounced_at: Option<Timestamp>,
    /// When its recipient complained about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complained_at: Option<Timestamp>,
}

impl Reports {
    /// Records a report; answers whether it said something new. Reports may come twice and in any order: the earliest time of each
    /// kind stays.
    pub fn take(&mut self, report: &Report) -> bool {
        let known = match report.kind {
            ReportKind::Delivered => &mut self.delivered_at,
            ReportKind::Bounced | ReportKind::Rejected => &mut self.bounced_at,
            ReportKind::Complained => &mut self.complained_at,
        };
        let is_new = known.is_none();
        *known = Some(known.map_or(report.at, |at| at.min(report.at)));
        is_new
    }
}

/// Where a mail to one person stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum AddresseeState {
    /// It was begun, and no answer was recorded: it may have gone out. Nothing sends it again by itself.
    Claimed,
    /// The mail service took it.
    Sent {
        /// The identifier that the mail service gave.
        reference: String,
    },
    /// The mail service refused it: nothing went out.
    Refused {
        /// When.
        at: Timestamp,
    },
}

/// What the mail service reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub kind: ReportKind,
    /// To which mail.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// The events that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The recipient's mail server took it.
    Delivered,
    /// It came back for good, or was held back because it did before.
    Bounced,
    /// The recipient complained.
    Complained,
    /// SES held it back, such as for a virus.
    Rejected,
}

impl Addressee {
    /// A mail that is about to be handed to the mail service.
    pub fn claimed(now: Timestamp) -> Self {
        Self { state: AddresseeState::Claimed, claimed_at: now, reports: Reports::default() }
    }

    /// Records a report; answers whether it said something new. What is reported of a mail proves that it went out, also where its
    /// answer was lost.
    pub fn take(&mut self, report: &Report) -> bool {
        if self.state == AddresseeState::Claimed {
            self.state = AddresseeState::Sent { reference: report.reference.clone() };
        }
        self.reports.take(report)
    }

    /// Whether a letter is needed: no mail reached the person.
    pub fn needs_post(&self) -> bool {
        let is_refused = match self.state {
            AddresseeState::Refused { .. } => true,
            AddresseeState::Claimed | AddresseeState::Sent { .. } => false,
        };
        is_refused || self.reports.bounced_at.is_some()
    }
}

/// Names the people of one delivery in the table: by a digest under a secret that lies in another place, so that the table alone tells
/// nobody who was written to. 160 bits are kept, too few to compute a digest of something longer from them.
#[derive(Debug)]
pub struct Names {
    secret: String,
}

impl Names {
    /// Under this secret.
    pub fn new(secret: &[u8]) -> Self {
        Self { secret: secret.iter().map(|byte| format!("{byte:02x}")).collect() }
    }

    /// Where the secret of a delivery lies, in the bucket of lists.
    pub fn secret_key(incident: &IncidentId, obligation: &str) -> String {
        format!("secrets/{incident}/{obligation}")
    }

    /// The name of a person.
    pub fn of(&self, person: &Person) -> String {
        let [kind, first, second] = person.identity();
        Digest::of_parts(&[&self.secret, kind, first, second]).short(40)
    }
}
