//! The queue in front of intake, and its dead-letter queue.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use incident::ports::{DeadLetters, FindingQueue};
use incident::{Failure, Fault};
use serde_json::Value;

/// What one batch holds at most: messages, and bytes in all
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
const BATCH_MESSAGES: usize = 10;
const BATCH_BYTES: usize = 1024 * 1024;

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

/// The queue in front of intake.
#[derive(Clone, Debug)]
pub struct FindingsQueue {
    client: Client,
    url: String,
}

impl FindingsQueue {
    /// The queue at this URL.
    pub fn connect(sdk: &Sdk, url: String) -> Self {
        Self { client: Client::new(&sdk.0), url }
    }
}

impl FindingQueue for FindingsQueue {
    async fn send(&self, documents: &[Value]) -> Result<(), Failure> {
        for batch in batches(documents.iter().map(Value::to_string)) {
            let mut entries = Vec::with_capacity(batch.len());
            for (number, body) in batch.into_iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body).build();
                entries.push(entry.map_err(|error| Failure::rejected("a message has no body").because(error))?);
            }
            let answer = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
            let answer = answer.map_err(|error| failed("sending findings to intake", error))?;
            if let Some(refused) = answer.failed().first() {
                let fault = if refused.sender_fault() { Fault::NeedsOperator } else { Fault::Transient };
                return Err(Failure::new(fault, format!("sending a finding to intake ({})", refused.code())));
            }
        }
        Ok(())
    }
}

/// The messages in their order, in batches that the queue takes. One that is larger than a batch stands alone: the
/// queue says what it thinks of it.
fn batches(bodies: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for body in bodies {
        bytes += body.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_MESSAGES && bytes <= BATCH_BYTES => batch.push(body),
            _ => {
                bytes = body.len();
                batches.push(vec![body]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(lengths: &[usize]) -> Vec<usize> {
        batches(lengths.iter().map(|length| "x".repeat(*length))).iter().map(Vec::len).collect()
    }

    #[test]
    fn batch_holds_ten_messages_and_a_mebibyte() {
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&[1; 21]), [10, 10, 1]);
        assert_eq!(sizes(&[BATCH_BYTES / 2, BATCH_BYTES / 2, 1]), [2, 1]);
        assert_eq!(sizes(&[1, BATCH_BYTES + 1, 1, 1]), [1, 1, 2]);
    }
}
