//! Restores the state that was recorded before an action. It restores what was recorded and never guesses.

use incident::containment::observation::shows_reversal;
use incident::containment::{ActionRecord, ActionRunner, ActionState, Automation, Progress, Step};
use incident::records::{Key, Records};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reverses actions.
pub struct Reverser<T, A> {
    /// The table.
    pub records: T,
    /// Runs the documents.
    pub runner: A,
}

/// A step to take back.
#[derive(Debug, Deserialize)]
pub struct ReverseTask {
    /// The incident.
    pub incident: IncidentId,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
}

/// Where the reversal stands.
#[derive(Debug, Serialize)]
pub struct Reversed {
    incident: IncidentId,
    #[serde(flatten)]
    step: Step,
    state: State,
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    InProgress,
    Reversed,
}

impl<T: Records, A: ActionRunner> Reverser<T, A> {
    /// Starts the reversal, or reads how far it has come. Called until it says `reversed`.
    ///
    /// # Errors
    /// `NeedsOperator` if the account cannot be shown to be as it was found.
    pub async fn reverse(&self, task: ReverseTask, now: Timestamp) -> Result<Reversed, Failure> {
        let ReverseTask { incident: id, step } = task;
        if step.pass > 1 {
            return Err(Failure::needs_operator("a repetition failed: the first pass stands, and is not taken back"));
        }
        let key = Key::action(&id, &step);
        let record: ActionRecord = self.records.require(&key, "record of this step").await?;
        if record.state == ActionState::Reversed {
            return Ok(Reversed { incident: id, step, state: State::Reversed, reason: record.reason });
        }
        match &record.reversal {
            Some(run) => self.read(&key, &record, run, now).await,
            None => self.begin(&key, record, now).await,
        }
    }

    async fn begin(&self, key: &Key, record: ActionRecord, now: Timestamp) -> Result<Reversed, Failure> {
        let before = match (&record.before, &record.automation) {
            (Some(before), _) => Some(before.clone()),
            (None, None) => None,
            (None, Some(run)) => match self.runner.progress(&record.step.place(), run).await? {
                Progress::Running => {
                    self.runner.stop(&record.step.place(), run).await?;
                    return Ok(in_progress(record));
                }
                Progress::Ended { outputs, .. } => outputs.get("RecordBefore.Before").cloned(),
            },
        };
        let Some(before) = before else {
            // Recording is the first step and changes nothing, so without a record nothing was changed.
            return self.close(key, record, now).await;
        };
        let step = &record.step;
        let run = Automation {
            document: step.action.reversal_document(),
            role: step.action.role(),
            place: step.place(),
            parameters: BTreeMap::from([
                ("IncidentId".to_owned(), vec![record.incident.to_string()]),
                (step.action.parameter.clone(), vec![step.target.clone()]),
                ("Before".to_owned(), pieces(&before)),
            ]),
            token: step.token(&record.incident, "reverse"),
        };
        let run = self.runner.start(&run).await?;
        let change = |record: &mut ActionRecord| {
            record.reversal = Some(run.clone());
            record.before = record.before.take().or_else(|| Some(before.clone()));
            Ok(())
        };
        Ok(in_progress(self.records.update(key, change).await?))
    }

    async fn read(&self, key: &Key, record: &ActionRecord, run: &str, now: Timestamp) -> Result<Reversed, Failure> {
        let Progress::Ended { succeeded, outputs, failure } = self.runner.progress(&record.step.place(), run).await? else {
            return Ok(in_progress(record.clone()));
        };
        let shown = if succeeded {
            judge(record.before.as_deref(), outputs.get("ObserveReversal.Observation").map(String::as_str))
        } else {
            Err(failure.unwrap_or_else(|| "the automation did not succeed".to_owned()))
        };
        match shown {
            Ok(()) => self.close(key, record.clone(), now).await,
            Err(reason) => {
                let change = |record: &mut ActionRecord| {
                    record.state = ActionState::Failed;
                    record.reason = Some(reason.clone());
                    Ok(())
                };
                self.records.update(key, change).await?;
                Err(Failure::needs_operator(format!("the account is not as it was found: {reason}")))
            }
        }
    }

    async fn close(&self, key: &Key, record: ActionRecord, now: Timestamp) -> Result<Reversed, Failure> {
        let change = |record: &mut ActionRecord| {
            record.state = ActionState::Reversed;
            record.reversed_at = record.reversed_at.or(Some(now));
            Ok(())
        };
        self.records.update(key, change).await?;
        Ok(Reversed { incident: record.incident, step: record.step, state: State::Reversed, reason: record.reason })
    }
}

/// SSM takes 1 to 512 characters a value and 50 values a parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html>).
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(512).map(|piece| piece.iter().collect()).collect()
}

fn in_progress(record: ActionRecord) -> Reversed {
    Reversed { incident: record.incident, step: record.step, state: State::InProgress, reason: record.reason }
}

fn judge(before: Option<&str>, observation: Option<&str>) -> Result<(), String> {
    let parse = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    match (parse(before), parse(observation)) {
        (Some(before), Some(seen)) => shows_reversal(&before, &seen),
        _ => Err("the reversal gave no observation".to_owned()),
    }
}
