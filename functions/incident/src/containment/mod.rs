//! Containment: which actions an incident calls for, in which order, and whether the account shows their effect.

pub mod action;
pub mod approval;
pub mod choice;
mod expectation;
pub mod guard;
pub mod hold;
pub mod library;
pub mod observation;
pub mod order;
pub mod plan;
pub mod playbook;
pub mod preview;
mod request;
pub mod reversal;
pub mod runner;

pub use action::ActionId;
pub use approval::{Approval, ApprovalId};
pub use choice::Choice;
pub use hold::Hold;
pub use library::Action;
pub use order::{Order, OrderId};
pub use plan::{Plan, Step, Wave};
pub use playbook::{Playbook, PlaybookError, Playbooks};
pub use preview::{Foreseen, Preview};
pub use request::Asking;
pub use reversal::Reversal;
pub use runner::{ActionRecord, ActionRunner, ActionState, Automation, DocumentKind, Place, Progress, Requester};
