//! Wires `remind-counsel`.

use platform::aws::{Table, Topic};
use platform::{Sdk, Stopped, clock, required, serve};
use remind_counsel::Reminding;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let reminding = Reminding {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        pager: Topic::connect(&sdk, required("OPERATOR_TOPIC_ARN")?),
        escalation: Topic::connect(&sdk, required("ESCALATION_TOPIC_ARN")?),
    };
    serve(async |reminder| reminding.remind(reminder, clock::now()).await).await
}
