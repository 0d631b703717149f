//! Wires `send-notice`.

use incident::notification::Rules;
use platform::aws::{ListBucket, Mailer, PagesBucket, SettingsBucket, Table};
use platform::{Sdk, Stopped, clock, required, serve};
use send_notice::Sender;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Stopped> {
    let sdk = Sdk::load().await;
    let sender = Sender {
        records: Table::connect(&sdk, required("TABLE_NAME")?),
        settings: SettingsBucket::connect(&sdk, required("SETTINGS_BUCKET")?),
        mail: Mailer::connect(&sdk, required("NOTICE_SENDER")?, required("CONFIGURATION_SET")?),
        lists: ListBucket::connect(&sdk, required("LISTS_BUCKET")?),
        site: PagesBucket::connect(&sdk, required("PUBLIC_PAGES_BUCKET")?, required("PUBLIC_PAGES_REGION")?),
        rules: Rules::load().map_err(|error| Stopped::broken("obligation rules", error))?,
    };
    serve(async |task| sender.send(task, clock::now()).await).await
}
