//! What is preserved of which resource, and how far that has come.

use super::file::EvidenceFile;
use crate::Digest;
use crate::containment::Place;
use crate::finding::EntityKind;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When an item is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Before containment, since containment would change it.
    BeforeContainment,
    /// Beside containment.
    BesideContainment,
}

/// One thing to preserve: what one source knows of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// The source: a file of `evidence/`, or `finding`.
    pub source: String,
    /// The kind of resource; `None` for a finding, or for an account as a whole.
    pub kind: Option<EntityKind>,
    /// The resource's id, the finding's identity, or the account's number.
    pub subject: String,
    /// The account that it lies in.
    pub account: String,
    /// Its region; `None` for what is global.
    pub region: Option<String>,
    /// Its ARN, where a finding gives it. It is not what tells two items apart.
    pub arn: Option<String>,
}

impl EvidenceItem {
    /// Its folder below the incident's. Names of people can be part of a subject (a user, a session, the key of an object), so
    /// that a path, which manifest and logs repeat, holds a digest of it and never the subject.
    pub fn folder(&self) -> String {
        let kind = self.kind.map(|kind| serde_json::to_string(&kind).unwrap_or_default()).unwrap_or_default();
        let region = self.region.as_deref().unwrap_or_default();
        let name = Digest::of_parts(&[&kind, &self.account, region, &self.subject]);
        format!("evidence/{}/{}", self.source, name.short(16))
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }
}

/// Something of an item that could not be had. The gap is evidence too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Which part: the name of a call, a document or a query; `item` for the whole.
    pub part: String,
    /// Why, without anything that may be personal data.
    pub reason: String,
    /// When that was found, in UTC.
    pub found_at: Timestamp,
}

/// How far an item is preserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Progress {
    /// Not all of it yet.
    AtWork {
        /// Where to go on.
        next: Cursor,
    },
    /// All that could be had.
    Done {
        /// The SHA-256 of the files' list, see [`super::file::sums`].
        sums: Digest,
        /// When the last of it was collected, in UTC.
        at: Timestamp,
    },
}

/// Where to go on with an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The part: calls, then documents, then queries, in the order of the source's file.
    pub part: usize,
    /// Of a part that is taken once for each of several values, which value.
    pub each: usize,
    /// The page of a listing, counted from 0.
    pub page: usize,
    /// What the listing goes on with.
    pub tokens: BTreeMap<String, String>,
    /// How often what takes its time (a snapshot, a query) was asked how far it is.
    pub asked: u32,
    /// Whether what was asked last is still being answered, so that a look is worth it soon.
    #[serde(default)]
    pub in_hand: bool,
}

impl Cursor {
    /// How long to wait before the item is gone on with, in seconds: longer each time, a minute at most.
    pub fn wait_seconds(&self) -> u64 {
        if self.in_hand { 1 } else { (1 + u64::from(self.asked).pow(2) / 4).min(60) }
    }
}

/// What is recorded of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preservation {
    /// The incident.
    pub incident: IncidentId,
    /// The item.
    pub item: EvidenceItem,
    /// When it was begun, in UTC.
    pub begun_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
    /// What could not be had of it.
    pub gaps: Vec<Gap>,
}

impl Preservation {
    /// Of an item that nothing is preserved of yet.
    pub fn begun(incident: IncidentId, item: EvidenceItem, at: Timestamp) -> Self {
        let progress = Progress::AtWork { next: Cursor::default() };
        Self { incident, item, begun_at: at, progress, gaps: Vec::new() }
    }

    /// Whether nothing more of it will come.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done { .. })
    }

    /// The files of it among these.
    pub fn files<'a>(&self, all: &'a [EvidenceFile]) -> Vec<&'a EvidenceFile> {
        let folder = self.item.folder();
        all.iter().filter(|file| file.folder == folder).collect()
    }
}
