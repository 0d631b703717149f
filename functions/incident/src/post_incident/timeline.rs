//! What happened in which order, and how long it took.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The phase of the response that it belongs to.
    pub phase: Phase,
    /// What, in words.
    pub what: String,
    /// Who: an ARN, a source of findings, or `tocsin`.
    pub who: String,
}

/// The phases of a response, after NIST SP 800-61 Rev. 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is the phase of its name")]
pub enum Phase {
    Detection,
    Containment,
    Evidence,
    Notification,
    PostIncident,
}

impl Phase {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Detection => "Detection",
            Self::Containment => "Containment",
            Self::Evidence => "Evidence",
            Self::Notification => "Notification",
            Self::PostIncident => "Post-incident",
        }
    }
}

/// The events in order of time; of the same moment, in order of phase. Each once.
pub(crate) fn in_order(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    events.sort();
    events.dedup();
    events
}

/// A duration as people say it: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub fn spoken(duration: SignedDuration) -> String {
    let sign = if duration.is_negative() { "−" } else { "" };
    let whole = duration.unsigned_abs();
    let seconds = whole.as_secs();
    let text = match seconds {
        0 => format!("{} ms", whole.subsec_millis()),
        1..=59 => format!("{}.{} s", seconds, whole.subsec_millis() / 100),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    };
    format!("{sign}{text}")
}
