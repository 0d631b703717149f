//! The port to whatever applies an action, and the record that is kept of each.

use super::Step;
use crate::fault::Failure;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a document runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The account.
    pub account: String,
    /// The region; `None` for what is global, which is reached from the responder's own.
    pub region: Option<String>,
}

/// One run of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automation {
    /// The document's name, which is also the name of its role.
    pub document: String,
    /// The role that it assumes, by name.
    pub role: String,
    /// Where it acts.
    pub place: Place,
    /// Its parameters.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// What makes a repeated start join the first.
    pub token: String,
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is running.
    Running,
    /// It ended. Outputs are there for every step that ended well, even when the run failed.
    Ended {
        /// Whether it says that it succeeded. That proves nothing: read the observation.
        succeeded: bool,
        /// Outputs by `Step.Output`.
        outputs: BTreeMap<String, String>,
        /// Why it failed.
        failure: Option<String>,
    },
}

/// Applies actions.
#[expect(async_fn_in_trait, reason = "handlers are generic over the port and run on one thread")]
pub trait ActionRunner {
    /// Starts a run, or joins the run with the same token; answers with its id.
    async fn start(&self, automation: &Automation) -> Result<String, Failure>;
    /// Stops a run where it stands; nothing happens if it has ended.
    async fn stop(&self, place: &Place, id: &str) -> Result<(), Failure>;
    /// How far the run has come.
    async fn progress(&self, place: &Place, id: &str) -> Result<Progress, Failure>;
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionState {
    /// A run was started.
    Started,
    /// The account shows its effect.
    Contained,
    /// It did not take effect.
    Failed,
    /// The account is as it was found.
    Reversed,
    /// It waits for a person.
    Withheld,
}

/// What is recorded of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// The incident.
    pub incident: IncidentId,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Where it stands.
    pub state: ActionState,
    /// The run that applies it.
    pub automation: Option<String>,
    /// The run that reverses it.
    pub reversal: Option<String>,
    /// The state as found, as JSON. Written once.
    pub before: Option<String>,
    /// The state last read back, as JSON.
    pub observation: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its effect was observed.
    pub contained_at: Option<Timestamp>,
    /// When the state as found was observed again.
    pub reversed_at: Option<Timestamp>,
    /// Why it failed or waits.
    pub reason: Option<String>,
}

impl ActionRecord {
    /// The record of a step that is about to run.
    pub fn started(incident: IncidentId, step: Step, at: Timestamp) -> Self {
        Self {
            incident,
            step,
            state: ActionState::Started,
            automation: None,
            reversal: None,
            before: None,
            observation: None,
            started_at: at,
            contained_at: None,
            reversed_at: None,
            reason: None,
        }
    }
}
