//! The custody log: who did what to which evidence, when and why, each entry chained to the one before by its hash.

use crate::Digest;
use crate::fault::Failure;
use crate::record::IncidentId;
use crate::records::{Key, Listing, Records};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The `previous` of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// An item was put into the vault.
    Preserved,
    /// An item could not be had, and why.
    GapRecorded,
    /// The manifest was written: `sha256` is its digest.
    Sealed,
}

/// One entry of the log: one line of `custody.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEntry {
    /// 1 for the first entry, then without a gap.
    pub sequence: u64,
    /// The incident.
    pub incident: IncidentId,
    /// When, in UTC.
    pub at: Timestamp,
    /// The role that did it.
    pub custodian: String,
    /// What was done.
    pub deed: Deed,
    /// The path below the incident's folder.
    pub path: String,
    /// The digest of what lies at the path; `None` for a gap.
    pub sha256: Option<Digest>,
    /// Why.
    pub reason: String,
    /// The hash of the entry before.
    pub previous: String,
    /// The SHA-256 of all the fields above, each preceded by its length.
    pub hash: Digest,
}

/// What an entry says, before it has a place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The role that did it.
    pub custodian: String,
    /// What was done.
    pub deed: Deed,
    /// The path below the incident's folder.
    pub path: String,
    /// The digest of what lies at the path.
    pub sha256: Option<Digest>,
    /// Why.
    pub reason: String,
}

impl CustodyEntry {
    /// The entry that follows `last` (`None`: the first).
    pub fn after(last: Option<&Self>, incident: IncidentId, at: Timestamp, statement: Statement) -> Self {
        let mut entry = Self {
            sequence: last.map_or(1, |last| last.sequence + 1),
            incident,
            at,
            custodian: statement.custodian,
            deed: statement.deed,
            path: statement.path,
            sha256: statement.sha256,
            reason: statement.reason,
            previous: last.map_or_else(|| GENESIS.to_owned(), |last| last.hash.to_string()),
            hash: Digest::of(&[]),
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The hash that the fields of this entry call for.
    pub fn computed_hash(&self) -> Digest {
        let deed = match self.deed {
            Deed::Preserved => "preserved",
            Deed::GapRecorded => "gap-recorded",
            Deed::Sealed => "sealed",
        };
        Digest::of_parts(&[
            &self.sequence.to_string(),
            self.incident.as_str(),
            &self.at.to_string(),
            &self.custodian,
            deed,
            &self.path,
            self.sha256.as_ref().map_or("", Digest::as_str),
            &self.reason,
            &self.previous,
        ])
    }
}

/// How often an entry is tried when others enter at the same time.
const ENTRY_ATTEMPTS: u32 = 20;

/// Enters a statement into the incident's log, once: the same deed on the same contents is not entered again.
///
/// # Errors
/// `Transient` if others kept entering at the same time.
pub async fn enter(
    records: &impl Records,
    incident: &IncidentId,
    at: Timestamp,
    statement: &Statement,
) -> Result<CustodyEntry, Failure> {
    for _ in 0..ENTRY_ATTEMPTS {
        let log: Vec<CustodyEntry> = records.list(&Listing::of_incident(incident, "CUSTODY#")).await?;
        let same = |entry: &&CustodyEntry| {
            entry.deed == statement.deed && entry.path == statement.path && entry.sha256 == statement.sha256
        };
        if let Some(entry) = log.iter().find(same) {
            return Ok(entry.clone());
        }
        let entry = CustodyEntry::after(log.last(), incident.clone(), at, statement.clone());
        let (kept, is_new) = records.create(&Key::custody(incident, entry.sequence), &entry).await?;
        if is_new {
            return Ok(kept);
        }
    }
    Err(Failure::transient("others kept entering the same custody log"))
}
