//! Wires `close-incident`.

use close_incident::Closer;
use platform::aws::{FindingServices, LockedBucket, SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let closer = Closer {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        findings: FindingServices::connect(&sdk),
    };
    serve(async |task| closer.close(task, clock::now()).await).await
}
