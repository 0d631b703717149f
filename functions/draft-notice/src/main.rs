//! Wires `draft-notice`.

use draft_notice::Drafter;
use platform::aws::{ListBucket, LockedBucket, SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let drafter = Drafter {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        lists: ListBucket::connect(&sdk, required("LISTS_BUCKET")?),
    };
    serve(async |task| drafter.draft(task, clock::now()).await).await
}
