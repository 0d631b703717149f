//! Wires `preserve-evidence`.

use incident::containment::Playbooks;
use incident::evidence::{Custodian, source::Destination};
use platform::aws::{Automations, FindingServices, LockedBucket, MemberRole, SettingsBucket, Sources, Table};
use platform::{Sdk, Stopped, clock, required, required_number, serve_until};
use preserve_evidence::{Preserver, log_tables};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let function = required("AWS_LAMBDA_FUNCTION_NAME")?;
    let role =
        MemberRole { partition: required("PARTITION")?, name: required("MEMBER_ROLE")?, function: function.clone() };
    let preserver = Preserver {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        vault: LockedBucket::connect(&sdk, required("VAULT_BUCKET")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        runner: Automations::connect(&sdk, role.clone()),
        sources: Sources::connect(&sdk, role.clone()),
        logs: Sources::connect(&sdk, MemberRole { name: required("LOG_READER_ROLE")?, ..role }),
        log_tables: log_tables(&required("LOG_TABLES")?),
        findings: FindingServices::connect(&sdk),
        playbooks: Playbooks::load().map_err(|error| Stopped::broken("playbooks", error))?,
        custodian: Custodian { name: function, role: required("CUSTODIAN_ROLE")? },
        partition: required("PARTITION")?,
        home_region: required("AWS_REGION")?,
        destination: Destination::of_key(required("SNAPSHOT_KEY_ARN")?, &required("MEMORY_TOOL")?)
            .map_err(|error| Stopped::broken("SNAPSHOT_KEY_ARN", error))?,
        activity_days: required_number("ACTIVITY_DAYS")?,
        clock: clock::now,
        unwritten: Default::default(),
    };
    serve_until(async |task, deadline| preserver.preserve(task, deadline).await).await
}
