//! What the pages work with.

use crate::sign_in::issuer::{self, Issuer, IssuerSettings};
use incident::Failure;
use incident::notification::Rules;
use platform::aws::{Schedules, SettingsBucket, StateMachine, Table, WaitingTask, Web};

/// What the pages work with. Handlers take it as `State<Arc<Desk>>`.
pub struct Desk {
    /// The table.
    pub table: Table,
    /// What people tell Tocsin.
    pub settings: SettingsBucket,
    /// The execution that waits for counsel.
    pub gate: WaitingTask,
    /// Ends the reminders of counsel.
    pub silencer: Schedules,
    /// Sees to one duty: drafts, asks, sends.
    pub notification: StateMachine,
    /// Responds to an incident: works the duties out anew where a person has entered facts.
    pub response: StateMachine,
    /// The law, to show what a fact would change.
    pub rules: Rules,
    /// Where people come in.
    pub door: Door,
}

/// Where people come in: our own origin, and who says who they are.
pub struct Door {
    pub(crate) origin: String,
    pub(crate) issuer: Issuer,
}

impl Door {
    /// A door at this origin, such as `https://console.example.com`, for people of this issuer.
    ///
    /// # Errors
    /// `Rejected` where an address is not usable.
    pub fn open(origin: &str, issuer: IssuerSettings) -> Result<Self, Failure> {
        let own = issuer::origin(origin).filter(|own| own == origin.trim_end_matches('/'));
        let origin =
            own.ok_or_else(|| Failure::rejected("the console's origin is not usable: it is `https://host`"))?;
        let issuer = Issuer::new(issuer, &origin, Web::connect())?;
        Ok(Self { origin, issuer })
    }
}
