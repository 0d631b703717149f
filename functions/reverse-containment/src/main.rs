//! Wires `reverse-containment`.

use platform::aws::{Automations, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use reverse_containment::Reverser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let reverser = Reverser {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        runner: Automations::connect(&sdk, required("PARTITION")?),
    };
    serve(async |task| reverser.reverse(task, clock::now()).await).await
}
