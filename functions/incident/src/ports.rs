//! What the handlers need of the world, each port one capability. `platform` implements them; `ActionRunner` and
//! `Records` stand beside their types.
#![expect(async_fn_in_trait, reason = "handlers are generic over the ports and run on one thread")]

use crate::Digest;
use crate::fault::Failure;
use crate::finding::EntityKind;
use crate::records::Page;
use jiff::Timestamp;
use serde_json::Value;

/// The vault: what is put there stays as it is (Object Lock).
pub trait Vault {
    /// Puts an object unless there is one; answers with the digest and size of the one that is there now.
    async fn preserve(&self, path: &str, bytes: Vec<u8>) -> Result<(Digest, u64), Failure>;
    /// Puts a new version of an object, such as a manifest that grew.
    async fn publish(&self, path: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure>;
    /// The newest version of an object; `None` if there is none.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;
}

/// What a source of evidence answered: the evidence, or why it could not be had.
pub type Collected = Result<Value, Gap>;

/// Why evidence could not be had: no such resource, no permission, nothing recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap(pub String);

/// Reads a bucket without changing it.
pub trait BucketReader {
    /// Policy, ACL, public-access block.
    async fn configuration(&self, bucket: &str) -> Result<Collected, Failure>;
    /// The list of object versions, with keys, sizes and times.
    async fn versions(&self, bucket: &str) -> Result<Collected, Failure>;
}

/// Reads what a principal did.
pub trait ActivityReader {
    /// The recorded API calls of a principal between two times.
    async fn activity(&self, kind: EntityKind, id: &str, from: Timestamp, to: Timestamp) -> Result<Collected, Failure>;
}

/// The services that made the findings.
pub trait FindingDesk {
    /// The finding as its service holds it now; `None` where it does not know it.
    async fn finding(&self, source: &str, document: &Value) -> Result<Option<Value>, Failure>;
    /// Tells the service that the response has run: Security Hub's workflow status becomes `NOTIFIED`.
    async fn mark_notified(&self, document: &Value, note: &str) -> Result<(), Failure>;
}

/// Starts the response.
pub trait Responses {
    /// Starts the response to an incident under this name, or joins the one of that name.
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure>;
}

/// Holds the execution that waits for counsel.
pub trait Gate {
    /// Lets it go on with this decision. `Ok(false)`: nothing waits any more under this token.
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure>;
}

/// Sends mail.
pub trait Mail {
    /// Sends one message. An `Err` means that nobody knows whether it went out.
    async fn send(&self, message: &Message) -> Result<Handover, Failure>;
}

/// What the mail service said.
#[derive(Debug)]
pub enum Handover {
    /// It took the message, under this identifier.
    Taken(String),
    /// It refused the message: nothing went out.
    Refused(Failure),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The address.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Reaches the operator.
pub trait Pager {
    /// Sends a page.
    async fn page(&self, page: &Page) -> Result<(), Failure>;
}

/// Where findings that cannot be read are kept.
pub trait DeadLetters {
    /// Keeps the document with the code, path and message of what is wrong with it.
    async fn keep(&self, document: &str, code: &str, path: &str, message: &str) -> Result<(), Failure>;
}
