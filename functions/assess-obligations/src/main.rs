//! Wires `assess-obligations`.

use assess_obligations::Assessor;
use incident::notification::Rules;
use platform::aws::{SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let assessor = Assessor {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
    };
    serve(async |task| assessor.assess(task, clock::now()).await).await
}
