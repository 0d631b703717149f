//! Where a delivery to many people stands.

use super::addressee::{Addressee, AddresseeState};
use super::line::{Format, Person};
use super::list::Audience;
use super::pace::Pace;
use serde::{Deserialize, Serialize};

/// What a delivery to many people is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManyPeople {
    /// Whom counsel approved that it goes to.
    pub audience: Audience,
    /// How the list is written.
    pub format: Format,
    /// How fast it goes out.
    pub pace: Pace,
    /// Where it stood when it was last counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
}

/// How many people there are of each outcome. Each person has exactly one of the first five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The mail service took the mail.
    pub sent: u64,
    /// It refused the mail.
    pub refused: u64,
    /// The mail was begun, and nobody knows whether it went out: it is not sent again by itself.
    pub unknown: u64,
    /// Nothing was begun yet.
    pub unsent: u64,
    /// A letter is the only valid notice.
    pub by_post: u64,
    /// Of those sent, how many mail servers took.
    pub delivered: u64,
    /// Of those sent, how many came back.
    pub bounced: u64,
    /// Of those sent, how many complained.
    pub complained: u64,
    /// Lines of the postal files: letters, and mails that were refused or came back.
    pub letters: u64,
}

impl Tally {
    /// Counts a person; answers why that person gets a letter, if so.
    pub fn add(&mut self, person: &Person, addressee: Option<&Addressee>) -> Option<&'static str> {
        let reason = self.count(person, addressee);
        self.letters += u64::from(reason.is_some());
        reason
    }

    fn count(&mut self, person: &Person, addressee: Option<&Addressee>) -> Option<&'static str> {
        if person.mailbox().is_none() {
            self.by_post += 1;
            return Some(if person.is_mailbox_breached { "mailbox breached" } else { "no mail address" });
        }
        let Some(addressee) = addressee else {
            self.unsent += 1;
            return None;
        };
        self.delivered += u64::from(addressee.reports.delivered_at.is_some());
        self.bounced += u64::from(addressee.reports.bounced_at.is_some());
        self.complained += u64::from(addressee.reports.complained_at.is_some());
        match addressee.state {
            AddresseeState::Claimed => self.unknown += 1,
            AddresseeState::Sent { .. } => self.sent += 1,
            AddresseeState::Refused { .. } => self.refused += 1,
        }
        addressee.needs_post().then_some("the mail did not reach the person")
    }
}
