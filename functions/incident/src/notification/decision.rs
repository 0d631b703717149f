//! What reviewers ask to be recorded about a draft, what was decided, and why a decision is refused.

use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// Why the text may go out although it cannot say everything that the law asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_items_reason: Option<String>,
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
    /// The duty does not exist, so nobody is told; the register shows why (GDPR Art. 33(5)).
    NotNotifiable,
    /// The approval is taken back. Another text is asked for.
    Withdrawn,
}

impl Verdict {
    /// Whether a second reviewer has to agree where four eyes are asked for: what sends a text, and what denies a duty. What only
    /// holds a text back needs one.
    pub(super) fn takes_two(self) -> bool {
        match self {
            Self::Approved | Self::NotNotifiable => true,
            Self::Rejected | Self::ChangesRequested | Self::Withdrawn => false,
        }
    }
}

/// The first of two reviewers who have to agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assent {
    /// Who.
    pub reviewer: String,
    /// To what.
    pub verdict: Verdict,
    /// To which text.
    pub digest: Digest,
    /// Why.
    pub reason: String,
    /// Why the text may go out although it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_items_reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An approval that was taken back before anything was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Who took it back.
    pub reviewer: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A decision that was accepted. Only a review makes one; nothing of it changes but that it can be withdrawn.
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
    /// Why the text may go out although it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_items_reason: Option<String>,
    /// Who decided; of two reviewers the second.
    pub reviewer: String,
    /// When.
    pub decided_at: Timestamp,
    /// Whether two had to agree.
    #[serde(default)]
    pub four_eyes: bool,
    /// The first of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Assent>,
    /// That it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

impl Decision {
    /// Whether it ends the duty, so that nobody is told.
    pub fn ends_the_duty(&self) -> bool {
        match self.verdict {
            Verdict::Rejected | Verdict::NotNotifiable => true,
            Verdict::Approved | Verdict::ChangesRequested | Verdict::Withdrawn => false,
        }
    }
}

/// What an accepted request has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is decided.
    Decided(Box<Decision>),
    /// The first of two has agreed; the draft goes on waiting for the second.
    AwaitsSecond(Assent),
    /// What was approved is taken back.
    Withdrawn(Withdrawal),
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
    /// The text lacks what the law asks for, and nobody has said why it may go out all the same.
    #[error("the draft lacks what the law asks for; say in `missing_items_reason` why it may be sent without")]
    MissingItemsUnexplained,
    /// Two have to agree, and one person is not two.
    #[error("two reviewers have to agree, and this one was the first; someone else has to be the second")]
    SameReviewerTwice,
    /// Two have to agree, and AWS or an issuer has named the one, another the other: they may be one person.
    #[error(
        "the first reviewer signed in elsewhere (AWS, or another issuer), so the two may be one person; the second has to decide \
         where the first did"
    )]
    OtherSignIn,
    /// Two have to agree, and they do not.
    #[error("the first reviewer decided otherwise; agree with that, reject the draft, or ask for changes")]
    VerdictsDiffer,
    /// There is no approval that could be taken back.
    #[error("there is no approval of this draft to withdraw")]
    NothingToWithdraw,
    /// What was sent cannot be taken back.
    #[error("sending has begun, so the approval can no longer be withdrawn")]
    SendingBegan,
    /// Nobody has to be told any more.
    #[error("the duty has ended, so there is nothing to decide")]
    DutyEnded,
}

impl Refusal {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyDecided => "already-decided",
            Self::TextChanged => "text-changed",
            Self::ReviewerIsDrafter => "reviewer-is-drafter",
            Self::ReasonMissing => "reason-missing",
            Self::MissingItemsUnexplained => "missing-items-unexplained",
            Self::SameReviewerTwice => "same-reviewer-twice",
            Self::OtherSignIn => "other-sign-in",
            Self::VerdictsDiffer => "verdicts-differ",
            Self::NothingToWithdraw => "nothing-to-withdraw",
            Self::SendingBegan => "sending-began",
            Self::DutyEnded => "duty-ended",
        }
    }
}
