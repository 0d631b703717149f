//! Works out who must be told by when, from what is known and, where it is unknown, from the worst that it can be.

use incident::notification::facts::AUTHOR;
use incident::notification::{Duty, DutyState, Facts, Obligation, Rules};
use incident::ports::Vault;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, Organisation, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Assesses.
pub struct Assessor<T, V> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub vault: V,
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
    obligations: Vec<Notify>,
    /// Duties under rules that counsel has not turned on: a person must know of them.
    not_turned_on: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Notify {
    incident: IncidentId,
    obligation: String,
    execution: String,
}

impl<T: Records, V: Vault> Assessor<T, V> {
    /// Assesses the newest facts, and records every duty. A duty that was sent or withheld stays as it is.
    ///
    /// # Errors
    /// `NeedsOperator`, by name, where the organisation's settings do not fit the rules.
    pub async fn assess(&self, task: AssessTask, now: Timestamp) -> Result<Assessed, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        let organisation = organisation::load(&self.vault).await?;
        if let Some(error) = self.rules.check_settings(&organisation).into_iter().next() {
            return Err(Failure::needs_operator(format!("`{}` cannot be used", organisation::PATH)).because(error));
        }
        let facts = self.facts(&organisation, &incident, now).await?;
        let assessment = self.rules.assess(&facts);
        let mut assessed = Assessed {
            incident: incident.id.clone(),
            facts_version: facts.version(),
            obligations: Vec::new(),
            not_turned_on: Vec::new(),
        };
        for obligation in assessment.obligations {
            let duty = self.record(&incident.id, &organisation, obligation, facts.version(), now).await?;
            match duty.state {
                DutyState::Open => assessed.obligations.push(Notify {
                    execution: format!("{}-{}", incident.id, duty.obligation.id),
                    obligation: duty.obligation.id,
                    incident: incident.id.clone(),
                }),
                DutyState::NotTurnedOn => assessed.not_turned_on.push(duty.obligation.id),
                DutyState::Sent | DutyState::Withheld => {}
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
        let is_on = organisation.recipients.contains_key(&obligation.id);
        let state = if is_on { DutyState::Open } else { DutyState::NotTurnedOn };
        let key = Key::obligation(incident, &obligation.id);
        let duty = Duty { incident: incident.clone(), obligation, facts_version, state, changed_at: now };
        let (kept, is_new) = self.records.create(&key, &duty).await?;
        let is_settled = matches!(kept.state, DutyState::Sent | DutyState::Withheld);
        if is_new || is_settled || (kept.obligation == duty.obligation && kept.state == state) {
            return Ok(kept);
        }
        let change = |kept: &mut Duty| {
            if !matches!(kept.state, DutyState::Sent | DutyState::Withheld) {
                kept.clone_from(&duty);
            }
            Ok(())
        };
        self.records.update(&key, change).await
    }
}
