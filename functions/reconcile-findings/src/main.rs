//! Wires `reconcile-findings`.

use platform::aws::{FindingsQueue, RegionalFeed, Table};
use platform::{Sdk, Stopped, clock, required, required_number, serve_until};
use reconcile_findings::Reconciliation;
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
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
