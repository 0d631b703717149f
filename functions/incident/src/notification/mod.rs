//! Notification: what is known, who must be told by when, the drafts, and the legal gate.
//!
//! The law is data (`obligations/*.toml`), and so are the notices (`notices/<id>/<lang>.*`). Facts, not legal advice.

mod approval;
pub mod assess;
mod calendar;
mod changes;
mod check;
mod compose;
pub mod condition;
mod context;
mod contradictions;
mod counting;
#[cfg(test)]
mod dates;
mod deadline;
pub mod deadline_rule;
mod decided;
mod decision;
pub mod delivery;
mod derive;
pub mod draft;
pub mod duty;
pub mod entry;
pub mod facts;
mod field;
mod finish;
mod follows;
mod gate_desk;
mod history;
mod hold;
mod iso3166;
mod items;
mod law;
mod notices;
mod obsolete;
mod order;
mod packet;
mod page;
mod publication;
mod reminder;
mod requests;
pub mod review;
pub mod reviewer;
mod rows;
pub mod rule;
mod rules;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod truth;
mod vocabulary;
mod weigh;
mod words;

pub use approval::{Approval, NotApproved};
pub use assess::{Assessment, HeldBack, NotTriggered, Obligation};
pub use changes::{Change, DutyChange, changes};
pub use deadline::Times;
pub use decided::Decided;
pub use decision::{Assent, Decision, DecisionRequest, Outcome, Refusal, Verdict, Withdrawal};
pub use draft::{Draft, DraftError, Measure, Writing};
pub use duty::{Attempt, Delivery, DeliveryState, Duty, DutyState};
pub use entry::{Entered, EntryRefused, FactsDesk, FactsEntry, Foreseen, Preview};
pub use facts::{Fact, FactError, Facts, Source};
pub use field::{Field, Takes};
pub use finish::finish_review;
pub use gate_desk::{GateDesk, GateRefused, GateRequest};
pub use history::{FactEntered, history};
pub use hold::held_by;
pub use obsolete::obsolete_because;
pub use packet::{Packet, PacketField, PacketSection};
pub use publication::{PublicPage, PublicSite, Publication};
pub use reminder::Reminder;
pub use review::{Closure, LegalReview};
pub use rule::Rule;
pub use rules::{RuleError, Rules};
pub use settings::SettingError;
