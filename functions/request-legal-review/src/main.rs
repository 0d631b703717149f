//! Wires `request-legal-review`.

use platform::aws::{Table, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};
use request_legal_review::Gatekeeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let gatekeeper =
        Gatekeeper { records: Table::connect(&sdk, required("TABLE_NAME")?), gate: WaitingTask::connect(&sdk) };
    serve(async |task| gatekeeper.request(task, clock::now()).await).await
}
