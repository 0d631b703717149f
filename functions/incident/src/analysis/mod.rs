//! What findings mean: which kind of breach each is a sign of.

mod category;
mod tables;

pub use category::{Sign, category_of};
