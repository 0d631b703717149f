//! The legal gate: one decision about one exact text, and the approval that only such a decision gives.

use super::draft::Draft;
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What a reviewer asks to be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The digest of the text that the reviewer has read.
    pub digest: Digest,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why; needed for every verdict, since the register has to show it (GDPR Art. 5(2), 33(5)).
    pub reason: String,
}

/// What becomes of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// This exact text may be sent.
    Approved,
    /// It may not be sent, and no other text is asked for.
    Rejected,
    /// Another text is asked for.
    ChangesRequested,
}

/// A decision that was accepted. Written once; only [`LegalReview::decide`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the text that was decided about.
    pub digest: Digest,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub reviewer: String,
    /// When.
    pub decided_at: Timestamp,
}

/// Why a decision was refused. A refusal is recorded like a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A decision is final; changed facts bring a new draft with a review of its own.
    #[error("this draft was already decided about; a new text needs a new draft")]
    AlreadyDecided,
    /// The reviewer has read another text.
    #[error("the text is not the one that was read; show it again and decide about its digest")]
    TextChanged,
    /// Whoever had a hand in a draft does not decide about it.
    #[error("the reviewer had a hand in this draft; someone else has to decide")]
    ReviewerIsDrafter,
    /// The register has to show why.
    #[error("a decision needs a reason")]
    ReasonMissing,
}

impl Refusal {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyDecided => "already-decided",
            Self::TextChanged => "text-changed",
            Self::ReviewerIsDrafter => "reviewer-is-drafter",
            Self::ReasonMissing => "reason-missing",
        }
    }
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
            decision: None,
        }
    }

    /// Decides, once, and keeps the decision.
    ///
    /// # Errors
    /// A second decision, one about another text, one by a drafter, one without a reason.
    pub fn decide(&mut self, request: &DecisionRequest, reviewer: &str, at: Timestamp) -> Result<Decision, Refusal> {
        if self.decision.is_some() {
            return Err(Refusal::AlreadyDecided);
        }
        if request.digest != self.digest {
            return Err(Refusal::TextChanged);
        }
        if is_among(reviewer, &self.drafters) {
            return Err(Refusal::ReviewerIsDrafter);
        }
        if request.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        let decision = Decision {
            incident: self.incident.clone(),
            obligation: self.obligation.clone(),
            version: self.version,
            digest: self.digest.clone(),
            verdict: request.verdict,
            reason: request.reason.clone(),
            reviewer: reviewer.to_owned(),
            decided_at: at,
        };
        self.decision = Some(decision.clone());
        Ok(decision)
    }
}

/// Leave to send one exact text, once.
///
/// It is made by [`Approval::from_decision`] alone, cannot be copied or read from a record, and is given up by sending.
#[derive(Debug)]
#[must_use = "an approval is given up by sending the text that it covers"]
pub struct Approval {
    incident: IncidentId,
    obligation: String,
    version: u32,
    digest: Digest,
    reviewer: String,
    decided_at: Timestamp,
}

/// Why a decision gives no approval of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NotApproved {
    /// The verdict is another one.
    #[error("the decision does not approve the draft")]
    Verdict,
    /// The decision is about another draft, or the draft is not the text that its digest names.
    #[error("the decision is about another text than this draft")]
    AnotherText,
    /// Whoever had a hand in a draft does not decide about it.
    #[error("the decision was made by a drafter")]
    ReviewerIsDrafter,
}

impl Approval {
    /// The approval that `decision` gives of `draft`.
    ///
    /// # Errors
    /// A decision that does not approve, is about another text, or was made by a drafter.
    pub fn from_decision(decision: &Decision, draft: &Draft) -> Result<Self, NotApproved> {
        if decision.verdict != Verdict::Approved {
            return Err(NotApproved::Verdict);
        }
        let same_draft = decision.incident == draft.incident
            && decision.obligation == draft.obligation
            && decision.version == draft.version
            && decision.digest == draft.digest;
        if !same_draft || !draft.is_intact() {
            return Err(NotApproved::AnotherText);
        }
        if is_among(&decision.reviewer, &draft.drafters) {
            return Err(NotApproved::ReviewerIsDrafter);
        }
        Ok(Self {
            incident: decision.incident.clone(),
            obligation: decision.obligation.clone(),
            version: decision.version,
            digest: decision.digest.clone(),
            reviewer: decision.reviewer.clone(),
            decided_at: decision.decided_at,
        })
    }

    /// Whether it covers exactly this text.
    pub fn covers(&self, draft: &Draft) -> bool {
        self.incident == draft.incident
            && self.obligation == draft.obligation
            && self.version == draft.version
            && self.digest == draft.digest
            && draft.is_intact()
    }

    /// The digest of the text.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Who approved.
    pub fn reviewer(&self) -> &str {
        &self.reviewer
    }

    /// When.
    pub fn decided_at(&self) -> Timestamp {
        self.decided_at
    }
}

/// Whether someone had a hand in a draft. IAM takes names that differ only by case as one, so this does too; nobody at all
/// counts as a drafter.
fn is_among(reviewer: &str, drafters: &BTreeSet<String>) -> bool {
    let reviewer = reviewer.trim();
    reviewer.is_empty() || drafters.iter().any(|drafter| drafter.trim().eq_ignore_ascii_case(reviewer))
}
