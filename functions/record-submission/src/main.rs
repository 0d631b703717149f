//! Wires `record-submission`.

use incident::notification::Rules;
use platform::aws::{SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use record_submission::Desk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let desk = Desk {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
    };
    serve(async |request| desk.answer(request, clock::now()).await).await
}
