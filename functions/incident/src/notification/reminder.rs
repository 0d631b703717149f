//! When counsel is reminded of a draft that waits.

use super::review::LegalReview;
use crate::Digest;
use crate::record::IncidentId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The shares of the time between the request and the deadline, in percent, after which counsel is reminded.
const SHARES: [u8; 3] = [50, 75, 90];

/// A reminder of one review. It decides nothing, and neither does its absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// How much of the time to the deadline has gone by, in percent.
    pub percent: u8,
}

impl Reminder {
    /// A name of its own among all reminders, at most 64 characters of `A-Z a-z 0-9 _ . -`.
    pub fn name(&self) -> String {
        let review = Digest::of_parts(&[&self.obligation, &self.version.to_string()]);
        format!("{}-{}-{}", self.incident, review.short(16), self.percent)
    }

    /// Whether those who stand behind the operator hear of it as well.
    pub fn escalates(&self) -> bool {
        self.percent > SHARES[0]
    }
}

impl LegalReview {
    /// Every reminder of this review with its time; none without a deadline, or where that had passed when it was asked for.
    pub fn reminders(&self) -> Vec<(Timestamp, Reminder)> {
        let Some(due) = self.due_at.filter(|due| *due > self.requested_at) else { return Vec::new() };
        let left = due.duration_since(self.requested_at).as_secs();
        let reminder = |percent: u8| {
            let after = SignedDuration::from_secs(left.saturating_mul(percent.into()) / 100);
            let (incident, obligation) = (self.incident.clone(), self.obligation.clone());
            (self.requested_at + after, Reminder { incident, obligation, version: self.version, percent })
        };
        SHARES.map(reminder).into()
    }
}
