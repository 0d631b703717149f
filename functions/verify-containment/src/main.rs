//! Wires `verify-containment`.

use platform::aws::{Automations, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use verify_containment::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let verifier = Verifier {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        runner: Automations::connect(&sdk, required("PARTITION")?),
    };
    serve(async |task| verifier.verify(task, clock::now()).await).await
}
