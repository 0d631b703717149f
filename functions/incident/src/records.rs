//! The port to the one table, and the keys of everything that is recorded.

use crate::Digest;
use crate::containment::Step;
use crate::evidence::EvidenceItem;
use crate::fault::Failure;
use crate::finding::{Entity, Finding};
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a record lies: partition and sort key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The partition.
    pub partition: String,
    /// The sort key within the partition.
    pub sort: String,
}

/// What is kept of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// The incident that it belongs to; `None` for a sample or an archived finding, which is recorded only.
    pub incident: Option<IncidentId>,
    /// What it says.
    pub finding: Finding,
    /// The document as it came, as JSON.
    pub document: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The name of the execution that it starts; `None` if it brings nothing new.
    pub starts: Option<String>,
}

/// Which open incident an entity belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityPointer {
    /// The incident.
    pub incident: IncidentId,
    /// When a finding last named the entity.
    pub seen_at: Timestamp,
}

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

/// A task token, kept where only the gate's two functions can read.
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
}

fn incident(id: &IncidentId) -> String {
    format!("INCIDENT#{id}")
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self { partition, sort: sort.into() }
    }

    /// The incident itself.
    pub fn incident(id: &IncidentId) -> Self {
        Self::new(incident(id), "INCIDENT")
    }

    /// A finding, by [`Finding::identity`].
    pub fn finding(identity: &str) -> Self {
        Self::new(format!("FINDING#{}", Digest::of(identity.as_bytes()).short(40)), "FINDING")
    }

    /// Which incident an entity of an account belongs to.
    pub fn entity(account: &str, entity: &Entity) -> Self {
        Self::new(
            format!("ENTITY#{}", Digest::of_parts(&[account, &format!("{:?}", entity.kind), &entity.id]).short(40)),
            "INCIDENT",
        )
    }

    /// One step of the containment.
    pub fn action(id: &IncidentId, step: &Step) -> Self {
        Self::new(incident(id), format!("ACTION#{}#{}#{}", step.action, step.target, step.pass))
    }

    /// One item of evidence.
    pub fn evidence(id: &IncidentId, item: &EvidenceItem) -> Self {
        Self::new(incident(id), format!("EVIDENCE#{}", item.path()))
    }

    /// One entry of the custody log.
    pub fn custody(id: &IncidentId, sequence: u64) -> Self {
        Self::new(incident(id), format!("CUSTODY#{sequence:08}"))
    }

    /// One version of the facts.
    pub fn facts(id: &IncidentId, version: u32) -> Self {
        Self::new(incident(id), format!("FACTS#{version:06}"))
    }

    /// A duty to tell someone.
    pub fn obligation(id: &IncidentId, obligation: &str) -> Self {
        Self::new(incident(id), format!("OBLIGATION#{obligation}"))
    }

    /// One version of a draft.
    pub fn draft(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(incident(id), format!("DRAFT#{obligation}#{version:06}"))
    }

    /// The review of one version of a draft.
    pub fn review(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(incident(id), format!("REVIEW#{obligation}#{version:06}"))
    }

    /// One attempt to decide, accepted or refused.
    pub fn decision_attempt(id: &IncidentId, obligation: &str, version: u32, attempt: &Digest) -> Self {
        Self::new(incident(id), format!("ATTEMPT#{obligation}#{version:06}#{}", attempt.short(24)))
    }

    /// The delivery of a notice.
    pub fn delivery(id: &IncidentId, obligation: &str) -> Self {
        Self::new(incident(id), format!("DELIVERY#{obligation}"))
    }

    /// A page to the operator.
    pub fn page(page: &Page) -> Self {
        let name = Digest::of_parts(&[&page.at_state, &page.reason]).short(24);
        Self::new(incident(&page.incident), format!("PAGE#{name}"))
    }

    /// The task token of a review: a partition of its own, so that a policy can name it.
    pub fn gate_token(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(format!("GATE#{id}#{obligation}#{version:06}"), "TOKEN")
    }

    /// A notice that waits for counsel.
    pub fn waiting(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new("REVIEWS".to_owned(), format!("{id}#{obligation}#{version:06}"))
    }
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
    /// The findings of an incident are found by [`Key::finding`]; everything else lies below the incident.
    pub fn of_incident(id: &IncidentId, prefix: impl Into<String>) -> Self {
        Self { partition: incident(id), prefix: prefix.into() }
    }

    /// Every notice that waits for counsel.
    pub fn waiting() -> Self {
        Self { partition: "REVIEWS".to_owned(), prefix: "inc-".to_owned() }
    }
}

/// The one table. Every write is conditional, so a repeat or a race changes nothing that was recorded.
#[expect(async_fn_in_trait, reason = "handlers are generic over the port and run on one thread")]
pub trait Records {
    /// The record at this key.
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure>;

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
