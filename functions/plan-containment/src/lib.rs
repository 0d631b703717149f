//! Works out which actions an incident calls for, and which of them wait for a person.

use incident::containment::guard::{self, Guard, Loaded, Tally, Window};
use incident::containment::plan::Withheld;
use incident::containment::{ActionRecord, ActionState, Hold, Plan, Playbook, Playbooks, Step, Wave};
use incident::ports::Vault;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The planner.
pub struct Planner<T, V> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub vault: V,
    /// All playbooks.
    pub playbooks: Playbooks,
    /// The key that the settings are signed with.
    pub public_key: String,
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
        let organisation = organisation::load(&self.vault).await?;
        let key = Key::incident(&task.incident);
        self.records.require::<Incident>(&key, "incident of this id").await?;
        // What joins from now on asks for another response; what has joined until now is planned here.
        let planned = |incident: &mut Incident| {
            incident.planned = incident.runs;
            Ok(())
        };
        let incident = self.records.update(&key, planned).await?;
        let holdings = &organisation.data_inventory;
        let playbook = self.playbooks.choose(incident.category, &incident.entities, holdings).playbook;
        let Loaded { guard, distrust } = guard::load(&self.vault, &self.records, &self.public_key, now).await?;
        if distrust.is_some() {
            count("GuardDistrusted", 1);
        }
        let plan = self.counted(&incident, playbook, &guard, now).await?;
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
        let mut waves = Vec::new();
        for Wave { after_seconds, steps } in plan.waves {
            let mut own = Vec::new();
            for step in steps.into_iter().filter(|step| is_new(step)) {
                if self.claims(&incident, &step).await? {
                    own.push(PlannedStep { incident: incident.id.clone(), step });
                }
            }
            if !own.is_empty() {
                waves.push(PlannedWave { after_seconds, steps: own });
            }
        }
        Ok(Planned { playbook: playbook.id.clone(), waves, withheld, nothing_fits, incident: incident.id })
    }

    /// The plan, with its steps counted: two incidents that are planned at the same time share the caps.
    async fn counted(
        &self,
        incident: &Incident,
        playbook: &Playbook,
        guard: &Guard,
        now: Timestamp,
    ) -> Result<Plan, Failure> {
        let key = Key::tally();
        self.records.create(&key, &Tally::default()).await?;
        let token = |step: &Step| step.token(&incident.id, "apply");
        let planned = RefCell::new(None);
        let change = |tally: &mut Tally| {
            // What was counted for this incident before is its own, whichever plan counted it.
            let own = Plan::of(playbook, &incident.entities, &Guard::Open, &Window::default(), 0);
            let own: BTreeSet<String> = own.first_passes().map(token).collect();
            let others = tally.before(now, |counted| own.contains(counted));
            let plan = Plan::of(playbook, &incident.entities, guard, &others, self.repeat_after_seconds);
            tally.count(plan.first_passes().map(|step| (token(step), step)), now);
            *planned.borrow_mut() = Some(plan);
            Ok(())
        };
        self.records.update(&key, change).await?;
        planned.into_inner().ok_or_else(|| Failure::transient("nothing was planned"))
    }

    /// Whether this incident takes the step: not where one that turned out to be the same incident keeps the resource
    /// contained. Each resource is contained once, whoever plans first.
    async fn claims(&self, incident: &Incident, step: &Step) -> Result<bool, Failure> {
        let hold: Option<Hold> = self.records.get(&Key::hold(step)).await?;
        let is_family =
            |holder: &IncidentId| incident.absorbed.contains(holder) || incident.absorbed_by.as_ref() == Some(holder);
        Ok(!hold.is_some_and(|hold| hold.holders.iter().any(is_family)))
    }
}
