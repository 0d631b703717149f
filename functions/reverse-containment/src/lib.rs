//! Restores the state that was recorded before an action. It restores what was recorded and never guesses.

mod check;

use incident::containment::guard;
use incident::containment::hold::{Hold, LetGo};
use incident::containment::observation::shows_reversal;
use incident::containment::{
    ActionId, ActionRecord, ActionRunner, ActionState, Automation, DocumentKind, Progress, Requester, Step,
};
use incident::records::{Key, Listing, Records};
use incident::{Failure, Fault, Incident, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;

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
    /// The person who has it taken back, by ARN. Without one, a step that failed takes itself back.
    #[serde(default)]
    pub by: Option<String>,
    /// Why. A person has to say.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ReverseTask {
    fn requester(&self) -> Result<Option<Requester>, Failure> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        match (given(&self.by), given(&self.reason)) {
            (Some(by), Some(reason)) => Ok(Some(Requester { by, reason })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(Failure::rejected("`reason` is missing: whoever gives a resource back says why")),
            (None, Some(_)) => Err(Failure::rejected("`by` is missing: a named person gives a resource back")),
        }
    }
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
    Released,
    /// Nothing was ever started, so there is nothing to take back, and nothing is contained.
    NeverStarted,
}

impl<T: Records, A: ActionRunner> Reverser<T, A> {
    /// Starts the reversal, or reads how far it has come. Called until it says `reversed`, `released` where another
    /// incident keeps the resource contained, or `never-started`.
    ///
    /// # Errors
    /// `NeedsOperator` if the account cannot be shown to be as it was found, or if the resource was changed since it was
    /// contained; `Rejected` where a person gives no reason.
    pub async fn reverse(&self, task: ReverseTask, now: Timestamp) -> Result<Reversed, Failure> {
        let requester = task.requester()?;
        let ReverseTask { incident: id, step, .. } = task;
        if step.pass > 1 {
            return Err(Failure::needs_operator("a repetition failed: the first pass stands, and is not taken back"));
        }
        let key = Key::action(&id, &step);
        let record: ActionRecord = self.records.require(&key, "record of this step").await?;
        let answered = match (record.state, &record.reversal) {
            (ActionState::Reversed, _) => Ok(answer(record, State::Reversed)),
            (ActionState::Released, _) => Ok(answer(record, State::Released)),
            (_, Some(run)) => self.read(&key, &record, run, now).await,
            (_, None) => self.begin(&key, record, requester, now).await,
        };
        match answered {
            Err(failure) if failure.fault() != Fault::Transient => Err(self.stuck(&key, failure).await?),
            answered => answered,
        }
    }

    /// A step that was not started is not reversed either: that would read as if all were well.
    async fn never_started(&self, key: &Key, record: &ActionRecord) -> Result<Reversed, Failure> {
        let change = |record: &mut ActionRecord| {
            record.state = ActionState::Failed;
            record.reason.get_or_insert_with(|| "it was never started".to_owned());
            Ok(())
        };
        let failed = self.records.update(key, change).await?;
        if self.let_go(record).await? == LetGo::GiveBack {
            self.records.remove(&Key::hold(&record.step)).await?;
        }
        Ok(answer(failed, State::NeverStarted))
    }

    /// A step of which neither effect nor reversal could be observed. What was contained stays so until it is seen reversed.
    async fn stuck(&self, key: &Key, failure: Failure) -> Result<Failure, Failure> {
        let reason = failure.chain();
        let change = |record: &mut ActionRecord| {
            if record.state == ActionState::Started {
                record.state = ActionState::Failed;
                record.reason = Some(reason.clone());
            }
            Ok(())
        };
        self.records.update(key, change).await?;
        Ok(failure)
    }

    async fn begin(
        &self,
        key: &Key,
        record: ActionRecord,
        requester: Option<Requester>,
        now: Timestamp,
    ) -> Result<Reversed, Failure> {
        let hold_key = Key::hold(&record.step);
        let hold: Option<Hold> = self.records.get(&hold_key).await?;
        let recorded = hold.as_ref().and_then(|hold| hold.before.clone()).or_else(|| record.before.clone());
        let before = match (recorded, &record.automation) {
            (Some(before), _) => Some(before),
            (None, None) => None,
            (None, Some(run)) => match self.runner.progress(&record.step.place(), run).await? {
                Progress::Running => {
                    self.runner.stop(&record.step.place(), run).await?;
                    return Ok(answer(record, State::InProgress));
                }
                Progress::Ended { outputs, .. } => outputs.get("RecordBefore.Before").cloned(),
            },
        };
        if before.is_none() && record.automation.is_none() {
            return self.never_started(key, &record).await;
        }
        if let (Some(hold), Some(requester)) = (&hold, &requester)
            && let Some(reversed) = self.kept_by_others(key, &record, hold, requester).await?
        {
            return Ok(reversed);
        }
        if before.is_some() && !record.step.action.reversible {
            let refusal = format!("`{}` can't be taken back: {}", record.step.action, record.step.action.title);
            return Err(Failure::needs_operator(refusal));
        }
        if let (Some(requester), Some(_)) = (&requester, &before) {
            // What somebody has changed since would be lost, so it is looked at first. A step that failed takes back what
            // it did itself a moment ago.
            let left = hold.as_ref().and_then(|hold| hold.observation.as_deref());
            if let Some(reading) = self.read_since(key, &record, left, requester).await? {
                return Ok(reading);
            }
        }
        if let LetGo::Kept(others) = self.let_go(&record).await? {
            return self.release(key, record, requester, &others).await;
        }
        let Some(before) = before else {
            // Recording is the first step and changes nothing, so without a record nothing was changed.
            return self.close(key, record, now).await;
        };
        let (step, incident, purpose) = (&record.step, &record.incident, record.purpose("reverse"));
        let guard = guard::remembered(&self.records).await?;
        let run = Automation::of(DocumentKind::Reversal, step, incident, &guard, None, Some(&before), &purpose)?;
        let run = self.runner.start(&run).await?;
        let change = |record: &mut ActionRecord| {
            record.reversal = Some(run.clone());
            record.before = record.before.take().or_else(|| Some(before.clone()));
            record.reversed_by = record.reversed_by.take().or_else(|| requester.clone());
            Ok(())
        };
        Ok(answer(self.records.update(key, change).await?, State::InProgress))
    }

