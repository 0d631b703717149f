//! Shows the steps that wait for a person, and takes the decision about them, from somebody whom AWS has authenticated
//! (function URL, `AWS_IAM`).

mod call;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use call::Call;
use incident::containment::approval::{Attempt, DecisionRequest, Refusal};
use incident::containment::{ActionRecord, ActionState, Approval, ApprovalId};
use incident::ports::{Gate, Responses};
use incident::records::{GateToken, Key, Listing, Records, WaitingApproval};
use incident::{Digest, Failure, Incident, IncidentId};
use jiff::Timestamp;
use platform::Answer;
use platform::entry::parse;
use platform::telemetry::count;
use serde_json::{Value, json};
use std::cell::RefCell;

/// Shows approvals and takes decisions.
pub struct Desk<T, G, R> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
    /// The containment of what was approved, where no execution waits any more.
    pub containment: R,
}

impl<T: Records, G: Gate, R: Responses> Desk<T, G, R> {
    /// Answers one request. A refusal is an answer, and recorded like a decision.
    ///
    /// # Errors
    /// What the table or Step Functions answers.
    pub async fn answer(&self, request: LambdaFunctionUrlRequest, now: Timestamp) -> Result<Answer, Failure> {
        let identity = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
        let Some(by) = identity.and_then(|iam| iam.user_arn.clone()).filter(|arn| !arn.is_empty()) else {
            let message = "sign in with a role that holds `Tocsin-ContainmentApprover`";
            return Ok(Answer::refused(403, "not-signed-in", message));
        };
        match Call::of(&request) {
            Some(Call::List) => self.list().await,
            Some(Call::Show(incident, approval)) => self.show(&incident, &approval).await,
            Some(Call::Decide(incident, approval)) => {
                let body = request.body.as_deref().unwrap_or_default();
                let decision = match serde_json::from_str(body) {
                    Ok(value) => parse::<DecisionRequest>(value),
                    Err(_) => Err(Failure::rejected("the body is not JSON")),
                };
                match decision {
                    Ok(decision) => self.decide(incident, approval, decision, by, now).await,
                    Err(failure) => Ok(Answer::refused(400, "malformed", &failure.chain())),
                }
            }
            None => Ok(Answer::refused(404, "no-such-path", "there is `/approvals` and what lies below it")),
        }
    }

    async fn list(&self) -> Result<Answer, Failure> {
        let waiting: Vec<WaitingApproval> = self.records.list(&Listing::waiting_approvals()).await?;
        Ok(Answer::of(200, &json!({"approvals": waiting})))
    }

    async fn show(&self, incident: &IncidentId, id: &ApprovalId) -> Result<Answer, Failure> {
        let approval: Option<Approval> = self.records.get(&Key::approval(incident, id)).await?;
        Ok(approval.map_or_else(nothing_waits, |approval| Answer::of(200, &json!({"approval": approval}))))
    }

    async fn decide(
        &self,
        incident: IncidentId,
        id: ApprovalId,
        request: DecisionRequest,
        by: String,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let key = Key::approval(&incident, &id);
        if self.records.get::<Approval>(&key).await?.is_none() {
            return Ok(nothing_waits());
        }
        let known: Option<Incident> = self.records.get(&Key::incident(&incident)).await?;
        if let Some(elder) = known.and_then(|known| known.absorbed_by)
            && request.approve.is_any()
        {
            let message =
                format!("the incident turned out to be part of {elder}: decline these steps and decide there");
            return Ok(Answer::refused(409, "absorbed", &message));
        }
        let outcome = RefCell::new(Err(Refusal::AlreadyDecided));
        let change = |approval: &mut Approval| {
            *outcome.borrow_mut() = approval.decide(&request, &by, now);
            Ok(())
        };
        let approval = self.records.update(&key, change).await?;
        let outcome = outcome.into_inner();
        let refusal = outcome.as_ref().err().copied();
        let name = Digest::of_parts(&[&by, &now.to_string(), &json!(request).to_string()]);
        let attempt = Attempt { incident: incident.clone(), approval: id.clone(), request, by, at: now, refusal };
        self.records.create(&Key::approval_attempt(&incident, &id, &name), &attempt).await?;

        // Also after a refused or repeated decision: the first may have stopped between its record and the gate.
        if let Some(answer) = approval.answer() {
            self.carry_out(&approval, &answer).await?;
        }
        count(if outcome.is_ok() { "ContainmentDecisions" } else { "ContainmentDecisionsRefused" }, 1);
        Ok(match outcome {
            Ok(decision) => {
                let order = approval.order().map(|order| order.id);
                Answer::of(200, &json!({"accepted": true, "decision": decision, "order": order}))
            }
            Err(refusal) => Answer::refused(409, refusal.code(), &refusal.to_string()),
        })
    }

    /// Writes the order and tells the execution that waits. Where none waits any more, what was approved is started here.
    async fn carry_out(&self, approval: &Approval, answer: &Value) -> Result<(), Failure> {
        let Approval { incident, id, .. } = approval;
        let order = approval.order();
        if let Some(order) = &order {
            self.records.create(&Key::order(incident, &order.id), order).await?;
        }
        self.decline(approval).await?;
        let key = Key::approval_token(incident, id);
        let is_told = match self.records.get(&key).await? {
            Some(GateToken { token }) => self.gate.resume(&token, answer).await?,
            None => false,
        };
        if let Some(order) = order.filter(|_| !is_told) {
            self.containment.start(&order.execution(), &json!({"incident": incident, "order": order.id})).await?;
        }
        self.records.remove(&key).await?;
        self.records.remove(&Key::waiting_approval(incident, id)).await
    }

    async fn decline(&self, approval: &Approval) -> Result<(), Failure> {
        let Some(decision) = &approval.decision else { return Ok(()) };
        for step in &decision.declined {
            let key = Key::action(&approval.incident, step);
            let record: Option<ActionRecord> = self.records.get(&key).await?;
            if record.is_some_and(|record| record.state == ActionState::Withheld) {
                let change = |record: &mut ActionRecord| {
                    if record.state == ActionState::Withheld {
                        record.state = ActionState::Declined;
                        record.reason = Some(format!("declined by {}: {}", decision.by, decision.reason));
                    }
                    Ok(())
                };
                self.records.update(&key, change).await?;
            }
        }
        Ok(())
    }
}

fn nothing_waits() -> Answer {
    Answer::refused(404, "nothing-waits", "no approval of this id was asked for in this incident")
}
