//! Takes counsel's decision on one exact text, from a reviewer whom AWS has authenticated (function URL, `AWS_IAM`).

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::Failure;
use incident::notification::{GateDesk, GateRefused, GateRequest, Outcome};
use incident::ports::{Gate, Responses, Silencer};
use incident::records::Records;
use jiff::Timestamp;
use platform::Answer;
use platform::entry::parse;
use platform::telemetry::count_decision;
use serde_json::json;

/// Takes decisions.
pub struct Desk<T, G, Q, N> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
    /// Ends the reminders of counsel.
    pub silencer: Q,
    /// Sees to one duty: drafts, asks, sends.
    pub notification: N,
}

impl<T: Records, G: Gate, Q: Silencer, N: Responses> Desk<T, G, Q, N> {
    /// Answers one request. A refusal is an answer, and recorded like a decision.
    ///
    /// # Errors
    /// What the table or Step Functions answers.
    pub async fn answer(&self, request: LambdaFunctionUrlRequest, now: Timestamp) -> Result<Answer, Failure> {
        let identity = request.request_context.authorizer.and_then(|authorizer| authorizer.iam);
        let Some(reviewer) = identity.and_then(|iam| iam.user_arn).filter(|arn| !arn.is_empty()) else {
            return Ok(Answer::refused(403, "not-signed-in", "sign in with a role that holds `Tocsin-LegalReviewer`"));
        };
        let body = request.body.unwrap_or_default();
        let asked = match serde_json::from_str(&body) {
            Ok(value) => parse::<GateRequest>(value),
            Err(_) => Err(Failure::rejected("the body is not JSON")),
        };
        let asked = match asked {
            Ok(asked) => asked,
            Err(failure) => return Ok(Answer::refused(400, "malformed", &failure.chain())),
        };
        let Self { records, gate, silencer, notification } = self;
        let decided = GateDesk { records, gate, silencer, notification }.decide(asked, &reviewer, now).await?;
        count_decision(&decided);
        Ok(match decided {
            Ok(outcome) => taken(&outcome),
            Err(refused) => not_taken(&refused),
        })
    }
}

fn taken(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Decided(decision) => Answer::of(200, &json!({"accepted": true, "decision": decision})),
        Outcome::AwaitsSecond(first) => {
            Answer::of(202, &json!({"accepted": true, "awaits_second": true, "first": first}))
        }
        Outcome::Withdrawn(withdrawal) => Answer::of(200, &json!({"accepted": true, "withdrawn": withdrawal})),
    }
}

/// A refusal by its code. What is missing is listed.
fn not_taken(refused: &GateRefused) -> Answer {
    let (code, message) = (refused.code(), refused.to_string());
    let status = match refused {
        GateRefused::NothingWaits => 404,
        GateRefused::FactsWithoutChanges | GateRefused::NoFacts | GateRefused::FactsUnusable(_) => 400,
        GateRefused::PartOf(_) | GateRefused::Refused { .. } => 409,
    };
    match refused.missing_items() {
        [] => Answer::refused(status, code, &message),
        missing => {
            Answer::of(status, &json!({"accepted": false, "code": code, "message": message, "missing_items": missing}))
        }
    }
}
