//! What every function with pages does alike: where a request leads, what a browser may do with the answer, who has sent a
//! form, its fields, and files that a browser keeps. Who may see which page is each function's own.

mod asset;
mod fields;
mod headers;
mod path;
mod sender;

pub use asset::Asset;
pub use fields::{NotOne, fields, only};
pub use headers::harden;
pub use path::at_root;
pub use sender::{Foreign, check_sender};
