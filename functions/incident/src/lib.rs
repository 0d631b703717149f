//! The pure core of Tocsin: what a finding means, what to do about it, and who must be told by when.
//!
//! Nothing here knows AWS, reads a clock or an environment, or does I/O. Time and state arrive as arguments.

pub mod address;
pub mod analysis;
pub mod containment;
pub mod digest;
pub mod evidence;
pub mod fault;
pub mod finding;
pub mod intake;
pub mod legible;
pub mod notification;
pub mod organisation;
pub mod ports;
pub mod post_incident;
pub mod privacy_request;
pub mod reconciliation;
pub mod record;
pub mod records;
pub mod scope;
pub mod signed;
pub mod sources;
pub mod tabular;

pub use digest::Digest;
pub use fault::{Failure, Fault};
pub use finding::{Category, Entity, EntityKind, Finding, Severity};
pub use organisation::Organisation;
pub use record::{Incident, IncidentId};
pub use scope::Scope;
