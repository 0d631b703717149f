//! Wires `conclude-delivery`.

use conclude_delivery::Conclusion;
use incident::notification::Rules;
use platform::aws::{ListBucket, SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let conclusion = Conclusion {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        lists: ListBucket::connect(&sdk, required("LISTS_BUCKET")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
    };
    serve(async |task| conclusion.conclude(task, clock::now()).await).await
}
