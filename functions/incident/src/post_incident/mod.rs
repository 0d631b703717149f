//! After the incident: the report for the morning after, and the entry in the register of breaches.

pub mod case_file;
pub mod closing;
pub mod register;
pub mod report;
#[cfg(test)]
mod tests;
pub mod timeline;

pub use case_file::CaseFile;
pub use closing::{close, reopen_where_owed};
pub use register::{RegisterEntry, keep_in_register};
pub use report::{
    ActionLine, DecisionLine, EvidenceLine, Figure, FindingLine, GapLine, ObligationLine, Report, ReportError,
};
pub use timeline::{Event, Phase};
