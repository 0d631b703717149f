//! Wires `copy-objects`.

use copy_objects::Copier;
use incident::evidence::Custodian;
use jiff::SignedDuration;
use platform::aws::{LockedBucket, MemberRole, Objects, Table};
use platform::{Sdk, Stopped, clock, required, required_number, serve_until};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let name = required("AWS_LAMBDA_FUNCTION_NAME")?;
    let role = MemberRole { partition: required("PARTITION")?, name: required("MEMBER_ROLE")?, function: name.clone() };
    let copier = Copier {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        objects: Objects::connect(&sdk, role),
        custodian: Custodian { name, role: required("CUSTODIAN_ROLE")? },
        zone: required("ZONE_REGIONS")?.split(',').map(str::to_owned).collect(),
        longest_run: SignedDuration::from_secs(required_number("COPY_SECONDS")?),
    };
    serve_until(async |task, deadline| copier.copy(task, deadline, clock::now).await).await
}
