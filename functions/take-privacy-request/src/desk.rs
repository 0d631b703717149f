//! What the pages work with.

use incident::notification::Rules;
use incident::privacy_request::RequestDesk;
use incident::{Failure, Organisation, organisation};
use platform::aws::{DigestKey, Mailer, SettingsBucket, StateMachine, Table};

/// What the pages work with. Handlers take it as `State<Arc<Desk>>`.
pub struct Desk {
    /// The table.
    pub table: Table,
    /// What the organisation says of itself.
    pub settings: SettingsBucket,
    /// Sends links and receipts.
    pub mailer: Mailer,
    /// Keys the digests that limits are counted under.
    pub digests: DigestKey,
    /// Waits for the answer to a request, and reminds of it.
    pub waiting: StateMachine,
    /// By when a request is answered.
    pub rules: Rules,
    /// Where people find these pages, such as `https://notices.shop.example`.
    pub origin: String,
}

impl Desk {
    /// The organisation.
    pub(crate) async fn organisation(&self) -> Result<Organisation, Failure> {
        organisation::load(&self.settings).await
    }

    /// Where requests are kept.
    pub(crate) fn requests(&self) -> RequestDesk<'_, Table> {
        RequestDesk(&self.table)
    }
}
