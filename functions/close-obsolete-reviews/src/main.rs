//! Wires `close-obsolete-reviews`.

use close_obsolete_reviews::Closer;
use incident::notification::Rules;
use platform::aws::{Schedules, SettingsBucket, Table, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let closer = Closer {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        gate: WaitingTask::connect(&sdk),
        silencer: Schedules::connect(&sdk, required("REMINDER_GROUP")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
    };
    serve(async |task| closer.close(task, clock::now()).await).await
}
