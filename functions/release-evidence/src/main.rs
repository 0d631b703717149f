//! Wires `release-evidence`.

use platform::aws::{LockedBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve_until};
use release_evidence::Desk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let desk = Desk {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        clock: clock::now,
    };
    serve_until(async |request, deadline| desk.answer(request, deadline).await).await
}
