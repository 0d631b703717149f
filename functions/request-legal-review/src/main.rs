//! Wires `request-legal-review`.

use platform::aws::{FunctionCalls, SettingsBucket, Table, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};
use request_legal_review::Gatekeeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let (group, function) = (required("REMINDER_GROUP")?, required("REMINDER_FUNCTION_ARN")?);
    let gatekeeper = Gatekeeper {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        gate: WaitingTask::connect(&sdk),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        reminders: FunctionCalls::connect(&sdk, group, function, required("REMINDER_ROLE_ARN")?),
    };
    serve(async |task| gatekeeper.request(task, clock::now()).await).await
}
