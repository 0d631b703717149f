//! Starts one containment action, or joins the run that was started before.

use incident::containment::library::{Parameter, ValueSource};
use incident::containment::{ActionRecord, ActionRunner, ActionState, Automation, Step};
use incident::ports::Vault;
use incident::records::{Key, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Starts actions.
pub struct Starter<T, V, A> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub vault: V,
    /// Runs the documents.
    pub runner: A,
    /// The role of `preserve-evidence`, which must still read a bucket that is locked.
    pub evidence_role_arn: String,
}

/// One step of a plan.
#[derive(Debug, Deserialize)]
pub struct StartTask {
    /// The incident.
    pub incident: IncidentId,
    /// What to do to which resource.
    #[serde(flatten)]
    pub step: Step,
}

/// The step and the run that applies it.
#[derive(Debug, Serialize)]
pub struct Started {
    incident: IncidentId,
    #[serde(flatten)]
    step: Step,
    automation: String,
}

impl<T: Records, V: Vault, A: ActionRunner> Starter<T, V, A> {
    /// Starts the step. A repeat joins the first run: the token is derived from incident, action, target and pass.
    ///
    /// # Errors
    /// `NeedsOperator` if the step was reversed or waits for a person; `Transient` where SSM throttles.
    pub async fn start(&self, task: StartTask, now: Timestamp) -> Result<Started, Failure> {
        let StartTask { incident: id, step } = task;
        let incident: Incident = self.records.require(&Key::incident(&id), "incident of this id").await?;
        let key = Key::action(&id, &step);
        let (record, _) = self.records.create(&key, &ActionRecord::started(id.clone(), step.clone(), now)).await?;
        match record.state {
            ActionState::Started | ActionState::Contained => {}
            ActionState::Failed | ActionState::Reversed => {
                return Err(Failure::needs_operator(format!(
                    "`{}` was reversed before: a person decides",
                    step.action
                )));
            }
            ActionState::Withheld => {
                return Err(Failure::needs_operator(format!("`{}` waits for a person", step.action)));
            }
        }
        if let Some(automation) = record.automation {
            return Ok(Started { incident: id, step, automation });
        }
        let automation = self.runner.start(&self.run(&incident, &step).await?).await?;
        self.records
            .update(&key, |record: &mut ActionRecord| {
                record.automation = Some(automation.clone());
                Ok(())
            })
            .await?;
        Ok(Started { incident: id, step, automation })
    }

    async fn run(&self, incident: &Incident, step: &Step) -> Result<Automation, Failure> {
        let mut parameters = BTreeMap::from([
            ("IncidentId".to_owned(), vec![incident.id.to_string()]),
            (step.action.parameter.clone(), vec![step.target.clone()]),
        ]);
        let needs_responders = |parameter: &Parameter| parameter.from == Some(ValueSource::Responders);
        if step.action.parameters.values().any(needs_responders) {
            let mut responders = organisation::load(&self.vault).await?.responders;
            responders.push(self.evidence_role_arn.clone());
            responders.sort();
            responders.dedup();
            parameters.insert("ResponderArns".to_owned(), responders);
        }
        Ok(Automation {
            document: step.action.document(),
            role: step.action.role(),
            place: step.place(),
            parameters,
            token: step.token(&incident.id, "apply"),
        })
    }
}
