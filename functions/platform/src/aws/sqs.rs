//! The dead-letter queue.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use incident::Failure;
use incident::ports::DeadLetters;

/// The queue that keeps what cannot be read.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

impl DeadLetterQueue {
    /// The queue at this URL.
    pub fn connect(sdk: &Sdk, url: String) -> Self {
        Self { client: Client::new(&sdk.0), url }
    }
}

impl DeadLetters for DeadLetterQueue {
    async fn keep(&self, document: &str, code: &str, path: &str, message: &str) -> Result<(), Failure> {
        let mut send = self.client.send_message().queue_url(&self.url).message_body(document);
        for (name, value) in [("code", code), ("path", path), ("message", message)] {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let value = value.map_err(|error| Failure::rejected("a reason has no type").because(error))?;
            send = send.message_attributes(name, value);
        }
        send.send().await.map(|_| ()).map_err(|error| failed("keeping an unreadable finding", error))
    }
}
