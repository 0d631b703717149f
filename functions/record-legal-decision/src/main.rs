//! Wires `record-legal-decision`.

use platform::aws::{Schedules, StateMachine, Table, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};
use record_legal_decision::Desk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let desk = Desk {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        gate: WaitingTask::connect(&sdk),
        silencer: Schedules::connect(&sdk, required("REMINDER_GROUP")?),
        notification: StateMachine::connect(&sdk, required("NOTIFICATION_STATE_MACHINE_ARN")?),
    };
    serve(async |request| desk.answer(request, clock::now()).await).await
}
