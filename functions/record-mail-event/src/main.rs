//! Wires `record-mail-event`.

use platform::aws::Table;
use platform::{Sdk, Stopped, clock, required, serve};
use record_mail_event::Recorder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let recorder = Recorder { records: Table::connect(&sdk, required("TABLE_NAME")?) };
    serve(async |batch| recorder.take_batch(batch, clock::now()).await).await
}
