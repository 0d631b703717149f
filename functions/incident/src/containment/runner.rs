//! The port to whatever applies an action, and the record that is kept of each.

use super::guard::{Guard, PATH};
use super::library::{Parameter, ValueSource};
use super::{ActionId, OrderId, Step};
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

/// The documents of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Applies it.
    Document,
    /// Takes it back.
    Reversal,
    /// Changes nothing: reads the state, the calls that would be made, and whom they hit.
    Preview,
}

impl DocumentKind {
    fn of(self, action: ActionId) -> String {
        match self {
            Self::Document => action.document(),
            Self::Reversal => action.reversal_document(),
            Self::Preview => action.preview_document(),
        }
    }

    /// What the descriptions of actions call it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Reversal => "reversal",
            Self::Preview => "preview",
        }
    }
}

impl Automation {
    /// A run of a document of this step's action. `evidence_role` must still read what is shut; `before` is the state as found,
    /// where it is known; `purpose` makes the token.
    ///
    /// # Errors
    /// `NeedsOperator` where the signed settings lack a value that the document cannot do without.
    pub fn of(
        kind: DocumentKind,
        step: &Step,
        incident: &IncidentId,
        guard: &Guard,
        evidence_role: Option<&str>,
        before: Option<&str>,
        purpose: &str,
    ) -> Result<Self, Failure> {
        let mut parameters = BTreeMap::from([
            ("IncidentId".to_owned(), vec![incident.to_string()]),
            (step.action.parameter.clone(), vec![step.target.clone()]),
        ]);
        let takes = |parameter: &Parameter| parameter.documents.iter().any(|document| document == kind.as_str());
        for (name, parameter) in step.action.parameters.iter().filter(|(_, parameter)| takes(parameter)) {
            if let Some(value) = value_of(step.action, name, parameter, guard, evidence_role)? {
                parameters.insert(name.clone(), value);
            }
        }
        if let Some(before) = before.filter(|_| kind != DocumentKind::Preview) {
            parameters.insert("Before".to_owned(), pieces(before));
        }
        Ok(Self {
            document: kind.of(step.action),
            role: step.action.role(),
            place: step.place(),
            parameters,
            token: step.token(incident, purpose),
        })
    }
}

fn value_of(
    action: ActionId,
    name: &str,
    parameter: &Parameter,
    guard: &Guard,
    evidence_role: Option<&str>,
) -> Result<Option<Vec<String>>, Failure> {
    let value = match parameter.from {
        Some(ValueSource::Responders) => {
            let mut roles: Vec<String> = guard.responders().to_vec();
            roles.extend(evidence_role.map(str::to_owned));
            roles.sort();
            roles.dedup();
            Some(roles)
        }
        // SSM takes no empty value: left out, the document's own default counts.
        Some(ValueSource::Settings) => guard
            .setting(action, name)
            .map(<[String]>::to_vec)
            .filter(|values| values.iter().any(|value| !value.is_empty())),
        None => None,
    };
    if value.is_none() && !parameter.has_default {
        let needed = format!("`{PATH}` has no `actions.{action}.{name}`, without which `{action}` cannot run");
        return Err(Failure::needs_operator(needed));
    }
    Ok(value)
}

/// SSM takes 1 to 512 characters a value and 50 values a parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html>).
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(512).map(|piece| piece.iter().collect()).collect()
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
    /// This incident has let go of it; another one keeps it contained.
    Released,
    /// A person decided that it is not done.
    Declined,
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
    /// Why it failed, waits or was declined.
    pub reason: Option<String>,
    /// How often it was begun again after it had failed or been reversed.
    #[serde(default)]
    pub attempt: u32,
    /// Who has it reversed, and why; `None` where a failed step takes itself back.
    #[serde(default)]
    pub reversed_by: Option<Requester>,
    /// The run that reads, before a reversal, whether the resource is still as it was left.
    #[serde(default)]
    pub check: Option<String>,
    /// How often that was read.
    #[serde(default)]
    pub checks: u32,
    /// The order of a person that it runs by; `None` where a playbook is enough.
    #[serde(default)]
    pub order: Option<OrderId>,
}

/// A person who asks for something, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The ARN that AWS vouches for.
    pub by: String,
    /// The reason that was given.
    pub reason: String,
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
            attempt: 0,
            reversed_by: None,
            check: None,
            checks: 0,
            order: None,
        }
    }

    /// The record of the same step, begun again: the runs of the attempt before are not joined.
    #[must_use]
    pub fn again(&self, at: Timestamp) -> Self {
        let attempt = self.attempt + 1;
        Self { attempt, ..Self::started(self.incident.clone(), self.step.clone(), at) }
    }

    /// What a run of this step is for: its token is made of it.
    pub fn purpose(&self, what: &str) -> String {
        if self.attempt == 0 { what.to_owned() } else { format!("{what}-{}", self.attempt) }
    }
}
