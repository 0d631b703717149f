//! Wires `order-containment`.

use incident::containment::guard::EvidencePlace;
use order_containment::Desk;
use platform::aws::{Automations, MemberRole, SettingsBucket, StateMachine, Table};
use platform::{Sdk, Stopped, clock, given, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let role = MemberRole {
        partition: required("PARTITION")?,
        name: required("MEMBER_ROLE")?,
        function: required("AWS_LAMBDA_FUNCTION_NAME")?,
    };
    let desk = Desk {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        public_key: given("SETTINGS_PUBLIC_KEY")?,
        evidence: EvidencePlace { account: required("EVIDENCE_ACCOUNT")?, bucket: required("VAULT_BUCKET")? },
        evidence_role: MemberRole { name: required("EVIDENCE_ROLE")?, ..role.clone() },
        runner: Automations::connect(&sdk, role),
        containments: StateMachine::connect(&sdk, required("CONTAINMENT_ARN")?),
        approvals: StateMachine::connect(&sdk, required("CONTAINMENT_APPROVAL_ARN")?),
        reversals: StateMachine::connect(&sdk, required("CONTAINMENT_REVERSAL_ARN")?),
        home_region: required("AWS_REGION")?,
    };
    serve(async |request| desk.answer(request, clock::now()).await).await
}
