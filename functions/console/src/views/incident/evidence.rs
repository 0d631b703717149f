//! What is preserved, with digests and gaps.

use crate::views::badge::{Badge, Tone};
use crate::views::text::words;
use crate::views::time::At;
use incident::evidence::{Preservation, Progress};
use incident::post_incident::Report;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    /// What it is of: the kind and the id of the resource.
    pub subject: String,
    /// The source.
    pub source: String,
    /// Its path in the vault.
    pub path: String,
    /// How far it is.
    pub state: Badge,
    /// How large it is, in words.
    pub size: Option<String>,
    /// When the last of it was collected.
    pub collected: Option<At>,
    /// The digest of the list of its files.
    pub sha256: Option<String>,
    /// What could not be had of it: which part, and why.
    pub gaps: Vec<(String, String)>,
}

impl EvidenceLine {
    pub(super) fn of(preservation: &Preservation, report: &Report) -> Self {
        let path = preservation.item.folder();
        let line = report.evidence.iter().find(|line| line.path == path);
        let (collected, sha256) = match &preservation.progress {
            Progress::AtWork { .. } => (None, None),
            Progress::Done { sums, at } => (Some(At::of(*at)), Some(sums.as_str().to_owned())),
        };
        let state = match (preservation.is_done(), preservation.gaps.is_empty()) {
            (false, _) => Badge::new(Tone::Open, "being collected"),
            (true, true) => Badge::new(Tone::Good, "complete"),
            (true, false) => Badge::new(Tone::Alarm, "with gaps"),
        };
        let kind = preservation.item.kind.map(|kind| format!("{} ", words(&kind))).unwrap_or_default();
        Self {
            subject: format!("{kind}{}", preservation.item.subject),
            source: preservation.item.source.clone(),
            path,
            state,
            size: line.map(|line| size(line.bytes)),
            collected,
            sha256,
            gaps: preservation.gaps.iter().map(|gap| (gap.part.clone(), gap.reason.clone())).collect(),
        }
    }
}

/// A size as people read it; a kilobyte is 1,000 bytes.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}
