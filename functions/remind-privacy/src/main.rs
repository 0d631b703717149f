//! Wires `remind-privacy`.

use platform::aws::{Table, Topic};
use platform::{Sdk, Stopped, required, serve};
use remind_privacy::Reminding;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let reminding = Reminding {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        pager: Topic::connect(&sdk, required("OPERATOR_TOPIC_ARN")?),
    };
    serve(async |task| reminding.remind(task).await).await
}
