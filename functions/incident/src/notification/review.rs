//! The legal gate: one decision about one exact text, by one reviewer or by two.

use super::approval::{Approval, NotApproved};
use super::decision::{Assent, Decision, DecisionRequest, Outcome, Refusal, Verdict, Withdrawal};
use super::draft::Draft;
use super::reviewer::{are_comparable, is_among, is_same_person};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A draft that waits for counsel, or was decided about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalReview {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the draft's text.
    pub digest: Digest,
    /// Who had a hand in the draft: they cannot decide about it.
    pub drafters: BTreeSet<String>,
    /// When the review was asked for.
    pub requested_at: Timestamp,
    /// When the duty is due; passing it decides nothing.
    pub due_at: Option<Timestamp>,
    /// What the law asks for and the text cannot say: an approval has to say why it may be sent without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_items: Vec<String>,
    /// Whether two reviewers have to agree.
    #[serde(default)]
    pub four_eyes: bool,
    /// The first of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Assent>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// Since when the text is on its way: from then on nothing is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_since: Option<Timestamp>,
    /// Why nobody has to decide any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closure>,
}

/// That a review ended without counsel, since the duty did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl LegalReview {
    /// Asks for a decision about this draft.
    pub fn of(draft: &Draft, due_at: Option<Timestamp>, requested_at: Timestamp) -> Self {
        Self {
            incident: draft.incident.clone(),
            obligation: draft.obligation.clone(),
            version: draft.version,
            digest: draft.digest.clone(),
            drafters: draft.drafters.clone(),
            requested_at,
            due_at,
            missing_items: draft.gaps.clone(),
            four_eyes: false,
            first: None,
            decision: None,
            sending_since: None,
            closed: None,
        }
    }

    /// The same, by two reviewers.
    #[must_use]
    pub fn by_two(self) -> Self {
        Self { four_eyes: true, ..self }
    }

    /// Takes a reviewer's request: decides, once; lets the first of two agree; or takes an approval back.
    ///
    /// # Errors
    /// A second decision, one about another text, one by a drafter, one without a reason; an approval of what is not complete
    /// without a word on that; the same reviewer as both of two, or one who may be; a withdrawal of what was not approved or is being sent.
    pub fn decide(&mut self, request: &DecisionRequest, reviewer: &str, at: Timestamp) -> Result<Outcome, Refusal> {
        if self.closed.is_some() {
            return Err(Refusal::DutyEnded);
        }
        if request.verdict == Verdict::Withdrawn {
            return self.withdraw(request, reviewer, at).map(Outcome::Withdrawn);
        }
        if self.decision.is_some() {
            return Err(Refusal::AlreadyDecided);
        }
        self.check(request, reviewer)?;
        let missing_items_reason = request.missing_items_reason.clone().filter(|reason| !reason.trim().is_empty());
        let is_explained = self.missing_items.is_empty() || missing_items_reason.is_some();
        if request.verdict == Verdict::Approved && !is_explained {
            return Err(Refusal::MissingItemsUnexplained);
        }
        if self.four_eyes && request.verdict.takes_two() {
            match &self.first {
                None => {
                    let assent = Assent {
                        reviewer: reviewer.to_owned(),
                        verdict: request.verdict,
                        digest: self.digest.clone(),
                        reason: request.reason.clone(),
                        missing_items_reason,
                        at,
                    };
                    self.first = Some(assent.clone());
                    return Ok(Outcome::AwaitsSecond(assent));
                }
                Some(first) if is_same_person(&first.reviewer, reviewer) => return Err(Refusal::SameReviewerTwice),
                Some(first) if !are_comparable(&first.reviewer, reviewer) => return Err(Refusal::OtherSignIn),
                Some(first) if first.verdict != request.verdict => return Err(Refusal::VerdictsDiffer),
                Some(_) => {}
            }
        }
        let decision = Decision {
            incident: self.incident.clone(),
            obligation: self.obligation.clone(),
            version: self.version,
            digest: self.digest.clone(),
            verdict: request.verdict,
            reason: request.reason.clone(),
            missing_items_reason,
            reviewer: reviewer.to_owned(),
            decided_at: at,
            four_eyes: self.four_eyes,
            first: self.first.clone(),
            withdrawn: None,
        };
        self.decision = Some(decision.clone());
        Ok(Outcome::Decided(Box::new(decision)))
    }

    /// What holds for every request.
    fn check(&self, request: &DecisionRequest, reviewer: &str) -> Result<(), Refusal> {
        if request.digest != self.digest {
            return Err(Refusal::TextChanged);
        }
        if is_among(reviewer, &self.drafters) {
            return Err(Refusal::ReviewerIsDrafter);
        }
        if request.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        Ok(())
    }

    fn withdraw(&mut self, request: &DecisionRequest, reviewer: &str, at: Timestamp) -> Result<Withdrawal, Refusal> {
        self.check(request, reviewer)?;
        let sending = self.sending_since.is_some();
        let approved = self.decision.as_mut().filter(|decision| decision.verdict == Verdict::Approved);
        let decision = approved.ok_or(Refusal::NothingToWithdraw)?;
        if decision.withdrawn.is_some() {
            return Err(Refusal::AlreadyDecided);
        }
        if sending {
            return Err(Refusal::SendingBegan);
        }
        let withdrawal = Withdrawal { reviewer: reviewer.to_owned(), reason: request.reason.clone(), at };
        decision.withdrawn = Some(withdrawal.clone());
        Ok(withdrawal)
    }

    /// Gives the approval out for sending `draft`. From then on it cannot be withdrawn; a repeat gives it again.
    ///
    /// # Errors
    /// What [`Approval::from_decision`] refuses, and a duty that has ended.
    pub fn release(&mut self, draft: &Draft, at: Timestamp) -> Result<Approval, NotApproved> {
        if self.closed.is_some() {
            return Err(NotApproved::DutyEnded);
        }
        let approval = Approval::from_decision(self.decision.as_ref().ok_or(NotApproved::Undecided)?, draft)?;
        self.sending_since = self.sending_since.or(Some(at));
        Ok(approval)
    }

    /// Ends the review without counsel, since the duty has ended. What is being sent, or was held back, stays as it is.
    pub fn close(&mut self, reason: &str, at: Timestamp) {
        let stands = match &self.decision {
            None => false,
            Some(decision) => decision.verdict != Verdict::Approved || self.sending_since.is_some(),
        };
        if !stands && self.closed.is_none() {
            self.closed = Some(Closure { reason: reason.to_owned(), at });
        }
    }

    /// Whether the text is spent and the duty is not: the next draft is another version.
    pub fn asks_for_another_text(&self) -> bool {
        let by_decision = self
            .decision
            .as_ref()
            .is_some_and(|decision| decision.verdict == Verdict::ChangesRequested || decision.withdrawn.is_some());
        by_decision || self.closed.is_some()
    }

    /// Whether counsel lets its text go out.
    pub fn is_approved(&self) -> bool {
        let approves = |decision: &Decision| decision.verdict == Verdict::Approved && decision.withdrawn.is_none();
        self.closed.is_none() && self.decision.as_ref().is_some_and(approves)
    }

    /// The name of the execution that sees to the duty after an approval was taken back: the one that was let go on ends where it
    /// would have sent. `None` where nothing was taken back.
    pub fn execution_after_withdrawal(&self) -> Option<String> {
        self.decision.as_ref()?.withdrawn.as_ref()?;
        Some(format!("{}-{}-w{}", self.incident, self.obligation, self.version))
    }

    /// What the execution that waits is told; `None` while counsel has not decided.
    pub fn answer(&self) -> Option<Value> {
        if self.closed.is_some() {
            return Some(json!({"verdict": "obsolete", "digest": self.digest}));
        }
        let decision = self.decision.as_ref()?;
        let verdict = if decision.withdrawn.is_some() { Verdict::Withdrawn } else { decision.verdict };
        Some(json!({"verdict": verdict, "digest": decision.digest}))
    }
}
