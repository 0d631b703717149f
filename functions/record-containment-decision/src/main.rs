//! Wires `record-containment-decision`.

use platform::aws::{StateMachine, Table, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};
use record_containment_decision::Desk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let desk = Desk {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        gate: WaitingTask::connect(&sdk),
        containment: StateMachine::connect(&sdk, required("CONTAINMENT_ARN")?),
    };
    serve(async |request| desk.answer(request, clock::now()).await).await
}
