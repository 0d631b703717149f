//! Notification: what is known, who must be told by when, the drafts, and the legal gate.
//!
//! The law is data (`obligations/*.toml`), and so are the notices (`notices/<id>/<lang>.*`). Facts, not legal advice.

pub mod assess;
mod calendar;
mod compose;
pub mod condition;
mod context;
mod counting;
mod deadline;
pub mod deadline_rule;
mod derive;
pub mod draft;
pub mod duty;
pub mod facts;
mod notices;
pub mod review;
pub mod rule;
mod rules;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod vocabulary;
mod words;

pub use assess::{Assessment, NotTriggered, Obligation};
pub use deadline::Times;
pub use draft::{Draft, DraftError, Measure, Writing};
pub use duty::{Attempt, Delivery, DeliveryState, Duty, DutyState};
pub use facts::{Fact, FactError, Facts};
pub use review::{Approval, Decision, DecisionRequest, LegalReview, NotApproved, Refusal, Verdict};
pub use rule::Rule;
pub use rules::{RuleError, Rules};
pub use settings::SettingError;
