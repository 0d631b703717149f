//! What findings mean: which kind of breach each is a sign of and why, and which of them are about one incident.

mod category;
pub mod correlation;
mod indication;
mod reason;
mod tables;

pub use category::{Sign, category_of, category_of_lapse, explain};
pub(crate) use category::{exposure_of, sharing_of};
pub use indication::Indication;
pub use reason::Reason;
pub(crate) use tables::named as category_named;
