//! Evidence: what to preserve and in which order, the manifest, the custody chain, and its verification offline.

pub mod choice;
pub mod copy;
pub mod custody;
pub mod file;
pub mod item;
pub mod manifest;
pub mod schema;
pub mod seal;
pub mod source;
pub mod verify;

pub use custody::{Custodian, CustodyEntry, Deed};
pub use file::EvidenceFile;
pub use item::{Cursor, EvidenceItem, Gap, Preservation, Progress, Stage};
pub use manifest::Manifest;
pub use seal::{Seal, SealRecord, SignedSeal};
pub use source::Source;
