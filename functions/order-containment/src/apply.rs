//! `/apply`: a person orders one action on one resource. The same order once more is the same order.

use crate::Desk;
use crate::request::{Caller, Request};
use incident::containment::approval::{self, AskedStep};
use incident::containment::{ActionRecord, ActionRunner, ActionState, Approval, Order, OrderId, Step};
use incident::finding::Located;
use incident::ports::{Responses, Settings};
use incident::post_incident::RegisterEntry;
use incident::records::{Key, Listing, Records};
use incident::{Incident, IncidentId};
use jiff::Timestamp;
use platform::Answer;
use platform::Halt;
use platform::telemetry::count;
use serde_json::{Value, json};

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    pub(crate) async fn apply(&self, asked: Request, caller: &Caller, now: Timestamp) -> Result<Answer, Halt> {
        let reason = asked.needed_reason()?;
        let found = asked.located(caller, &self.home_region)?;
        // Nothing is opened while nobody knows what must not be touched.
        let guard = self.guard(now).await?;
        let (incident, known) = match &asked.incident {
            Some(id) => self.known(id).await?,
            None => self.opened(&asked, &found, caller, &reason, now).await?,
        };
        if let Some(elder) = &incident.absorbed_by {
            let message = format!("the incident turned out to be part of {elder}: contain it there");
            return Err(Halt::refuse(409, "absorbed", message));
        }
        let step = Step::on(asked.action, &found);
        // A finding that knows no region of a bucket is about the same bucket.
        let is_it = |record: &&ActionRecord| {
            asked.is_about(&record.step, caller) && (record.step.region.is_none() || record.step.region == step.region)
        };
        let record = known.iter().find(is_it);
        let step = record.map_or(step.clone(), |record| record.step.clone());
        let state = record.map(|record| record.state);
        let before = match state {
            // What was given back is contained again by another order.
            Some(ActionState::Failed | ActionState::Reversed | ActionState::Released) => None,
            None
            | Some(ActionState::Started | ActionState::Contained | ActionState::Withheld | ActionState::Declined) => {
                self.repeated(&incident.id, &step, &caller.arn, &reason).await?
            }
        };
        // Another person, or a playbook, has contained it: one action.
        if let (Some(state @ (ActionState::Started | ActionState::Contained)), None) = (state, &before) {
            return Ok(accepted(200, &incident.id, None, &json!(state)));
        }
        let order = match before {
            Some(order) => order,
            None => {
                if let Some(objection) = self.objection(&guard, &step, &found, &known, now).await? {
                    return self.ask(&incident.id, step, objection, caller, now).await;
                }
                let order = Order::of(incident.id.clone(), vec![vec![step]], caller.arn.clone(), reason, now, None);
                self.records.create(&Key::order(&incident.id, &order.id), &order).await?;
                count("ContainmentOrders", 1);
                order
            }
        };
        let input = json!({"incident": incident.id, "order": order.id});
        self.containments.start(&order.execution(), &input).await?;
        Ok(accepted(202, &incident.id, Some(&order.id), &json!("started")))
    }

    /// The order that this person has given for the same reason before: a repeat is no other order.
    async fn repeated(&self, id: &IncidentId, step: &Step, by: &str, reason: &str) -> Result<Option<Order>, Halt> {
        let orders: Vec<Order> = self.records.list(&Listing::of_incident(id, "ORDER#")).await?;
        let is_same = |order: &Order| {
            let is_only = order.waves.iter().flatten().eq([step]);
            is_only && order.by == by && order.reason == reason && order.approval.is_none()
        };
        Ok(orders.into_iter().filter(is_same).max_by_key(|order| order.at))
    }

    /// The incident, and the steps that are recorded under it.
    pub(crate) async fn known(&self, id: &IncidentId) -> Result<(Incident, Vec<ActionRecord>), Halt> {
        let incident: Option<Incident> = self.records.get(&Key::incident(id)).await?;
        let incident =
            incident.ok_or_else(|| Halt::refuse(404, "no-such-incident", "there is no incident of this id"))?;
        Ok((incident, self.records.list(&Listing::of_incident(id, "ACTION#")).await?))
    }

    /// The incident that this person opens by hand, or has opened before.
    async fn opened(
        &self,
        asked: &Request,
        found: &Located,
        caller: &Caller,
        reason: &str,
        now: Timestamp,
    ) -> Result<(Incident, Vec<ActionRecord>), Halt> {
        let id = IncidentId::by_hand(&caller.arn, found, reason);
        let new = Incident::open_by_hand(id.clone(), &caller.arn, asked.action, found.clone(), &self.home_region, now);
        self.records.create(&Key::register(&id), &RegisterEntry::opening(&new, now)).await?;
        self.records.create(&Key::incident(&id), &new).await?;
        self.known(&id).await
    }

    /// Puts the step before a second person instead of running it.
    async fn ask(
        &self,
        incident: &IncidentId,
        step: Step,
        objection: String,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Answer, Halt> {
        let asked = vec![vec![AskedStep::of(step, objection.clone())]];
        let approval = Approval::of(incident.clone(), asked, Some(caller.arn.clone()), now);
        let known: Option<Approval> = self.records.get(&Key::approval(incident, &approval.id)).await?;
        if let Some(decision) = known.and_then(|known| known.decision) {
            let message = format!("{objection}; asked before, and decided: {}", decision.reason);
            return Err(Halt::refuse(409, "decided-before", message));
        }
        approval::ask(&self.records, &approval).await?;
        let input = json!({"incident": incident, "approval": approval.id});
        self.approvals.start(&format!("{incident}-{}", approval.id), &input).await?;
        count("ContainmentApprovalsOrdered", 1);
        let body = json!({
            "accepted": false, "code": "needs-approval", "message": objection, "incident": incident, "approval": approval.id,
        });
        Err(Halt::Refused(Answer::of(409, &body)))
    }
}

fn accepted(status: u16, incident: &IncidentId, order: Option<&OrderId>, state: &Value) -> Answer {
    Answer::of(status, &json!({"accepted": true, "incident": incident, "order": order, "state": state}))
}
