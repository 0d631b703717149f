//! Wires `start-containment`.

use platform::aws::{Automations, LockedBucket, Table};
use platform::{Sdk, Stopped, clock, given, required, serve};
use start_containment::Starter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let starter = Starter {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        public_key: given("SETTINGS_PUBLIC_KEY")?,
        runner: Automations::connect(&sdk, required("PARTITION")?),
        evidence_role_arn: required("EVIDENCE_ROLE_ARN")?,
    };
    serve(async |task| starter.start(task, clock::now()).await).await
}
