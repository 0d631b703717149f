//! Reminds the privacy team of a person's request before its time is over, and when it is. It answers nothing, and tells nobody who asked.

use incident::Failure;
use incident::ports::Pager;
use incident::privacy_request::{Reference, Reminded, RequestDesk};
use incident::records::Records;
use platform::clock;
use platform::telemetry::count;
use serde::Deserialize;

/// Reminds.
pub struct Reminding<T, P> {
    /// The table.
    pub records: T,
    /// Reaches the privacy team.
    pub pager: P,
}

/// The request that may have to be reminded of.
#[derive(Debug, Deserialize)]
pub struct ReminderTask {
    /// How people name it.
    pub reference: Reference,
}

impl<T: Records, P: Pager> Reminding<T, P> {
    /// Says what is due to be said, and when to ask again.
    ///
    /// # Errors
    /// What the table or the pager answers; `Rejected` where there is no such request.
    pub async fn remind(&self, task: ReminderTask) -> Result<Reminded, Failure> {
        let (next, said) = RequestDesk(&self.records).remind_of(&task.reference, &self.pager, clock::now()).await?;
        if said.is_some() {
            count("PrivacyTeamReminded", 1);
        }
        Ok(next)
    }
}
