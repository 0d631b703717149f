//! The approval that only a decision about one exact text gives.

use super::decision::{Decision, Verdict};
use super::draft::Draft;
use super::reviewer::{are_comparable, is_among, is_same_person};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// Nobody has decided.
    #[error("counsel has not decided")]
    Undecided,
    /// The verdict is another one.
    #[error("the decision does not approve the draft")]
    Verdict,
    /// The decision is about another draft, or the draft is not the text that its digest names.
    #[error("the decision is about another text than this draft")]
    AnotherText,
    /// Whoever had a hand in a draft does not decide about it.
    #[error("the decision was made by a drafter")]
    ReviewerIsDrafter,
    /// Two reviewers had to agree, and there is one.
    #[error("two reviewers have to approve the draft, and one has")]
    SecondMissing,
    /// The text lacks what the law asks for, and the decision does not say why it may be sent without.
    #[error("the draft is not complete, and the decision says no word on that")]
    MissingItemsUnexplained,
    /// The approval was taken back.
    #[error("the approval was withdrawn")]
    Withdrawn,
    /// Nobody has to be told any more.
    #[error("the duty has ended")]
    DutyEnded,
}

impl Approval {
    /// The approval that `decision` gives of `draft`.
    ///
    /// # Errors
    /// A decision that does not approve, was withdrawn, is about another text, was made by a drafter, lacks the second of two
    /// reviewers, or does not explain what the text lacks.
    pub fn from_decision(decision: &Decision, draft: &Draft) -> Result<Self, NotApproved> {
        if decision.verdict != Verdict::Approved {
            return Err(NotApproved::Verdict);
        }
        if decision.withdrawn.is_some() {
            return Err(NotApproved::Withdrawn);
        }
        let same_draft = decision.incident == draft.incident
            && decision.obligation == draft.obligation
            && decision.version == draft.version
            && decision.digest == draft.digest;
        if !same_draft || !draft.is_intact() {
            return Err(NotApproved::AnotherText);
        }
        let first = decision.first.as_ref().filter(|_| decision.four_eyes);
        let reviewers = std::iter::once(&decision.reviewer).chain(first.map(|first| &first.reviewer));
        if reviewers.into_iter().any(|reviewer| is_among(reviewer, &draft.drafters)) {
            return Err(NotApproved::ReviewerIsDrafter);
        }
        let agrees = first.is_some_and(|first| {
            first.verdict == Verdict::Approved
                && first.digest == draft.digest
                && !is_same_person(&first.reviewer, &decision.reviewer)
                && are_comparable(&first.reviewer, &decision.reviewer)
        });
        if decision.four_eyes && !agrees {
            return Err(NotApproved::SecondMissing);
        }
        if !draft.gaps.is_empty() && decision.missing_items_reason.is_none() {
            return Err(NotApproved::MissingItemsUnexplained);
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
