//! Where counsel's decisions arrive, by whichever door: what is recorded of them, and what follows.

use super::decision::{DecisionRequest, Outcome, Refusal, Verdict};
use super::duty::{Attempt, Duty};
use super::facts::{FactError, Facts};
use super::finish::finish_review;
use super::review::LegalReview;
use crate::Digest;
use crate::fault::Failure;
use crate::ports::{Gate, Responses, Silencer};
use crate::record::{Incident, IncidentId};
use crate::records::{Key, Listing, Records, Versioned, WaitingReview, Write};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often a decision is tried again that others were faster than.
const MOST_RACES: usize = 5;

/// What a reviewer sends.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the text that the reviewer has read.
    pub digest: Digest,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Why a draft may be sent that lacks what the law asks for.
    #[serde(default)]
    pub missing_items_reason: Option<String>,
    /// Facts that the reviewer corrects; only with `changes-requested`. Whoever corrects a fact has a hand in the draft.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
}

/// Why a decision was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GateRefused {
    /// No text of a part is approved: the duty is the whole's.
    #[error("the incident turned out to be part of {0}: reject this draft and decide there")]
    PartOf(IncidentId),
    /// There is no such review.
    #[error("no review of this version was asked for")]
    NothingWaits,
    /// Facts come with another verdict.
    #[error("facts are corrected together with `changes-requested` only")]
    FactsWithoutChanges,
    /// Nothing was assessed yet.
    #[error("there are no facts to correct")]
    NoFacts,
    /// Facts that cannot be used.
    #[error("the facts cannot be corrected: {}", spoken(.0))]
    FactsUnusable(Vec<FactError>),
    /// The review does not take it. That is on record like a decision.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The review as it stands: who has decided before, and which items are missing.
        review: Box<LegalReview>,
    },
}

impl GateRefused {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PartOf(_) => "absorbed",
            Self::NothingWaits => "nothing-waits",
            Self::FactsWithoutChanges | Self::NoFacts | Self::FactsUnusable(_) => "facts-refused",
            Self::Refused { refusal, .. } => refusal.code(),
        }
    }

    /// What the text lacks, where it is refused for that and nobody has said why it may go out all the same.
    pub fn missing_items(&self) -> &[String] {
        match self {
            Self::Refused { refusal: Refusal::MissingItemsUnexplained, review } => &review.missing_items,
            Self::Refused { .. }
            | Self::PartOf(_)
            | Self::NothingWaits
            | Self::FactsWithoutChanges
            | Self::NoFacts
            | Self::FactsUnusable(_) => &[],
        }
    }
}

fn spoken(errors: &[FactError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Takes decisions. Whoever calls it has made sure who the reviewer is, and that the reviewer may decide.
#[derive(Debug)]
pub struct GateDesk<'a, T, G, Q, N> {
    /// The table.
    pub records: &'a T,
    /// The execution that waits.
    pub gate: &'a G,
    /// Ends the reminders of counsel.
    pub silencer: &'a Q,
    /// Sees to one duty: drafts, asks, sends.
    pub notification: &'a N,
}

/// A request that was taken or refused, and the review as it stands.
struct Recorded {
    review: LegalReview,
    outcome: Result<Outcome, Refusal>,
}

impl<T: Records, G: Gate, Q: Silencer, N: Responses> GateDesk<'_, T, G, Q, N> {
    /// Takes one decision: records it, lets the execution go on that waits for it, and ends what reminds of it. A repeat is
    /// refused, and finishes what a first attempt has left.
    ///
    /// # Errors
    /// What the table, Step Functions or the scheduler answers; `Transient` where others are faster again and again.
    pub async fn decide(
        &self,
        request: GateRequest,
        reviewer: &str,
        now: Timestamp,
    ) -> Result<Result<Outcome, GateRefused>, Failure> {
        let GateRequest { incident, obligation, version, digest, verdict, reason, missing_items_reason, facts } =
            request;
        let request = DecisionRequest { digest, verdict, reason, missing_items_reason };
        let known: Option<Incident> = self.records.get(&Key::incident(&incident)).await?;
        if let Some(elder) = known.and_then(|known| known.absorbed_by)
            && request.verdict == Verdict::Approved
        {
            return Ok(Err(GateRefused::PartOf(elder)));
        }
        let key = Key::review(&incident, &obligation, version);
        let Recorded { review, outcome } = match self.record(&key, &request, &facts, reviewer, now).await? {
            Ok(recorded) => recorded,
            Err(refused) => return Ok(Err(refused)),
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
        Ok(outcome.map_err(|refusal| GateRefused::Refused { refusal, review: Box::new(review) }))
    }

    /// Writes what the request leads to, together with the facts that it corrects: neither is there without the other.
    async fn record(
        &self,
        key: &Key,
        request: &DecisionRequest,
        facts: &BTreeMap<String, Value>,
        reviewer: &str,
        now: Timestamp,
    ) -> Result<Result<Recorded, GateRefused>, Failure> {
        for _ in 0..MOST_RACES {
            let read = self.records.read::<LegalReview>(std::slice::from_ref(key)).await?;
            let Some(Versioned { record: mut review, version }) = read.into_iter().flatten().next() else {
                return Ok(Err(GateRefused::NothingWaits));
            };
            let amended = match self.amended(&review.incident, request, facts, reviewer, now).await? {
                Ok(amended) => amended,
                Err(refused) => return Ok(Err(refused)),
            };
            let outcome = review.decide(request, reviewer, now);
            if outcome.is_err() {
                return Ok(Ok(Recorded { review, outcome }));
            }
            let mut writes = vec![Write::new(key.clone(), &review, Some(version))?];
            if let Some(amended) = amended {
                writes.push(Write::new(Key::facts(&review.incident, amended.version()), &amended, None)?);
            }
            if self.records.commit(writes).await? {
                return Ok(Ok(Recorded { review, outcome }));
            }
        }
        Err(Failure::transient("others decide about this draft, or correct its facts, at the same time"))
    }

    /// The facts as the reviewer corrects them, without writing them yet.
    async fn amended(
        &self,
        incident: &IncidentId,
        request: &DecisionRequest,
        facts: &BTreeMap<String, Value>,
        reviewer: &str,
        now: Timestamp,
    ) -> Result<Result<Option<Facts>, GateRefused>, Failure> {
        if facts.is_empty() {
            return Ok(Ok(None));
        }
        if request.verdict != Verdict::ChangesRequested {
            return Ok(Err(GateRefused::FactsWithoutChanges));
        }
        let versions: Vec<Facts> = self.records.list(&Listing::of_incident(incident, "FACTS#")).await?;
        let Some(last) = versions.last() else { return Ok(Err(GateRefused::NoFacts)) };
        let amended = last.enter(facts.clone(), reviewer, &request.reason, now);
        Ok(amended.map(Some).map_err(GateRefused::FactsUnusable))
    }

    /// Does what follows from the review as it stands; a repeat does it again.
    async fn carry_out(&self, review: &LegalReview) -> Result<(), Failure> {
        let LegalReview { incident, obligation, version, .. } = review;
        if review.answer().is_none() {
            return match &review.first {
                Some(first) => self.show_first(&Key::waiting(incident, obligation, *version), &first.reviewer).await,
                None => Ok(()),
            };
        }
        if let Some(decision) = review.decision.as_ref().filter(|decision| decision.ends_the_duty()) {
            let end = |duty: &mut Duty| {
                duty.end_by(decision);
                Ok(())
            };
            self.records.update(&Key::obligation(incident, obligation), end).await?;
        }
        finish_review(self.records, self.gate, self.silencer, review).await?;
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
