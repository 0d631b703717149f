//! Works out who must be told by when, from what is known and, where it is unknown, from the worst that it can be.

use incident::notification::facts::AUTHOR;
use incident::notification::{Duty, DutyState, Facts, Obligation, Rules};
use incident::ports::Settings;
use incident::post_incident::reopen_where_owed;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, Organisation, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Assesses.
pub struct Assessor<T, S> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// The rules of law.
    pub rules: Rules,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct AssessTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// The duties, as the state machine reads them.
#[derive(Debug, Serialize)]
pub struct Assessed {
    incident: IncidentId,
    facts_version: u32,
    /// Each chain runs by itself. Within one, a duty whose clock starts with another's notice, or that has to wait until that
    /// is sent, follows that one.
    chains: Vec<Chain>,
    /// Duties that are established, under rules that counsel has not turned on: a person must know of them.
    not_turned_on: Vec<String>,
    /// Duties under rules that are not turned on and that only unknown facts bring: they wait for facts, and wake nobody.
    undetermined: Vec<String>,
}

impl Assessed {
    fn nothing(incident: IncidentId, facts_version: u32) -> Self {
        Self { incident, facts_version, chains: Vec::new(), not_turned_on: Vec::new(), undetermined: Vec::new() }
    }
}

#[derive(Debug, Serialize)]
struct Chain {
    duties: Vec<Notify>,
}

#[derive(Debug, Serialize)]
struct Notify {
    incident: IncidentId,
    obligation: String,
    execution: String,
}

impl<T: Records, S: Settings> Assessor<T, S> {
    /// Assesses the newest facts, and records every duty. A duty that was sent or withheld stays as it is; a closed incident with
    /// a duty that is not settled opens again.
    ///
    /// # Errors
    /// `NeedsOperator`, by name, where the organisation's settings do not fit the rules.
    pub async fn assess(&self, task: AssessTask, now: Timestamp) -> Result<Assessed, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        if incident.absorbed_by.is_some() {
            // Its duties are those of the incident that it is part of, which are assessed from all that is known.
            return Ok(Assessed::nothing(incident.id, 0));
        }
        let organisation = organisation::load(&self.settings).await?;
        if let Some(error) = self.rules.check_settings(&organisation).into_iter().next() {
            return Err(organisation::unusable(error));
        }
        let rules = self.rules.of(&organisation).map_err(organisation::unusable)?;
        let facts = self.facts(&organisation, &incident, now).await?;
        let assessment = rules.assess(&facts);
        let mut assessed = Assessed::nothing(incident.id.clone(), facts.version());
        let mut open: Vec<Obligation> = Vec::new();
        let mut executions: BTreeMap<String, String> = BTreeMap::new();
        for obligation in assessment.obligations {
            if obligation.is_undetermined(&organisation) {
                assessed.undetermined.push(obligation.id);
                continue;
            }
            if obligation.is_internal() && !obligation.is_turned_on(&organisation) {
                continue;
            }
            let duty = self.record(&incident.id, &organisation, obligation, facts.version(), now).await?;
            match duty.state {
                DutyState::Open => {
                    executions.insert(duty.obligation.id.clone(), duty.execution());
                    open.push(duty.obligation);
                }
                DutyState::NotTurnedOn => assessed.not_turned_on.push(duty.obligation.id),
                DutyState::Sent | DutyState::Withheld | DutyState::NotNotifiable | DutyState::Obsolete => {}
            }
        }
        reopen_where_owed(&self.records, &incident.id, now).await?;
        assessed.chains = chains(&incident.id, &open);
        // A duty that came back has an execution of its own: the name of the first one is taken for 90 days.
        for notify in assessed.chains.iter_mut().flat_map(|chain| &mut chain.duties) {
            if let Some(execution) = executions.remove(&notify.obligation) {
                notify.execution = execution;
            }
        }
        Ok(assessed)
    }

    /// The newest facts, with what the findings have brought since.
    async fn facts(&self, organisation: &Organisation, incident: &Incident, now: Timestamp) -> Result<Facts, Failure> {
        let versions: Vec<Facts> = self.records.list(&Listing::of_incident(&incident.id, "FACTS#")).await?;
        let next = match versions.into_iter().next_back() {
            None => Facts::derive(organisation, incident),
            Some(last) => {
                let grown = last.grown(organisation, incident);
                if grown.is_empty() {
                    return Ok(last);
                }
                last.amend(grown, AUTHOR, "new findings joined the incident", now)
                    .map_err(|error| Failure::needs_operator("the facts cannot be amended").because(error))?
            }
        };
        Ok(self.records.create(&Key::facts(&incident.id, next.version()), &next).await?.0)
    }

    async fn record(
        &self,
        incident: &IncidentId,
        organisation: &Organisation,
        obligation: Obligation,
        facts_version: u32,
        now: Timestamp,
    ) -> Result<Duty, Failure> {
        let is_on = obligation.is_turned_on(organisation);
        let state = if is_on { DutyState::Open } else { DutyState::NotTurnedOn };
        let key = Key::obligation(incident, &obligation.id);
        let duty = Duty {
            incident: incident.clone(),
            obligation,
            facts_version,
            state,
            changed_at: now,
            ended_because: None,
            returns: 0,
        };
        let (kept, is_new) = self.records.create(&key, &duty).await?;
        if is_new || kept.state.is_final() || (kept.obligation == duty.obligation && kept.state == state) {
            return Ok(kept);
        }
        let change = |kept: &mut Duty| {
            if !kept.state.is_final() {
                let returns = kept.returns + u32::from(kept.state == DutyState::Obsolete);
                *kept = Duty { returns, ..duty.clone() };
            }
            Ok(())
        };
        self.records.update(&key, change).await
    }
}

/// Every open duty stands in exactly one chain.
fn chains(incident: &IncidentId, open: &[Obligation]) -> Vec<Chain> {
    let follows = |obligation: &Obligation, first: &str| {
        obligation.id != first && obligation.after.iter().chain(&obligation.waits_for).any(|id| id == first)
    };
    let leads = |obligation: &Obligation| !open.iter().any(|other| follows(obligation, &other.id));
    let mut left: Vec<&Obligation> = open.iter().collect();
    // Duties that wait for each other in a circle have no head; the sort puts them last, and they lead themselves.
    left.sort_by_key(|obligation| !leads(obligation));
    let mut chains = Vec::new();
    while !left.is_empty() {
        let mut chain = vec![left.remove(0)];
        while let Some(place) = left.iter().position(|next| {
            // One that waits for several comes after the last of them.
            let is_free = !left.iter().any(|other| other.id != next.id && follows(next, &other.id));
            is_free && chain.iter().any(|duty| follows(next, &duty.id))
        }) {
            chain.push(left.remove(place));
        }
        let notify = |obligation: &Obligation| Notify {
            incident: incident.clone(),
            obligation: obligation.id.clone(),
            execution: format!("{incident}-{}", obligation.id),
        };
        chains.push(Chain { duties: chain.into_iter().map(notify).collect() });
    }
    chains
}
