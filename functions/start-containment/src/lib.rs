//! Starts one containment action, or joins the run that was started before.

use incident::containment::guard::{self, EvidencePlace, Guard};
use incident::containment::hold::{Hold, Taken};
use incident::containment::{ActionRecord, ActionRunner, ActionState, Automation, DocumentKind, Step};
use incident::ports::Settings;
use incident::records::{Key, Records};
use incident::{Failure, Fault, Incident, IncidentId};
use jiff::Timestamp;
use platform::aws::MemberRole;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// Starts actions.
pub struct Starter<T, S, A> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Runs the documents.
    pub runner: A,
    /// The key that the settings are signed with.
    pub public_key: String,
    /// Where evidence lies, which no automatic action touches.
    pub evidence: EvidencePlace,
    /// The role by which `preserve-evidence` must still read a bucket that is locked.
    pub evidence_role: MemberRole,
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

impl<T: Records, S: Settings, A: ActionRunner> Starter<T, S, A> {
    /// Starts the step. A repeat joins the first run: the token is derived from incident, action, target and pass. Where
    /// another incident contains the same resource, its run is joined, or it is applied again over what that one left.
    ///
    /// # Errors
    /// `NeedsOperator` if the step was reversed, waits for a person, or cannot be started, which is then recorded as failed;
    /// `Transient` where SSM throttles.
    pub async fn start(&self, task: StartTask, now: Timestamp) -> Result<Started, Failure> {
        let StartTask { incident: id, step } = task;
        self.records.require::<Incident>(&Key::incident(&id), "incident of this id").await?;
        let key = Key::action(&id, &step);
        let (record, _) = self.records.create(&key, &ActionRecord::started(id.clone(), step.clone(), now)).await?;
        match record.state {
            ActionState::Started | ActionState::Contained => {}
            ActionState::Failed | ActionState::Reversed | ActionState::Released => {
                let refusal = format!("`{}` failed or was reversed before: a person decides", step.action);
                return Err(Failure::needs_operator(refusal));
            }
            // An order makes it a started one before it comes here.
            ActionState::Withheld | ActionState::Declined => {
                return Err(Failure::needs_operator(format!("`{}` waits for a person", step.action)));
            }
        }
        if let Some(automation) = record.automation {
            return Ok(Started { incident: id, step, automation });
        }
        let (automation, started_at) = match self.take(&step, &id, now).await? {
            Taken::Wait(reason) => return Err(Failure::transient(reason)),
            Taken::Join(first) => (first.automation.unwrap_or_default(), first.at),
            Taken::Start(before) => match self.launch(&record, before.as_deref(), now).await {
                Ok(automation) => (automation, record.started_at),
                Err(failure) => return Err(self.give_up(&key, failure).await?),
            },
        };
        let announce = |hold: &mut Hold| {
            hold.started(&id, &automation);
            Ok(())
        };
        self.records.update(&Key::hold(&step), announce).await?;
        let note = |record: &mut ActionRecord| {
            record.automation = Some(automation.clone());
            record.started_at = started_at;
            record.reason = None;
            Ok(())
        };
        self.records.update(&key, note).await?;
        Ok(Started { incident: id, step, automation })
    }

    /// Makes this incident one that keeps the resource contained.
    async fn take(&self, step: &Step, incident: &IncidentId, now: Timestamp) -> Result<Taken, Failure> {
        let key = Key::hold(step);
        self.records.create(&key, &Hold::default()).await?;
        let taken = RefCell::new(Taken::Wait("nobody has asked yet"));
        let change = |hold: &mut Hold| {
            *taken.borrow_mut() = hold.take(incident, now);
            Ok(())
        };
        self.records.update(&key, change).await?;
        Ok(taken.into_inner())
    }

    /// Records why nothing was started. What only a person can mend has failed; what may succeed later has not yet.
    async fn give_up(&self, key: &Key, failure: Failure) -> Result<Failure, Failure> {
        let is_final = failure.fault() != Fault::Transient;
        let reason = failure.chain();
        let change = |record: &mut ActionRecord| {
            record.reason = Some(reason.clone());
            if is_final {
                record.state = ActionState::Failed;
            }
            Ok(())
        };
        self.records.update(key, change).await?;
        Ok(if is_final {
            Failure::needs_operator("nothing was started, so not contained").because(failure)
        } else {
            failure
        })
    }

    async fn launch(&self, record: &ActionRecord, before: Option<&str>, now: Timestamp) -> Result<String, Failure> {
        self.runner.start(&self.run(record, before, now).await?).await
    }

    async fn run(&self, record: &ActionRecord, before: Option<&str>, now: Timestamp) -> Result<Automation, Failure> {
        // Reading settings that no parameter needs would only cost time.
        let guard = if record.step.action.parameters.is_empty() {
            Guard::Open
        } else {
            guard::load(&self.settings, &self.records, &self.public_key, now).await?.guard.sparing(&self.evidence)
        };
        let role = self.evidence_role.arn(&record.step.account);
        let (step, incident) = (&record.step, &record.incident);
        Automation::of(DocumentKind::Document, step, incident, &guard, Some(&role), before, &record.purpose("apply"))
    }
}
