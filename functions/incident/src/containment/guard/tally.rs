//! How many actions ran without a person in the last hour.

use crate::containment::Step;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What was planned without a person, in one record: two planners at once count one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By the step's token: a plan that is made again counts its steps once.
    steps: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    account: String,
    at: Timestamp,
}

/// The tally as a plan needs it: what others planned within the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    hour: usize,
    accounts: BTreeMap<String, usize>,
}

impl Tally {
    /// What was planned in the hour before `now`, apart from what `is_own` says is this plan's.
    pub fn before(&self, now: Timestamp, is_own: impl Fn(&str) -> bool) -> Window {
        let mut window = Window::default();
        let recent = self.steps.iter().filter(|(_, entry)| now.duration_since(entry.at) < HOUR);
        for (_, entry) in recent.filter(|(token, _)| !is_own(token)) {
            window.add(&entry.account);
        }
        window
    }

    /// Counts these steps (token and step), and forgets what is older than an hour.
    pub fn count<'a>(&mut self, steps: impl Iterator<Item = (String, &'a Step)>, now: Timestamp) {
        self.steps.retain(|_, entry| now.duration_since(entry.at) < HOUR);
        for (token, step) in steps {
            self.steps.entry(token).or_insert_with(|| Entry { account: step.account.clone(), at: now });
        }
    }
}

impl Window {
    /// One action more, in this account.
    pub fn add(&mut self, account: &str) {
        self.hour += 1;
        *self.accounts.entry(account.to_owned()).or_default() += 1;
    }

    /// How many within the hour, everywhere and in this account.
    pub fn counts(&self, account: &str) -> (usize, usize) {
        (self.hour, self.accounts.get(account).copied().unwrap_or_default())
    }
}
