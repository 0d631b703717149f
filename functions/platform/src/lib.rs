//! Everything that touches AWS or the process: the start of a Lambda, settings, the clock, chance, logs, and the
//! adapters.

pub mod answer;
pub mod aws;
pub mod clock;
pub mod config;
pub mod entry;
pub mod random;
pub mod telemetry;
pub mod web;

pub use answer::{Answer, Halt};
pub use aws::Sdk;
pub use config::{Stopped, given, required, required_number};
pub use entry::{serve, serve_until};
