//! Ends the reviews of duties that the facts do not bring any more, or another incident has taken over. Nobody decides about them,
//! and the reason is on record.

use incident::notification::{Duty, DutyState, Facts, LegalReview, Rules, finish_review, obsolete_because};
use incident::ports::{Gate, Settings, Silencer};
use incident::records::{Key, Listing, Records};
use incident::{Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};

/// Closes.
pub struct Closer<T, S, G, Q> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings: its own rules bring duties, too.
    pub settings: S,
    /// The executions that wait.
    pub gate: G,
    /// Ends the reminders of counsel.
    pub silencer: Q,
    /// The rules of law.
    pub rules: Rules,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct CloseTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// The duties that have ended, of this incident and of those that are part of it.
#[derive(Debug, Serialize)]
pub struct Closed {
    incident: IncidentId,
    obsolete: Vec<String>,
}

impl<T: Records, S: Settings, G: Gate, Q: Silencer> Closer<T, S, G, Q> {
    /// Ends every duty that is obsolete, and what waits for counsel about it. What is being sent goes on.
    ///
    /// # Errors
    /// `Rejected` without such an incident; `NeedsOperator` where the organisation's rules cannot be used; what the table, Step
    /// Functions or the scheduler answers.
    pub async fn close(&self, task: CloseTask, now: Timestamp) -> Result<Closed, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        let rules = organisation::rules(&self.settings, &self.rules).await?;
        let mut obsolete = self.close_duties_of(&incident, &rules, now).await?;
        for part in &incident.absorbed {
            if let Some(part) = self.records.get::<Incident>(&Key::incident(part)).await? {
                obsolete.extend(self.close_duties_of(&part, &rules, now).await?);
            }
        }
        Ok(Closed { incident: task.incident, obsolete })
    }

    async fn close_duties_of(
        &self,
        incident: &Incident,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Vec<String>, Failure> {
        let facts: Vec<Facts> = self.records.list(&Listing::of_incident(&incident.id, "FACTS#")).await?;
        // Without facts nothing was assessed, so there is no duty either.
        let Some(facts) = facts.last() else { return Ok(Vec::new()) };
        let assessment = rules.assess(facts);
        let duties: Vec<Duty> = self.records.list(&Listing::of_incident(&incident.id, "OBLIGATION#")).await?;
        let mut obsolete = Vec::new();
        for duty in duties {
            // What was ended, or decided, by an attempt that broke off is ended to the last.
            let because = match duty.state {
                DutyState::Obsolete => duty.ended_because.clone(),
                DutyState::Sent | DutyState::Withheld | DutyState::NotNotifiable => {
                    for review in self.reviews(&duty).await? {
                        self.finish(&review).await?;
                    }
                    None
                }
                DutyState::Open | DutyState::NotTurnedOn => obsolete_because(&duty, incident, &assessment),
            };
            if let Some(because) = because
                && self.end(&duty, &because, now).await?
            {
                obsolete.push(duty.obligation.id);
            }
        }
        Ok(obsolete)
    }

    /// Ends a duty: on record first, then what waits. `false`: its notice is being sent.
    async fn end(&self, duty: &Duty, because: &str, now: Timestamp) -> Result<bool, Failure> {
        let (incident, obligation) = (&duty.incident, &duty.obligation.id);
        if self.reviews(duty).await?.iter().any(|review| review.sending_since.is_some()) {
            return Ok(false);
        }
        if duty.state != DutyState::Obsolete {
            let change = |duty: &mut Duty| {
                if !duty.state.is_final() {
                    duty.state = DutyState::Obsolete;
                    duty.changed_at = now;
                    duty.ended_because = Some(because.to_owned());
                }
                Ok(())
            };
            self.records.update(&Key::obligation(incident, obligation), change).await?;
            count("DutiesObsolete", 1);
        }
        // Listed again: whoever asked before the duty ended is found, and whoever asks after it sees that it has.
        for review in self.reviews(duty).await? {
            self.end_review(&review, because, now).await?;
        }
        Ok(true)
    }

    /// The reviews of every draft of a duty.
    async fn reviews(&self, duty: &Duty) -> Result<Vec<LegalReview>, Failure> {
        self.records.list(&Listing::of_incident(&duty.incident, format!("REVIEW#{}#", duty.obligation.id))).await
    }

    async fn end_review(&self, review: &LegalReview, because: &str, now: Timestamp) -> Result<(), Failure> {
        let LegalReview { incident, obligation, version, .. } = review;
        let mut closed = review.clone();
        closed.close(because, now);
        if closed != *review {
            let change = |review: &mut LegalReview| {
                review.close(because, now);
                Ok(())
            };
            closed = self.records.update(&Key::review(incident, obligation, *version), change).await?;
        }
        // Also of one that was decided: whoever decided may have stopped before what follows from it.
        self.finish(&closed).await
    }

    async fn finish(&self, review: &LegalReview) -> Result<(), Failure> {
        finish_review(&self.records, &self.gate, &self.silencer, review).await
    }
}
