//! Reads whether the account shows the effect of an action. An automation that "succeeded" proves nothing.

use incident::containment::observation::shows_containment;
use incident::containment::{ActionRecord, ActionRunner, ActionState, Hold, Progress, Step};
use incident::records::{Key, Records};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Verifies actions.
pub struct Verifier<T, A> {
    /// The table.
    pub records: T,
    /// Runs the documents.
    pub runner: A,
}

/// A step and the run that applies it.
#[derive(Debug, Deserialize)]
pub struct VerifyTask {
    /// The incident.
    pub incident: IncidentId,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// The run.
    pub automation: String,
}

/// Where the step stands.
#[derive(Debug, Serialize)]
pub struct Verified {
    incident: IncidentId,
    #[serde(flatten)]
    step: Step,
    automation: String,
    state: State,
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    InProgress,
    Contained,
    NotContained,
}

impl<T: Records, A: ActionRunner> Verifier<T, A> {
    /// Reads the run's before-state and observation, and records both.
    ///
    /// # Errors
    /// `Rejected` if the step was never started.
    pub async fn verify(&self, task: VerifyTask, now: Timestamp) -> Result<Verified, Failure> {
        let VerifyTask { incident, step, automation } = task;
        let (state, reason) = match self.runner.progress(&step.place(), &automation).await? {
            Progress::Running => (State::InProgress, None),
            Progress::Ended { succeeded, outputs, failure } => {
                let before = outputs.get("RecordBefore.Before").cloned();
                let observation = outputs.get("ObserveContainment.Observation").cloned();
                let key = Key::action(&incident, &step);
                let record = self.records.require::<ActionRecord>(&key, "record of this step").await?;
                let hold = self.records.get::<Hold>(&Key::hold(&step)).await?.unwrap_or_default();
                // The state as found is what the first run of all recorded, whichever incident started it.
                let before = hold.before.or(before);
                let shown = if succeeded {
                    judge(&record, before.as_deref(), observation.as_deref())
                } else {
                    Err(failure.unwrap_or_else(|| "the automation did not succeed".to_owned()))
                };
                let contained = shown.is_ok();
                let reason = shown.err();
                let change = |record: &mut ActionRecord| {
                    // The state as found is written once; an earlier run's is the true one.
                    record.before = record.before.take().or_else(|| before.clone());
                    record.observation.clone_from(&observation);
                    if contained {
                        record.state = ActionState::Contained;
                        record.contained_at = record.contained_at.or(Some(now));
                    }
                    record.reason.clone_from(&reason);
                    Ok(())
                };
                let left = observation.as_deref().filter(|_| contained);
                self.note(&step, &automation, before.as_deref(), left).await?;
                self.records.update(&key, change).await?;
                count(if contained { "ActionsContained" } else { "ActionsNotContained" }, 1);
                (if contained { State::Contained } else { State::NotContained }, reason)
            }
        };
        Ok(Verified { incident, step, automation, state, reason })
    }
}

impl<T: Records, A: ActionRunner> Verifier<T, A> {
    /// Tells the hold how the resource was found, and how it was left.
    async fn note(
        &self,
        step: &Step,
        automation: &str,
        before: Option<&str>,
        left: Option<&str>,
    ) -> Result<(), Failure> {
        let key = Key::hold(step);
        if self.records.get::<Hold>(&key).await?.is_none() {
            return Ok(());
        }
        let change = |hold: &mut Hold| {
            hold.ended(automation, before, left);
            Ok(())
        };
        self.records.update(&key, change).await.map(|_| ())
    }
}

fn judge(record: &ActionRecord, before: Option<&str>, observation: Option<&str>) -> Result<(), String> {
    let parse = |name: &str, text: Option<&str>| -> Result<Value, String> {
        let text = text.ok_or_else(|| format!("the automation gave no {name}"))?;
        serde_json::from_str(text).map_err(|_| format!("the {name} is not JSON"))
    };
    let before = parse("before-state", before)?;
    let seen = parse("observation", observation)?;
    shows_containment(record.step.action, &before, &seen, record.started_at)
}
