//! Wires `preserve-evidence`.

use incident::containment::Playbooks;
use platform::aws::{Automations, Buckets, FindingServices, LockedBucket, MemberRole, Table, Trail};
use platform::{Sdk, Stopped, clock, required, required_number, serve};
use preserve_evidence::Preserver;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let custodian = required("AWS_LAMBDA_FUNCTION_NAME")?;
    let role =
        MemberRole { partition: required("PARTITION")?, name: required("MEMBER_ROLE")?, function: custodian.clone() };
    let preserver = Preserver {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        runner: Automations::connect(&sdk, role.clone()),
        buckets: Buckets::connect(&sdk, role.clone()),
        trail: Trail::connect(&sdk, role),
        findings: FindingServices::connect(&sdk),
        playbooks: Playbooks::load().map_err(|error| Stopped::broken("playbooks", error))?,
        custodian,
        activity_days: required_number("ACTIVITY_DAYS")?,
    };
    serve(async |task| preserver.preserve(task, clock::now()).await).await
}
