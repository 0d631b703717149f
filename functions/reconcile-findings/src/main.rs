//! Wires `reconcile-findings`.

use platform::aws::{FindingsQueue, RegionalFeed, Table};
use platform::{Sdk, Stopped, clock, required, required_number, serve_until};
use reconcile_findings::Reconciliation;
use serde::de::IgnoredAny;

/// The stack of the thread that serves, in bytes; what is never touched costs nothing.
///
/// To read one finding, the SDK lays out the details of every kind of resource that Security Hub knows in one frame. In a build without
/// optimisation that is more than the 8 MiB of a main thread, which ends the process without an answer.
const STACK: usize = 64 << 20;

fn main() -> Result<(), Stopped> {
    let serving = std::thread::Builder::new().stack_size(STACK).spawn(serve).map_err(Stopped::Thread)?;
    serving.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[tokio::main(flavor = "current_thread")]
async fn serve() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let reconciliation = Reconciliation {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        feeds: RegionalFeed::connect(&sdk, &required("FINDING_REGIONS")?),
        queue: FindingsQueue::connect(&sdk, required("FINDINGS_QUEUE_URL")?),
        look_back_hours: required_number("LOOK_BACK_HOURS")?,
        delivery_minutes: required_number("DELIVERY_MINUTES")?,
    };
    serve_until(async |_: IgnoredAny, deadline| reconciliation.run(deadline, clock::now).await).await
}
