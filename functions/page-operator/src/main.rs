//! Wires `page-operator`.

use page_operator::Paging;
use platform::aws::{Table, Topic};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let paging = Paging {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        pager: Topic::connect(&sdk, required("OPERATOR_TOPIC_ARN")?),
        escalation: Topic::connect(&sdk, required("ESCALATION_TOPIC_ARN")?),
    };
    serve(async |task| paging.page(task, clock::now()).await).await
}
