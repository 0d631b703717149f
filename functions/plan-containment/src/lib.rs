//! Works out which actions an incident calls for, and which of them wait for a person.

use incident::containment::guard::{self, EvidencePlace, Guard, Loaded, Tally, Window};
use incident::containment::plan::Withheld;
use incident::containment::{
    ActionRecord, ActionState, Approval, ApprovalId, Hold, Order, OrderId, Plan, Playbook, Playbooks, Step, Wave,
    approval,
};
use incident::ports::Settings;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The planner.
pub struct Planner<T, S> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// All playbooks.
    pub playbooks: Playbooks,
    /// The key that the settings are signed with.
    pub public_key: String,
    /// Where evidence lies, which no automatic action touches.
    pub evidence: EvidencePlace,
    /// The time between two passes of an action that needs two.
    pub repeat_after_seconds: u32,
}

/// Which incident, and what a person has ordered for it.
#[derive(Debug, Deserialize)]
pub struct PlanTask {
    /// Its identifier.
    pub incident: IncidentId,
    /// The order. With one, exactly its steps are planned: a person has answered the guards.
    #[serde(default)]
    pub order: Option<OrderId>,
}

/// The plan, as the state machine reads it.
#[derive(Debug, Serialize)]
pub struct Planned {
    incident: IncidentId,
    playbook: Option<String>,
    waves: Vec<PlannedWave>,
    /// The approvals to ask for: what waits for a person and was not asked for yet.
    approvals: Vec<ApprovalId>,
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

impl<T: Records, S: Settings> Planner<T, S> {
    /// Plans what is not yet under way, or what a person has ordered.
    ///
    /// # Errors
    /// `Rejected` without such an incident or order, `NeedsOperator` without usable settings.
    pub async fn plan(&self, task: PlanTask, now: Timestamp) -> Result<Planned, Failure> {
        match &task.order {
            Some(order) => self.plan_order(&task.incident, order, now).await,
            None => self.plan_playbook(&task.incident, now).await,
        }
    }

    /// A second finding contains only what it newly names.
    async fn plan_playbook(&self, id: &IncidentId, now: Timestamp) -> Result<Planned, Failure> {
        let organisation = organisation::load(&self.settings).await?;
        let key = Key::incident(id);
        self.records.require::<Incident>(&key, "incident of this id").await?;
        // What joins from now on asks for another response; what has joined until now is planned here.
        let planned = |incident: &mut Incident| {
            incident.planned = incident.runs;
            Ok(())
        };
        let incident = self.records.update(&key, planned).await?;
        let holdings = &organisation.data_inventory;
        let playbook = self.playbooks.choose(incident.category, &incident.entities, holdings).playbook;
        let Loaded { guard, distrust } = guard::load(&self.settings, &self.records, &self.public_key, now).await?;
        let guard = guard.sparing(&self.evidence);
        if distrust.is_some() {
            count("GuardDistrusted", 1);
        }
        let plan = self.counted(&incident, playbook, &guard, now).await?;
        let nothing_fits = plan.waves.is_empty() && plan.withheld.is_empty();
        let under_way: Vec<ActionRecord> = self.records.list(&Listing::of_incident(id, "ACTION#")).await?;

        let approvals = self.withhold(&incident, playbook, plan.withheld, &under_way, now).await?;
        let mut waves = Vec::new();
        for Wave { after_seconds, mut steps } in plan.waves {
            steps.retain(|step| !under_way.iter().any(|record| record.step == *step));
            waves.extend(self.claimed(&incident, after_seconds, steps).await?);
        }
        Ok(Planned { playbook: Some(playbook.id.clone()), waves, approvals, nothing_fits, incident: incident.id })
    }

    /// Puts what does not run by itself before a person; answers with the approvals that nobody was asked for yet.
    ///
    /// Approvals come before the records of their steps, and both are looked up first: a repeat after a plan that broke off
    /// at any point asks for the same.
    async fn withhold(
        &self,
        incident: &Incident,
        playbook: &Playbook,
        mut withheld: Vec<Withheld>,
        under_way: &[ActionRecord],
        now: Timestamp,
    ) -> Result<Vec<ApprovalId>, Failure> {
        let mut known: Vec<Approval> = self.records.list(&Listing::of_incident(&incident.id, "APPROVAL#")).await?;
        withheld.retain(|held| {
            under_way.iter().all(|record| record.step != held.step || record.state == ActionState::Withheld)
        });
        let is_asked = |step: &Step| known.iter().flat_map(Approval::steps).any(|asked| asked.step == *step);
        let new: Vec<Withheld> = withheld.iter().filter(|held| !is_asked(&held.step)).cloned().collect();
        known.extend(Approval::of_withheld(&incident.id, playbook, &new, now));
        known.retain(|approval| approval.decision.is_none() && approval.asked == 0);
        for waiting in &known {
            approval::ask(&self.records, waiting).await?;
        }
        for held in withheld {
            let mut record = ActionRecord::started(incident.id.clone(), held.step, now);
            record.state = ActionState::Withheld;
            record.reason = Some(held.reason);
            self.records.create(&Key::action(&incident.id, &record.step), &record).await?;
        }
        Ok(known.into_iter().map(|approval| approval.id).collect())
    }

    /// Plans what a person ordered.
    async fn plan_order(&self, id: &IncidentId, order: &OrderId, now: Timestamp) -> Result<Planned, Failure> {
        let incident: Incident = self.records.require(&Key::incident(id), "incident of this id").await?;
        let order: Order = self.records.require(&Key::order(id, order), "order of this id").await?;
        let mut waves = Vec::new();
        for Wave { after_seconds, steps } in order.plan(self.repeat_after_seconds) {
            for step in &steps {
                self.begin(&order, step, now).await?;
            }
            waves.extend(self.claimed(&incident, after_seconds, steps).await?);
        }
        Ok(Planned { playbook: None, waves, approvals: Vec::new(), nothing_fits: false, incident: incident.id })
    }

    /// Makes a step that waits, was declined, or was taken back before one that is about to run. Each order does so once.
    async fn begin(&self, order: &Order, step: &Step, now: Timestamp) -> Result<(), Failure> {
        let key = Key::action(&order.incident, step);
        let mut first = ActionRecord::started(order.incident.clone(), step.clone(), now);
        first.order = Some(order.id.clone());
        let begun = |record: &ActionRecord| match record.state {
            ActionState::Started | ActionState::Contained => None,
            ActionState::Withheld | ActionState::Declined => Some(first.clone()),
            ActionState::Failed | ActionState::Reversed | ActionState::Released => {
                let again = ActionRecord { order: first.order.clone(), ..record.again(now) };
                (record.order != first.order).then_some(again)
            }
        };
        let (kept, _) = self.records.create(&key, &first).await?;
        if begun(&kept).is_some() {
            let change = |record: &mut ActionRecord| {
                if let Some(begun) = begun(record) {
                    *record = begun;
                }
                Ok(())
            };
            self.records.update(&key, change).await?;
        }
        Ok(())
    }

    /// The wave of those steps that this incident takes; `None` if it takes none.
    async fn claimed(
        &self,
        incident: &Incident,
        after_seconds: u32,
        steps: Vec<Step>,
    ) -> Result<Option<PlannedWave>, Failure> {
        let mut own = Vec::new();
        for step in steps {
            if self.claims(incident, &step).await? {
                own.push(PlannedStep { incident: incident.id.clone(), step });
            }
        }
        Ok((!own.is_empty()).then_some(PlannedWave { after_seconds, steps: own }))
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
