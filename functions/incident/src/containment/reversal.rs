//! The wish of a named person to take one action back.

use super::Step;
use crate::Digest;
use crate::record::IncidentId;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

/// Who asked for a reversal, and why. Recorded whatever becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// Its name: 20 hexadecimal digits.
    pub id: String,
    /// The incident.
    pub incident: IncidentId,
    /// What is taken back.
    #[serde(flatten)]
    pub step: Step,
    /// Who asked, an ARN.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Reversal {
    /// The wish of `by` to take this step back. Two of the same within a minute are one; later it is a new attempt, since an
    /// earlier one may have been refused for something that was mended meanwhile.
    pub fn new(incident: IncidentId, step: Step, by: String, reason: String, at: Timestamp) -> Self {
        let minute = at.round(Unit::Minute).unwrap_or(at).to_string();
        let region = step.region.as_deref().unwrap_or_default();
        let pass = step.pass.to_string();
        let parts = [step.action.as_str(), &step.account, region, &step.target, &pass, &by, &reason, &minute];
        let id = Digest::of_parts(&parts).short(20);
        Self { id, incident, step, by, reason, at }
    }

    /// The name of its execution.
    pub fn execution(&self) -> String {
        format!("{}-reverse-{}", self.incident, self.id)
    }
}
