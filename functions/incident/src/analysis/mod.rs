//! What findings mean: which kind of breach each is a sign of, and which of them are about one incident.

mod category;
pub mod correlation;
mod indication;
mod tables;

pub use category::{Sign, category_of};
pub use indication::Indication;
