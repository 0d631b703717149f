//! Takes counsel's decision on one exact text, from a reviewer whom AWS has authenticated (function URL, `AWS_IAM`).

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::notification::{Attempt, DecisionRequest, Duty, Facts, LegalReview, Outcome, Refusal, Verdict};
use incident::ports::{Gate, Responses, Silencer};
use incident::records::{GateToken, Key, Listing, Records, Versioned, WaitingReview, Write};
use incident::{Digest, Failure, Incident, IncidentId};
use jiff::Timestamp;
use platform::entry::parse;
use platform::telemetry::count;
use platform::{Answer, Halt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often a decision is tried again that others were faster than.
const MOST_RACES: usize = 5;

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
    /// Why a draft may be sent that lacks what the law asks for.
    #[serde(default)]
    missing_items_reason: Option<String>,
    /// Facts that the reviewer corrects; only with `changes-requested`. Whoever corrects a fact has a hand in the draft.
    #[serde(default)]
    facts: BTreeMap<String, Value>,
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
        let Submission { incident, obligation, version, digest, verdict, reason, missing_items_reason, facts } =
            submission;
        let request = DecisionRequest { digest, verdict, reason, missing_items_reason };
        let known: Option<Incident> = self.records.get(&Key::incident(&incident)).await?;
        if let Some(elder) = known.and_then(|known| known.absorbed_by)
            && request.verdict == Verdict::Approved
        {
            let message = format!("the incident turned out to be part of {elder}: reject this draft and decide there");
            return Ok(Answer::refused(409, "absorbed", &message));
        }
        let recorded =
            self.record(&Key::review(&incident, &obligation, version), &request, &facts, reviewer, now).await;
        let Recorded { review, outcome } = match recorded {
            Ok(recorded) => recorded,
            Err(Halt::Refused(answer)) => return Ok(answer),
            Err(Halt::Failed(failure)) => return Err(failure),
        };
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
        // Also after a refused second decision: the first may have stopped between its record and the gate.
        self.carry_out(&review).await?;
        count(if outcome.is_ok() { "LegalDecisions" } else { "LegalDecisionsRefused" }, 1);
        Ok(match outcome {
            Ok(Outcome::Decided(decision)) => Answer::of(200, &json!({"accepted": true, "decision": decision})),
            Ok(Outcome::AwaitsSecond(first)) => {
                Answer::of(202, &json!({"accepted": true, "awaits_second": true, "first": first}))
            }
            Ok(Outcome::Withdrawn(withdrawal)) => Answer::of(200, &json!({"accepted": true, "withdrawn": withdrawal})),
            Err(refusal) => refused(refusal, &review),
        })
    }

    /// Writes what the request leads to, together with the facts that it corrects: neither is there without the other.
    async fn record(
        &self,
        key: &Key,
        request: &DecisionRequest,
        facts: &BTreeMap<String, Value>,
        reviewer: &str,
        now: Timestamp,
    ) -> Result<Recorded, Halt> {
        for _ in 0..MOST_RACES {
            let read = self.records.read::<LegalReview>(std::slice::from_ref(key)).await?;
            let Some(Versioned { record: mut review, version }) = read.into_iter().flatten().next() else {
                return Err(Halt::refuse(404, "nothing-waits", "no review of this version was asked for"));
            };
            let amended = self.amended(&review.incident, request, facts, reviewer, now).await?;
            let outcome = review.decide(request, reviewer, now);
            if outcome.is_err() {
                return Ok(Recorded { review, outcome });
            }
            let mut writes = vec![Write::new(key.clone(), &review, Some(version))?];
            if let Some(amended) = amended {
                writes.push(Write::new(Key::facts(&review.incident, amended.version()), &amended, None)?);
            }
            if self.records.commit(writes).await? {
                return Ok(Recorded { review, outcome });
            }
        }
        Err(Failure::transient("others decide about this draft, or correct its facts, at the same time").into())
    }

    /// The facts as the reviewer corrects them, without writing them yet.
    async fn amended(
        &self,
        incident: &IncidentId,
        request: &DecisionRequest,
        facts: &BTreeMap<String, Value>,
        reviewer: &str,
        now: Timestamp,
    ) -> Result<Option<Facts>, Halt> {
        if facts.is_empty() {
            return Ok(None);
        }
        let refuse = |failure: &Failure| Halt::refuse(400, "facts-refused", failure.chain());
        if request.verdict != Verdict::ChangesRequested {
            let failure = Failure::rejected("facts are corrected together with `changes-requested` only");
            return Err(refuse(&failure));
        }
        let versions: Vec<Facts> = self.records.list(&Listing::of_incident(incident, "FACTS#")).await?;
        let last = versions.last().ok_or_else(|| refuse(&Failure::rejected("there are no facts to correct")))?;
        let amended = last.amend(facts.clone(), reviewer, &request.reason, now);
        let unfit = |error| refuse(&Failure::rejected("the facts cannot be corrected").because(error));
        amended.map(Some).map_err(unfit)
    }

    /// Does what follows from the review as it stands; a repeat does it again.
    async fn carry_out(&self, review: &LegalReview) -> Result<(), Failure> {
        let LegalReview { incident, obligation, version, .. } = review;
        let waiting = Key::waiting(incident, obligation, *version);
        let Some(answer) = review.answer() else {
            return match &review.first {
                Some(first) => self.show_first(&waiting, &first.reviewer).await,
                None => Ok(()),
            };
        };
        if let Some(decision) = review.decision.as_ref().filter(|decision| decision.ends_the_duty()) {
            let end = |duty: &mut Duty| {
                duty.end_by(decision);
                Ok(())
            };
            self.records.update(&Key::obligation(incident, obligation), end).await?;
        }
        let key = Key::gate_token(incident, obligation, *version);
        if let Some(GateToken { token }) = self.records.get(&key).await? {
            // `false`: the task has timed out, and asks again with a new token that goes through at once.
            self.gate.resume(&token, &answer).await?;
            self.records.remove(&key).await?;
        }
        self.records.remove(&waiting).await?;
        for (_, reminder) in review.reminders() {
            self.silencer.silence(&reminder.name()).await?;
        }
        if let Some(execution) = review.execution_after_withdrawal() {
            let duty = json!({"incident": incident, "obligation": obligation});
            self.notification.start(&execution, &duty).await?;
        }
        Ok(())
    }

    /// Shows in what waits who was the first of two. If it is changed or removed meanwhile, others have decided.
    async fn show_first(&self, waiting: &Key, reviewer: &str) -> Result<(), Failure> {
        let shown =
            self.records.read::<WaitingReview>(std::slice::from_ref(waiting)).await?.into_iter().flatten().next();
        if let Some(Versioned { record, version }) = shown
            && record.first_reviewer.is_none()
        {
            let shown = WaitingReview { first_reviewer: Some(reviewer.to_owned()), ..record };
            self.records.commit(vec![Write::new(waiting.clone(), &shown, Some(version))?]).await?;
        }
        Ok(())
    }
}

/// A request that was taken or refused, and the review as it stands.
struct Recorded {
    review: LegalReview,
    outcome: Result<Outcome, Refusal>,
}

/// A refusal by its code. What is missing is listed.
fn refused(refusal: Refusal, review: &LegalReview) -> Answer {
    let (code, message) = (refusal.code(), refusal.to_string());
    if refusal != Refusal::MissingItemsUnexplained {
        return Answer::refused(409, code, &message);
    }
    let missing = &review.missing_items;
    Answer::of(409, &json!({"accepted": false, "code": code, "message": message, "missing_items": missing}))
}
