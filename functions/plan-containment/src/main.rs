//! Wires `plan-containment`.

use incident::containment::Playbooks;
use incident::containment::guard::EvidencePlace;
use plan_containment::Planner;
use platform::aws::{SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, given, required, required_number, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let planner = Planner {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        public_key: given("SETTINGS_PUBLIC_KEY")?,
        evidence: EvidencePlace { account: required("EVIDENCE_ACCOUNT")?, bucket: required("VAULT_BUCKET")? },
        playbooks: Playbooks::load().map_err(|error| Stopped::broken("playbooks", error))?,
        repeat_after_seconds: required_number("REPEAT_REVOCATION_AFTER_SECONDS")?,
    };
    serve(async |task| planner.plan(task, clock::now()).await).await
}
