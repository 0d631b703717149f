//! What the handlers need of the world, each port one capability. `platform` implements them; `ActionRunner` and
//! `Records` stand beside their types.
#![expect(async_fn_in_trait, reason = "handlers are generic over the ports and run on one thread")]

use crate::Digest;
use crate::containment::Place;
use crate::evidence::source::Request;
use crate::fault::Failure;
use crate::notification::delivery::Quota;
use crate::records::Page;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The vault: what is put there stays as it is (Object Lock).
pub trait Vault {
    /// Puts an object unless there is one; answers with the one that is there now.
    async fn preserve(&self, path: &str, bytes: Vec<u8>, content_type: &str) -> Result<Kept, Failure>;
    /// The names of the objects that lie in a folder itself, not below it. Only this tells surely that there is none: whoever may
    /// read but not list is answered alike where nothing is and where nothing may be read.
    async fn names(&self, folder: &str) -> Result<Vec<String>, Failure>;
    /// What the vault says of the newest version of an object, which is not read for it; `None` if there is none.
    async fn kept(&self, path: &str) -> Result<Option<Kept>, Failure>;
    /// Puts a new version of an object, such as a manifest that grew.
    async fn publish(&self, path: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure>;
    /// The newest version of an object; `None` if there is none.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;
}

/// One version of an object in the vault, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectVersion {
    /// Its path in the vault.
    pub path: String,
    /// Which version; `None` is the newest.
    pub id: Option<String>,
}

/// For how long nobody can delete a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Until then, by its retention.
    pub until: Option<Timestamp>,
    /// `COMPLIANCE` or `GOVERNANCE`, which some may bypass.
    pub mode: Option<String>,
    /// Whether a legal hold keeps it beside that, without an end.
    pub is_held: bool,
}

/// Gives evidence out of the vault, and keeps it in there.
pub trait EvidenceDesk {
    /// For how long each of these is locked, in their order; `None` where there is no such version.
    async fn locks(&self, versions: &[ObjectVersion]) -> Result<Vec<Option<Lock>>, Failure>;
    /// Puts a legal hold on each of these, or ends it; answers for each whether there is such a version.
    async fn hold(&self, versions: &[ObjectVersion], is_held: bool) -> Result<Vec<bool>, Failure>;
    /// A link by which whoever has it reads this version for so long.
    async fn link(&self, version: &ObjectVersion, valid_for: SignedDuration) -> Result<String, Failure>;
}

/// Signs with a key that nobody can take away: ECDSA on P-256 over SHA-256.
pub trait Signer {
    /// The ARN of the key.
    fn key(&self) -> &str;
    /// The signature, in DER, of what has this digest.
    async fn sign(&self, digest: &Digest) -> Result<Vec<u8>, Failure>;
    /// The public half: base64 of a SubjectPublicKeyInfo in DER.
    async fn public_key(&self) -> Result<String, Failure>;
}

/// What people have told Tocsin: the settings documents and their signatures. Evidence lies elsewhere, so that whoever writes
/// settings reaches none.
pub trait Settings {
    /// The newest version of a document; `None` if there is none.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;
}

/// One version of an object in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of its content.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// Which version; `None` where the bucket keeps none.
    pub version_id: Option<String>,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The name of the error, if it is one.
    pub code: Option<String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Asks the services of an account without changing anything there.
pub trait SourceReader {
    /// Makes one request in this account and region. An answer that says no is an answer; `Transient` where the service
    /// says "later" or nobody answers, `NeedsOperator` where the account cannot be reached.
    async fn ask(&self, place: &Place, request: &Request) -> Result<Answered, Failure>;
}

/// The services that made the findings.
pub trait FindingDesk {
    /// The finding as its service holds it now; `None` where it does not know it.
    async fn finding(&self, source: &str, document: &Value) -> Result<Option<Value>, Failure>;
    /// Tells the service that the response has run: Security Hub's workflow status becomes `NOTIFIED`.
    async fn mark_notified(&self, document: &Value, note: &str) -> Result<(), Failure>;
}

/// Starts executions: of the response to an incident, of the containment that a person ordered.
pub trait Responses {
    /// Starts one under this name, or joins the one of that name.
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure>;
}

/// Holds the execution that waits for a decision of a person.
pub trait Gate {
    /// Lets it go on with this decision. `Ok(false)`: nothing waits any more under this token.
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure>;
}

/// Calls a function back at a time.
pub trait Reminders {
    /// Has it called at this time with this input, once. Under a name that is taken, nothing changes.
    async fn set(&self, name: &str, at: Timestamp, input: &Value) -> Result<(), Failure>;
}

/// Takes calls back that were set.
pub trait Silencer {
    /// Takes one back; nothing happens if there is none, or it has been made.
    async fn silence(&self, name: &str) -> Result<(), Failure>;
}

/// Sends mail.
pub trait Mail {
    /// Sends one message. An `Err` means that nobody knows whether it went out.
    async fn send(&self, message: &Message) -> Result<Handover, Failure>;
    /// What the account may send.
    async fn quota(&self) -> Result<Quota, Failure>;
}

/// What the mail service said.
#[derive(Debug)]
pub enum Handover {
    /// It took the message, under this identifier.
    Taken(String),
    /// It refused the message: nothing went out. `Rejected` is about this message, anything else about all.
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
    /// What the mail service's reports about it come back with. No personal data: they go through other services.
    pub tags: Vec<(&'static str, String)>,
}

/// The tag with the incident.
pub const TAG_INCIDENT: &str = "tocsin-incident";
/// The tag with the obligation.
pub const TAG_OBLIGATION: &str = "tocsin-obligation";
/// The tag with the name of a person in the table.
pub const TAG_PERSON: &str = "tocsin-person";

/// Reaches the operator.
pub trait Pager {
    /// Sends a page.
    async fn page(&self, page: &Page) -> Result<(), Failure>;
    /// Sends a message: a subject of one line, at most 100 characters of ASCII, and plain text.
    async fn tell(&self, subject: &str, text: &str) -> Result<(), Failure>;
}

/// Where findings that cannot be read are kept.
pub trait DeadLetters {
    /// Keeps the document with the code, path and message of what is wrong with it.
    async fn keep(&self, document: &str, code: &str, path: &str, message: &str) -> Result<(), Failure>;
}

/// The list of findings that a service keeps for a region, in the order of their updates.
pub trait FindingFeed {
    /// The source: `guardduty`, `securityhub`.
    fn source(&self) -> &'static str;
    /// The region.
    fn region(&self) -> &str;
    /// One page of the findings that were updated in `window`, the oldest update first. `cursor` is that of the page before.
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<FeedPage, Failure>;
}

/// The times between which a finding was updated. The same on every page of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub since: Timestamp,
    /// Up to here.
    pub until: Timestamp,
}

/// One page of a feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedPage {
    /// The findings, the oldest update first.
    pub findings: Vec<ListedFinding>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
    /// The account does not use the service in this region, so that nothing is listed.
    pub is_off: bool,
}

/// A finding as its service lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFinding {
    /// The service's own document, whole.
    pub document: Value,
    /// When the service made it.
    pub created_at: Option<Timestamp>,
    /// When the service last updated it.
    pub updated_at: Option<Timestamp>,
}

/// The queue in front of intake.
pub trait FindingQueue {
    /// Sends each document as a message of its own. After an `Err` some may have been sent: intake knows a repeat.
    async fn send(&self, documents: &[Value]) -> Result<(), Failure>;
}
