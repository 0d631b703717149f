//! Wires `verify-containment`.

use platform::aws::{Automations, MemberRole, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use verify_containment::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let role = MemberRole {
        partition: required("PARTITION")?,
        name: required("MEMBER_ROLE")?,
        function: required("AWS_LAMBDA_FUNCTION_NAME")?,
    };
    let verifier =
        Verifier { records: Table::connect(&sdk, required("TABLE_NAME")?), runner: Automations::connect(&sdk, role) };
    serve(async |task| verifier.verify(task, clock::now()).await).await
}
