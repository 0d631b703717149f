//! How things stand, as a word with a sign: never by colour alone.

use incident::containment::ActionState;
use incident::finding::SeverityLabel;
use incident::notification::{DutyState, Verdict};

/// A word about a state, and how it is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The word.
    pub word: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// How a state is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Somebody has to do something.
    Alarm,
    /// It is under way or waits.
    Open,
    /// It is as it should be.
    Good,
    /// It is over, or needs nothing.
    Quiet,
}

impl Tone {
    /// Its name in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Open => "open",
            Self::Good => "good",
            Self::Quiet => "quiet",
        }
    }

    /// Its sign, which is read without colour.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Alarm => "▲",
            Self::Open => "◆",
            Self::Good => "✓",
            Self::Quiet => "○",
        }
    }
}

impl Badge {
    /// This word in this tone.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { word: word.into(), tone }
    }

    /// Where an action stands.
    pub fn of_action(state: ActionState) -> Self {
        let (tone, word) = match state {
            ActionState::Started => (Tone::Open, "started, no effect seen yet"),
            ActionState::Contained => (Tone::Good, "contained"),
            ActionState::Failed => (Tone::Alarm, "failed"),
            ActionState::Reversed => (Tone::Quiet, "reversed"),
            ActionState::Withheld => (Tone::Alarm, "waits for a person"),
            ActionState::Released => (Tone::Quiet, "released"),
            ActionState::Declined => (Tone::Quiet, "declined"),
        };
        Self::new(tone, word)
    }

    /// Where a duty stands.
    pub fn of_duty(state: DutyState) -> Self {
        let (tone, word) = match state {
            DutyState::Open => (Tone::Open, "open"),
            DutyState::NotTurnedOn => (Tone::Alarm, "not turned on"),
            DutyState::Sent => (Tone::Good, "sent"),
            DutyState::Withheld => (Tone::Quiet, "withheld"),
            DutyState::NotNotifiable => (Tone::Quiet, "not notifiable"),
            DutyState::Obsolete => (Tone::Quiet, "no longer owed"),
        };
        Self::new(tone, word)
    }

    /// What was decided.
    pub fn of_verdict(verdict: Verdict) -> Self {
        let (tone, word) = match verdict {
            Verdict::Approved => (Tone::Good, "approved"),
            Verdict::Rejected => (Tone::Quiet, "rejected"),
            Verdict::ChangesRequested => (Tone::Open, "changes requested"),
            Verdict::NotNotifiable => (Tone::Quiet, "not notifiable"),
            Verdict::Withdrawn => (Tone::Open, "approval withdrawn"),
        };
        Self::new(tone, word)
    }

    /// How bad something is, with its score.
    pub fn of_severity(severity: &incident::Severity) -> Self {
        let (tone, word) = match severity.label {
            SeverityLabel::Critical => (Tone::Alarm, "critical"),
            SeverityLabel::High => (Tone::Alarm, "high"),
            SeverityLabel::Medium => (Tone::Open, "medium"),
            SeverityLabel::Low => (Tone::Quiet, "low"),
            SeverityLabel::Informational => (Tone::Quiet, "informational"),
        };
        Self::new(tone, format!("{word} {}", severity.score))
    }
}
