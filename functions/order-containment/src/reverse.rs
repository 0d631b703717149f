//! `/reverse`: a named person takes one action back, for a reason.

use crate::Desk;
use crate::request::{Caller, Request};
use incident::containment::{ActionRecord, ActionRunner, ActionState, Reversal};
use incident::ports::{Responses, Settings};
use incident::records::{Key, Records};
use jiff::Timestamp;
use platform::Answer;
use platform::Halt;
use platform::telemetry::count;
use serde_json::json;

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    /// Starts the reversal. Whether the resource is still as it was left is for `reverse-containment` to see.
    pub(crate) async fn reverse(&self, asked: Request, caller: &Caller, now: Timestamp) -> Result<Answer, Halt> {
        let id = asked.needed_incident()?;
        let reason = asked.needed_reason()?;
        let (_, known) = self.known(&id).await?;
        let record = one(&known, &asked, caller)?;
        if !record.step.action.reversible {
            let message = format!("there is no way back from `{}`: a person mends by hand", record.step.action);
            return Err(Halt::refuse(409, "not-reversible", message));
        }
        match record.state {
            // What could not be taken back by itself, a person may try again.
            ActionState::Contained | ActionState::Failed => {}
            ActionState::Started
            | ActionState::Reversed
            | ActionState::Released
            | ActionState::Withheld
            | ActionState::Declined => {
                let state = json!(record.state);
                let message = format!("it is not contained: it is {}", state.as_str().unwrap_or("unknown"));
                return Err(Halt::refuse(409, "not-contained", message));
            }
        }
        let reversal = Reversal::new(id.clone(), record.step.clone(), caller.arn.clone(), reason, now);
        // Of two within a minute, the first counts: the machine's input must be the same.
        let (reversal, is_new) = self.records.create(&Key::reversal(&id, &reversal.id), &reversal).await?;
        let Reversal { incident, step, by, reason, .. } = &reversal;
        let input = json!({
            "incident": incident, "action": step.action, "account": step.account, "region": step.region,
            "target": step.target, "pass": step.pass, "by": by, "reason": reason,
        });
        self.reversals.start(&reversal.execution(), &input).await?;
        if is_new {
            count("ContainmentReversalsOrdered", 1);
        }
        Ok(Answer::of(
            202,
            &json!({"accepted": true, "incident": incident, "reversal": reversal.id, "state": "in-progress"}),
        ))
    }
}

/// The one step that is meant.
fn one<'a>(known: &'a [ActionRecord], asked: &Request, caller: &Caller) -> Result<&'a ActionRecord, Halt> {
    let mut meant = known.iter().filter(|record| asked.is_about(&record.step, caller));
    match (meant.next(), meant.next()) {
        (Some(record), None) => Ok(record),
        (Some(_), Some(_)) => Err(Halt::refuse(409, "region-missing", "it is contained in several regions: name one")),
        (None, _) => Err(Halt::refuse(409, "not-contained", "this incident has not contained it")),
    }
}
