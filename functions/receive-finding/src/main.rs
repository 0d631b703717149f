//! Wires `receive-finding`.

use platform::aws::{DeadLetterQueue, SettingsBucket, StateMachine, Table};
use platform::{Sdk, Stopped, clock, given, required, required_number, serve};
use receive_finding::Intake;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let intake = Intake {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        settings_key: given("SETTINGS_PUBLIC_KEY")?,
        responses: StateMachine::connect(&sdk, required("INCIDENT_RESPONSE_ARN")?),
        dead_letters: DeadLetterQueue::connect(&sdk, required("DEAD_LETTER_QUEUE_URL")?),
        home_region: required("AWS_REGION")?,
        correlation_hours: required_number("CORRELATION_HOURS")?,
    };
    serve(async |batch| intake.take_batch(batch, clock::now()).await).await
}
