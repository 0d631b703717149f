//! Wires `seal-custody`.

use platform::aws::{LockedBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use seal_custody::Custodian;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let custodian = Custodian {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        name: required("AWS_LAMBDA_FUNCTION_NAME")?,
    };
    serve(async |task| custodian.seal(task, clock::now()).await).await
}
