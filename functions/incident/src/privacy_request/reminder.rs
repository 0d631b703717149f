//! When the privacy team is reminded of a request that waits.

use super::{PrivacyRequest, Standing};
use jiff::Timestamp;
use serde::Serialize;

/// How much of the time has gone by when people are reminded, in percent.
pub const PERCENTS: [u8; 2] = [75, 100];

/// What is due to be said now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// How much of the time is over, in percent.
    pub percent: u8,
}

/// What the state machine does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Reminded {
    /// It asks again at this time.
    Waits {
        /// When.
        until: Timestamp,
    },
    /// The request is settled.
    Settled,
    /// Its time is over and people know: the rest is theirs.
    Overdue,
}

impl PrivacyRequest {
    /// The time at which so much of the time to answer has gone by, in whole seconds: a state machine waits until then.
    fn when(&self, percent: u8) -> Timestamp {
        let (from, to) = (self.received_at.as_second(), self.due_at().as_second());
        let share = (to - from).saturating_mul(i64::from(percent)) / 100;
        Timestamp::from_second(from.saturating_add(share)).unwrap_or_else(|_| self.due_at())
    }

    /// A reminder by the share of the time and what that is a share of: an extension brings reminders of its own.
    fn name_of(&self, percent: u8) -> String {
        format!("{percent}@{}", self.due_at())
    }

    /// What has to be said now. Where several are due, the last says it all.
    pub fn reminder_due(&self, now: Timestamp) -> Option<Due> {
        let is_due = |percent: &u8| now >= self.when(*percent);
        let percent = PERCENTS.into_iter().rfind(is_due)?;
        let is_said = self.reminded.contains_key(&self.name_of(percent));
        (self.standing() == Standing::Open && !is_said).then_some(Due { percent })
    }

    /// Records that it was said.
    pub(super) fn remember(&mut self, due: Due, now: Timestamp) {
        let said = self.name_of(due.percent);
        self.reminded.entry(said).or_insert(now);
    }

    /// What comes next.
    pub fn next_reminder(&self, now: Timestamp) -> Reminded {
        if self.standing() != Standing::Open {
            return Reminded::Settled;
        }
        let later = PERCENTS.into_iter().map(|percent| self.when(percent)).find(|at| *at > now);
        later.map_or(Reminded::Overdue, |until| Reminded::Waits { until })
    }
}
