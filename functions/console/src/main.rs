//! Wires `console`.

use console::{Desk, Door, IssuerSettings, at_root, console};
use incident::notification::Rules;
use lambda_http::tower::ServiceExt;
use platform::aws::{Schedules, SettingsBucket, StateMachine, Table, WaitingTask};
use platform::{Sdk, Stopped, required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let issuer = IssuerSettings {
        issuer: required("OIDC_ISSUER")?,
        client_id: required("OIDC_CLIENT_ID")?,
        scopes: required("OIDC_SCOPES")?,
    };
    let door = Door::open(&required("CONSOLE_ORIGIN")?, issuer).map_err(|_| Stopped::WrongSetting {
        name: "CONSOLE_ORIGIN",
        expected: "the origin of the console, with `OIDC_ISSUER` the address of an issuer",
    })?;
    let desk = Desk {
        table: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        gate: WaitingTask::connect(&sdk),
        silencer: Schedules::connect(&sdk, required("REMINDER_GROUP")?),
        notification: StateMachine::connect(&sdk, required("NOTIFICATION_STATE_MACHINE_ARN")?),
        response: StateMachine::connect(&sdk, required("INCIDENT_RESPONSE_ARN")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
        door,
    };
    lambda_http::run(console(desk).map_request(at_root)).await.map_err(Stopped::Runtime)
}
