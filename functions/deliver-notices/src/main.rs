//! Wires `deliver-notices`.

use deliver_notices::Deliverer;
use jiff::SignedDuration;
use platform::aws::{ListBucket, Mailer, Table};
use platform::{Sdk, Stopped, clock, required, required_number, serve_until};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let deliverer = Deliverer {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        lists: ListBucket::connect(&sdk, required("LISTS_BUCKET")?),
        mail: Mailer::connect(&sdk, required("NOTICE_SENDER")?, required("CONFIGURATION_SET")?),
        pause: clock::pause,
        longest_run: SignedDuration::from_secs(required_number("DELIVERY_SECONDS")?),
    };
    serve_until(async |task, deadline| deliverer.deliver(task, deadline, clock::now).await).await
}
