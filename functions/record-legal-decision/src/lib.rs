//! Takes counsel's decision on one exact text, from a reviewer whom AWS has authenticated (function URL, `AWS_IAM`).

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::notification::{
    Attempt, Decision, DecisionRequest, Duty, DutyState, Facts, LegalReview, Refusal, Verdict,
};
use incident::ports::Gate;
use incident::records::{GateToken, Key, Listing, Records};
use incident::{Digest, Failure, Fault, Incident, IncidentId};
use jiff::Timestamp;
use platform::Answer;
use platform::entry::parse;
use platform::telemetry::count;
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Takes decisions.
pub struct Desk<T, G> {
    /// The table.
    pub records: T,
    /// The execution that waits.
    pub gate: G,
}

/// What a reviewer sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    incident: IncidentId,
    obligation: String,
    version: u32,
    digest: Digest,
    verdict: Verdict,
    reason: String,
    /// Facts that the reviewer corrects; only with `changes-requested`. Whoever corrects a fact has a hand in the draft.
    #[serde(default)]
    facts: BTreeMap<String, Value>,
}

impl<T: Records, G: Gate> Desk<T, G> {
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
        let submission = match serde_json::from_str(&body) {
            Ok(value) => parse::<Submission>(value),
            Err(_) => Err(Failure::rejected("the body is not JSON")),
        };
        match submission {
            Ok(submission) => self.decide(submission, &reviewer, now).await,
            Err(failure) => Ok(Answer::refused(400, "malformed", &failure.chain())),
        }
    }

    async fn decide(&self, submission: Submission, reviewer: &str, now: Timestamp) -> Result<Answer, Failure> {
        let Submission { incident, obligation, version, digest, verdict, reason, facts } = submission;
        let request = DecisionRequest { digest, verdict, reason };
        let amended = match self.amended(&incident, verdict, facts, reviewer, &request.reason, now).await {
            Ok(amended) => amended,
            Err(failure) if failure.fault() == Fault::Rejected => {
                return Ok(Answer::refused(400, "facts-refused", &failure.chain()));
            }
            Err(failure) => return Err(failure),
        };
        let known: Option<Incident> = self.records.get(&Key::incident(&incident)).await?;
        if let Some(elder) = known.and_then(|known| known.absorbed_by)
            && request.verdict == Verdict::Approved
        {
            let message = format!("the incident turned out to be part of {elder}: reject this draft and decide there");
            return Ok(Answer::refused(409, "absorbed", &message));
        }
        let key = Key::review(&incident, &obligation, version);
        if self.records.get::<LegalReview>(&key).await?.is_none() {
            return Ok(Answer::refused(404, "nothing-waits", "no review of this version was asked for"));
        }
        let outcome = RefCell::new(Err(Refusal::AlreadyDecided));
        let change = |review: &mut LegalReview| {
            *outcome.borrow_mut() = review.decide(&request, reviewer, now);
            Ok(())
        };
        let review = self.records.update(&key, change).await?;
        let outcome = outcome.into_inner();
        let attempt = Attempt {
            incident: incident.clone(),
            obligation: obligation.clone(),
            version,
            request,
            reviewer: reviewer.to_owned(),
            at: now,
            refusal: outcome.as_ref().err().copied(),
        };
        let name = Digest::of_parts(&[reviewer, &now.to_string(), attempt.request.digest.as_str()]);
        self.records.create(&Key::decision_attempt(&incident, &obligation, version, &name), &attempt).await?;

        if outcome.is_ok()
            && let Some(amended) = amended
        {
            self.records.create(&Key::facts(&incident, amended.version()), &amended).await?;
        }
        // Also after a refused second decision: the first may have stopped between its record and the gate.
        if let Some(decision) = &review.decision {
            self.carry_out(decision, now).await?;
        }
        count(if outcome.is_ok() { "LegalDecisions" } else { "LegalDecisionsRefused" }, 1);
        Ok(match outcome {
            Ok(decision) => Answer::of(200, &json!({"accepted": true, "decision": decision})),
            Err(refusal) => Answer::refused(409, refusal.code(), &refusal.to_string()),
        })
    }

    /// The facts as the reviewer corrects them, without writing them yet.
    async fn amended(
        &self,
        incident: &IncidentId,
        verdict: Verdict,
        facts: BTreeMap<String, Value>,
        reviewer: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<Facts>, Failure> {
        if facts.is_empty() {
            return Ok(None);
        }
        if verdict != Verdict::ChangesRequested {
            return Err(Failure::rejected("facts are corrected together with `changes-requested` only"));
        }
        let versions: Vec<Facts> = self.records.list(&Listing::of_incident(incident, "FACTS#")).await?;
        let last = versions.last().ok_or_else(|| Failure::rejected("there are no facts to correct"))?;
        let amended = last.amend(facts, reviewer, reason, now);
        amended.map(Some).map_err(|error| Failure::rejected("the facts cannot be corrected").because(error))
    }

    async fn carry_out(&self, decision: &Decision, now: Timestamp) -> Result<(), Failure> {
        let Decision { incident, obligation, version, .. } = decision;
        if decision.verdict == Verdict::Rejected {
            let change = |duty: &mut Duty| {
                if duty.state == DutyState::Open {
                    duty.state = DutyState::Withheld;
                    duty.changed_at = now;
                }
                Ok(())
            };
            self.records.update(&Key::obligation(incident, obligation), change).await?;
        }
        let key = Key::gate_token(incident, obligation, *version);
        if let Some(GateToken { token }) = self.records.get(&key).await? {
            // `false`: the task has timed out, and asks again with a new token that goes through at once.
            self.gate.resume(&token, &json!({"verdict": decision.verdict, "digest": decision.digest})).await?;
            self.records.remove(&key).await?;
        }
        self.records.remove(&Key::waiting(incident, obligation, *version)).await
    }
}
