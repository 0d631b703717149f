//! Evidence: what to preserve and in which order, the manifest, the custody chain, and its verification offline.

pub mod custody;
pub mod item;
pub mod manifest;
pub mod verify;

pub use custody::{CustodyEntry, Deed};
pub use item::{EvidenceItem, EvidenceRecord, ItemKind, Outcome, Stage};
pub use manifest::Manifest;
