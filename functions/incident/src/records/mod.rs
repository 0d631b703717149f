//! The port to the one table, and what is recorded there.

mod finding;
mod key;

pub use finding::{FindingRecord, Member, finding_ids};
pub use key::Key;

use crate::containment::ApprovalId;
use crate::fault::Failure;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A page to the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The incident.
    pub incident: IncidentId,
    /// Where the response stopped: the state's name.
    pub at_state: String,
    /// What a person has to know.
    pub reason: String,
    /// When it was first asked for.
    pub paged_at: Timestamp,
    /// When it went out; `None` until it did, so that a repeat after a failure pages again.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
}

/// A task token, kept where only the two functions of its gate can read.
#[derive(Clone, Serialize, Deserialize)]
pub struct GateToken {
    /// The token.
    pub token: String,
}

/// A notice that waits for counsel; points to the review and the draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingReview {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// When the duty is due.
    pub due_at: Option<Timestamp>,
    /// When the review was asked for.
    pub requested_at: Timestamp,
    /// Whether two reviewers have to agree.
    #[serde(default)]
    pub four_eyes: bool,
    /// The first of the two, who cannot be the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reviewer: Option<String>,
}

/// A reminder to counsel, sent once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentReminder {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// How much of the time to the deadline had gone by, in percent.
    pub percent: u8,
    /// When it was first due to go out.
    pub at: Timestamp,
    /// When it went out; `None` until it did, so that a repeat after a failure sends it again.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
}

/// An approval that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingApproval {
    /// The incident.
    pub incident: IncidentId,
    /// The approval.
    pub approval: ApprovalId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How many steps wait.
    pub steps: usize,
}

/// The records of one kind below one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The partition.
    pub partition: String,
    /// What the sort keys begin with.
    pub prefix: String,
}

impl Listing {
    /// What lies below an incident.
    pub fn of_incident(id: &IncidentId, prefix: impl Into<String>) -> Self {
        Self { partition: key::incident(id), prefix: prefix.into() }
    }

    /// Every notice that waits for counsel.
    pub fn waiting() -> Self {
        Self { partition: "REVIEWS".to_owned(), prefix: "inc-".to_owned() }
    }

    /// Every approval that waits for an answer.
    pub fn waiting_approvals() -> Self {
        Self { partition: "APPROVALS".to_owned(), prefix: "inc-".to_owned() }
    }

    /// Every request of a person about their own data.
    pub fn privacy_requests() -> Self {
        Self { partition: "PRIVACY-REQUESTS".to_owned(), prefix: "R-".to_owned() }
    }

    /// The register of breaches: an entry for each incident.
    pub fn register() -> Self {
        Self { partition: "REGISTER".to_owned(), prefix: "inc-".to_owned() }
    }
}

/// A record and how often it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub record: T,
    /// Its version.
    pub version: u64,
}

/// One write of several that are done together.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Where.
    pub key: Key,
    /// What.
    pub record: Value,
    /// Over which version; `None` where there must be no record yet.
    pub over: Option<u64>,
}

impl Write {
    /// A write of `record` that only happens if the version there is `over`.
    ///
    /// # Errors
    /// `Rejected` where the record has no JSON form.
    pub fn new<T: Serialize>(key: Key, record: &T, over: Option<u64>) -> Result<Self, Failure> {
        let record = serde_json::to_value(record)
            .map_err(|error| Failure::rejected("a record cannot be written").because(error))?;
        Ok(Self { key, record, over })
    }
}

/// How many writes can be done together (DynamoDB `TransactWriteItems`).
pub const MOST_WRITES: usize = 100;

/// The one table. Every write is conditional, so a repeat or a race changes nothing that was recorded.
#[expect(async_fn_in_trait, reason = "handlers are generic over the port and run on one thread")]
pub trait Records {
    /// The record at this key.
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure>;

    /// The records at these keys with their versions, in the order of the keys.
    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure>;

    /// Does all of these writes or none, at most [`MOST_WRITES`]; `false` if somebody else was faster with one of them.
    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure>;

    /// Writes a record unless there is one; answers with the one that is there now, and whether it is the new one.
    async fn create<T: Serialize + DeserializeOwned + Clone>(
        &self,
        key: &Key,
        record: &T,
    ) -> Result<(T, bool), Failure>;

    /// Reads, changes and writes a record if nobody else changed it meanwhile; `Transient` if that goes wrong often.
    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure>;

    /// Removes a record; nothing happens if there is none.
    async fn remove(&self, key: &Key) -> Result<(), Failure>;

    /// All records of a listing, in order of their sort keys.
    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure>;

    /// The record at this key, or `Rejected` with what is missing.
    async fn require<T: DeserializeOwned>(&self, key: &Key, what: &'static str) -> Result<T, Failure> {
        self.get(key).await?.ok_or_else(|| Failure::rejected(format!("there is no {what}")))
    }
}
