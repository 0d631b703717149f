//! Wires `take-privacy-request`.

use incident::notification::Rules;
use lambda_http::tower::ServiceExt;
use platform::aws::{DigestKey, Mailer, SettingsBucket, StateMachine, Table};
use platform::web::at_root;
use platform::{Sdk, Stopped, required};
use take_privacy_request::{Desk, public_pages};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let desk = Desk {
        table: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        mailer: Mailer::connect(&sdk, required("NOTICE_SENDER")?, required("CONFIGURATION_SET")?),
        digests: DigestKey::connect(&sdk, required("LIMIT_KEY_ARN")?),
        waiting: StateMachine::connect(&sdk, required("REQUEST_STATE_MACHINE_ARN")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
        origin: required("PUBLIC_ORIGIN")?,
    };
    lambda_http::run(public_pages(desk).map_request(at_root)).await.map_err(Stopped::Runtime)
}
