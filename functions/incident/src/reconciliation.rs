//! What the event bus lost: how far the services' own lists have been read, and which of their findings intake lacks.

use crate::finding::Finding;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far before the last complete sweep the next one begins. A service may list an update later than it dates it.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(15);

/// How far one list (a source in a region) has been read. Each part only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// Every update up to here was sent or known, as far as the service listed it by then.
    pub swept_to: Timestamp,
    /// A sweep that stopped before its end; the next run goes on with it.
    pub sweep: Option<Sweep>,
}

/// One way through a list, oldest update first. It may take several runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// When it began. What is updated later belongs to the next sweep.
    pub started_at: Timestamp,
    /// The last update of the last page that was sent whole.
    pub reached: Timestamp,
}

impl Watermark {
    /// Where a list begins that was never read: everything updated after `from` is to be read.
    pub fn starting_at(from: Timestamp) -> Self {
        Self { swept_to: from, sweep: None }
    }

    /// The sweep to go on with, or a new one. It lists what was updated at [`Sweep::reached`] or later.
    pub fn sweep(&self, now: Timestamp) -> Sweep {
        let from = self.swept_to.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN);
        self.sweep.unwrap_or(Sweep { started_at: now, reached: from })
    }

    /// Notes how far `sweep` came, after every finding up to there was sent. The end of a sweep counts up to its start
    /// at most: what was updated while it ran may have been listed behind it.
    pub fn advance(&mut self, sweep: Sweep, is_end: bool) {
        match self.sweep {
            // Another run is on a sweep of its own: what it noted stays.
            Some(other) if other.started_at != sweep.started_at => {}
            kept if is_end => {
                let reached = kept.map_or(sweep.reached, |kept| kept.reached.max(sweep.reached));
                self.swept_to = self.swept_to.max(reached.min(sweep.started_at));
                self.sweep = None;
            }
            kept => {
                let reached = kept.map_or(sweep.reached, |kept| kept.reached.max(sweep.reached));
                self.sweep = Some(Sweep { reached, ..sweep });
            }
        }
    }
}

impl Sweep {
    /// Takes in a page that was sent whole, by the times at which its findings were updated.
    pub fn pass(&mut self, updates: impl IntoIterator<Item = Timestamp>) {
        self.reached = updates.into_iter().fold(self.reached, Timestamp::max);
    }
}

/// What a listed finding is to intake, in the order in which it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Intake has it, as it is or newer.
    Known,
    /// Intake lacks it, but it is so young that its event may be on the way.
    Young,
    /// Intake has an older version. Not every update is an event at once: GuardDuty sends them every 6 hours by default
    /// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html>).
    Outdated,
    /// Intake should have it and does not: its event was lost.
    Missed,
}

impl Standing {
    /// Compares a listed finding with what intake recorded of it. `is_young`: the service made it only just now.
    pub fn of(listed: &Finding, recorded: Option<&Finding>, is_young: bool) -> Self {
        match recorded {
            None if is_young => Self::Young,
            None => Self::Missed,
            // A time is later than none.
            Some(recorded) if recorded.version() < listed.version() => Self::Outdated,
            Some(_) => Self::Known,
        }
    }

    /// Whether the finding is sent to intake.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Outdated | Self::Missed)
    }
}