    /// Lets go at once where other incidents keep the resource: nothing of it changes, so nothing has to be looked at.
    async fn kept_by_others(
        &self,
        key: &Key,
        record: &ActionRecord,
        hold: &Hold,
        requester: &Requester,
    ) -> Result<Option<Reversed>, Failure> {
        let family = self.family(&record.incident).await?;
        let is_other = |holder: &&IncidentId| **holder != record.incident && !family.contains(*holder);
        if !hold.holders.iter().any(|holder| is_other(&holder)) {
            return Ok(None);
        }
        match self.let_go(record).await? {
            LetGo::Kept(others) => {
                let released = self.release(key, record.clone(), Some(requester.clone()), &others).await?;
                Ok(Some(released))
            }
            LetGo::GiveBack => Ok(None),
        }
    }

    async fn family(&self, id: &IncidentId) -> Result<Vec<IncidentId>, Failure> {
        let incident: Incident = self.records.require(&Key::incident(id), "incident of this id").await?;
        Ok(incident.absorbed)
    }

    async fn let_go(&self, record: &ActionRecord) -> Result<LetGo, Failure> {
        let key = Key::hold(&record.step);
        if self.records.get::<Hold>(&key).await?.is_none() {
            return Ok(LetGo::GiveBack);
        }
        let family = self.family(&record.incident).await?;
        let family: Vec<&IncidentId> = family.iter().collect();
        let gone = RefCell::new(LetGo::GiveBack);
        let change = |hold: &mut Hold| {
            *gone.borrow_mut() = hold.let_go(&record.incident, &family);
            Ok(())
        };
        self.records.update(&key, change).await?;
        Ok(gone.into_inner())
    }

    async fn release(
        &self,
        key: &Key,
        record: ActionRecord,
        requester: Option<Requester>,
        others: &[IncidentId],
    ) -> Result<Reversed, Failure> {
        let names: Vec<&str> = others.iter().map(IncidentId::as_str).collect();
        let reason = format!("it stays contained for {}", names.join(", "));
        let change = |record: &mut ActionRecord| {
            record.state = ActionState::Released;
            record.reason = Some(reason.clone());
            record.reversed_by.clone_from(&requester);
            Ok(())
        };
        self.records.update(key, change).await?;
        Ok(Reversed { incident: record.incident, step: record.step, state: State::Released, reason: Some(reason) })
    }

    async fn read(&self, key: &Key, record: &ActionRecord, run: &str, now: Timestamp) -> Result<Reversed, Failure> {
        let Progress::Ended { succeeded, outputs, failure } = self.runner.progress(&record.step.place(), run).await?
        else {
            return Ok(answer(record.clone(), State::InProgress));
        };
        let shown = if succeeded {
            judge(
                record.step.action,
                record.before.as_deref(),
                outputs.get("ObserveReversal.Observation").map(String::as_str),
            )
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

    /// The resource is as it was found: nobody holds it any more, and no pass of the step stands.
    async fn close(&self, key: &Key, record: ActionRecord, now: Timestamp) -> Result<Reversed, Failure> {
        let change = |record: &mut ActionRecord| {
            record.state = ActionState::Reversed;
            record.reversed_at = record.reversed_at.or(Some(now));
            Ok(())
        };
        let step = &record.step;
        let listing = Listing::of_incident(&record.incident, "ACTION#");
        let records: Vec<ActionRecord> = self.records.list(&listing).await?;
        let is_pass = |other: &&ActionRecord| Step { pass: 1, ..other.step.clone() } == *step;
        for pass in records.iter().filter(is_pass).filter(|other| other.step != *step) {
            self.records.update(&Key::action(&record.incident, &pass.step), change).await?;
        }
        self.records.update(key, change).await?;
        self.records.remove(&Key::hold(step)).await?;
        Ok(answer(record, State::Reversed))
    }
}

fn answer(record: ActionRecord, state: State) -> Reversed {
    Reversed { incident: record.incident, step: record.step, state, reason: record.reason }
}

fn judge(action: ActionId, before: Option<&str>, observation: Option<&str>) -> Result<(), String> {
    let parse = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    match (parse(before), parse(observation)) {
        (Some(before), Some(seen)) => shows_reversal(action, &before, &seen),
        _ => Err("the reversal gave no observation".to_owned()),
    }
}
