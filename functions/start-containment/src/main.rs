//! Wires `start-containment`.

use incident::containment::guard::EvidencePlace;
use platform::aws::{Automations, MemberRole, SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, given, required, serve};
use start_containment::Starter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let role = MemberRole {
        partition: required("PARTITION")?,
        name: required("MEMBER_ROLE")?,
        function: required("AWS_LAMBDA_FUNCTION_NAME")?,
    };
    let starter = Starter {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        public_key: given("SETTINGS_PUBLIC_KEY")?,
        evidence: EvidencePlace { account: required("EVIDENCE_ACCOUNT")?, bucket: required("VAULT_BUCKET")? },
        evidence_role: MemberRole { name: required("EVIDENCE_ROLE")?, ..role.clone() },
        runner: Automations::connect(&sdk, role),
    };
    serve(async |task| starter.start(task, clock::now()).await).await
}
