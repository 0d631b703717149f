//! Wires `page-operator`.

use page_operator::Paging;
use platform::aws::{OperatorTopic, Table};
use platform::{Sdk, Stopped, clock, required, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let paging = Paging {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        pager: OperatorTopic::connect(&sdk, required("OPERATOR_TOPIC_ARN")?),
    };
    serve(async |task| paging.page(task, clock::now()).await).await
}
