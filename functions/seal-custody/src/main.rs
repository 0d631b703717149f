//! Wires `seal-custody`.

use incident::evidence::Custodian;
use platform::aws::{LockedBucket, SigningKey, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use seal_custody::Sealer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let sealer = Sealer {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        signer: SigningKey::connect(&sdk, required("SEAL_KEY")?),
        custodian: Custodian { name: required("AWS_LAMBDA_FUNCTION_NAME")?, role: required("CUSTODIAN_ROLE")? },
    };
    serve(async |task| sealer.seal(task, clock::now()).await).await
}
