//! Wires `request-containment-approval`.

use platform::aws::{Table, Topic, WaitingTask};
use platform::{Sdk, Stopped, clock, required, serve};
use request_containment_approval::Asker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let asker = Asker {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        gate: WaitingTask::connect(&sdk),
        pager: Topic::connect(&sdk, required("OPERATOR_TOPIC_ARN")?),
        url: required("APPROVAL_URL")?,
    };
    serve(async |task| asker.request(task, clock::now()).await).await
}
