//! Works out which actions an incident calls for, and which of them wait for a person.

use incident::containment::guard::Guard;
use incident::containment::plan::Withheld;
use incident::containment::{ActionRecord, ActionState, Plan, Playbooks, Step};
use incident::ports::Vault;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The planner.
pub struct Planner<T, V> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub vault: V,
    /// All playbooks.
    pub playbooks: Playbooks,
    /// The time between two passes of an action that needs two.
    pub repeat_after_seconds: u32,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct PlanTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// The plan, as the state machine reads it.
#[derive(Debug, Serialize)]
pub struct Planned {
    incident: IncidentId,
    playbook: String,
    waves: Vec<PlannedWave>,
    withheld: Vec<Withheld>,
    /// No action of the playbook fits what the findings name: a person has to know that nothing is contained.
    nothing_fits: bool,
}

#[derive(Debug, Serialize)]
struct PlannedWave {
    after_seconds: u32,
    steps: Vec<PlannedStep>,
}

#[derive(Debug, Serialize)]
struct PlannedStep {
    incident: IncidentId,
    #[serde(flatten)]
    step: Step,
}

impl<T: Records, V: Vault> Planner<T, V> {
    /// Plans what is not yet under way: a second finding contains only what it newly names.
    ///
    /// # Errors
    /// `Rejected` without such an incident, `NeedsOperator` without usable settings.
    pub async fn plan(&self, task: PlanTask, now: Timestamp) -> Result<Planned, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        let organisation = organisation::load(&self.vault).await?;
        let playbook = self.playbooks.for_category(incident.category);
        let plan = Plan::of(playbook, &incident.entities, &Guard::of(&organisation), self.repeat_after_seconds);
        let nothing_fits = plan.waves.is_empty() && plan.withheld.is_empty();
        let under_way: Vec<ActionRecord> = self.records.list(&Listing::of_incident(&incident.id, "ACTION#")).await?;
        let is_new = |step: &Step| !under_way.iter().any(|record| record.step == *step);

        let mut withheld = Vec::new();
        for held in plan.withheld.into_iter().filter(|held| is_new(&held.step)) {
            let mut record = ActionRecord::started(incident.id.clone(), held.step.clone(), now);
            record.state = ActionState::Withheld;
            record.reason = Some(held.reason.clone());
            self.records.create(&Key::action(&incident.id, &held.step), &record).await?;
            withheld.push(held);
        }
        let waves = plan.waves.into_iter().filter_map(|wave| {
            let steps = wave.steps.into_iter().filter(|step| is_new(step));
            let steps: Vec<_> = steps.map(|step| PlannedStep { incident: incident.id.clone(), step }).collect();
            (!steps.is_empty()).then_some(PlannedWave { after_seconds: wave.after_seconds, steps })
        });
        let waves = waves.collect();
        Ok(Planned { playbook: playbook.id.clone(), waves, withheld, nothing_fits, incident: incident.id })
    }
}
