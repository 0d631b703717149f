//! Where a review stands, and what a reviewer may still do with it.

use super::Reviewer;
use crate::views::badge::{Badge, Tone};
use crate::views::time::At;
use incident::notification::reviewer::{are_comparable, is_same_person};
use incident::notification::{DutyState, LegalReview, Verdict};
use jiff::Timestamp;

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In a word.
    pub badge: Badge,
    /// In sentences, each with its time.
    pub lines: Vec<(String, At)>,
}

/// Something that a reviewer may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is sent.
    pub value: &'static str,
    /// What it says.
    pub label: &'static str,
    /// What follows from it.
    pub meaning: &'static str,
}

impl Standing {
    pub(in crate::views) fn of(review: &LegalReview, duty: DutyState, now: Timestamp) -> Self {
        let mut lines = Vec::new();
        if let Some(decision) = &review.decision {
            let by = format!("{} decided: {}", decision.reviewer, decision.reason);
            lines.push((by, At::of(decision.decided_at)));
            if let Some(why) = &decision.missing_items_reason {
                lines.push((
                    format!("It may go out without all that the law asks for: {why}"),
                    At::of(decision.decided_at),
                ));
            }
            if let Some(withdrawn) = &decision.withdrawn {
                lines.push((
                    format!("{} took the approval back: {}", withdrawn.reviewer, withdrawn.reason),
                    At::of(withdrawn.at),
                ));
            }
        }
        if let Some(since) = review.sending_since {
            lines.push(("Sending began: the approval cannot be taken back any more.".to_owned(), At::of(since)));
        }
        if let Some(closed) = &review.closed {
            lines.push((format!("Nobody has to decide any more: {}", closed.reason), At::of(closed.at)));
        }
        Self { badge: badge(review, duty, now), lines }
    }
}

fn badge(review: &LegalReview, duty: DutyState, now: Timestamp) -> Badge {
    let decided = review.decision.as_ref();
    if review.closed.is_some() {
        return Badge::new(Tone::Quiet, "closed, the duty has ended");
    }
    match decided {
        Some(decision) if decision.withdrawn.is_some() => Badge::of_verdict(Verdict::Withdrawn),
        Some(_) if review.sending_since.is_some() && duty == DutyState::Sent => {
            Badge::new(Tone::Good, "approved and sent")
        }
        Some(_) if review.sending_since.is_some() => Badge::new(Tone::Good, "approved, being sent"),
        Some(decision) => Badge::of_verdict(decision.verdict),
        None if review.due_at.is_some_and(|due| due <= now) => {
            Badge::new(Tone::Alarm, "undecided, and its time has passed")
        }
        None => Badge::new(Tone::Open, "undecided"),
    }
}

const APPROVE: Offer =
    Offer { value: "approved", label: "Approve", meaning: "This exact text goes out as soon as the law lets it." };
const CHANGES: Offer = Offer {
    value: "changes-requested",
    label: "Request changes",
    meaning: "Another text is drafted and comes back here. Correct facts first, if they are wrong.",
};
const NOT_NOTIFIABLE: Offer = Offer {
    value: "not-notifiable",
    label: "Not notifiable",
    meaning: "The duty does not exist: nobody is told, and the register shows the reason (GDPR Art. 33(5)).",
};
const REJECT: Offer = Offer {
    value: "rejected",
    label: "Reject",
    meaning: "Nothing is sent under this duty, and no other text is asked for.",
};
const WITHDRAW: Offer = Offer {
    value: "withdrawn",
    label: "Withdraw the approval",
    meaning: "What was approved does not go out, and another text is asked for. Possible until sending begins.",
};

impl Offer {
    /// What this reviewer may choose: nothing that would be refused whatever the reason.
    pub(in crate::views) fn all(review: &LegalReview, reviewer: Reviewer<'_>) -> Vec<Self> {
        let same = |other: &str| is_same_person(other, reviewer.id);
        let is_drafter = review.drafters.iter().any(|drafter| same(drafter));
        if !reviewer.may_decide || is_drafter || review.closed.is_some() {
            return Vec::new();
        }
        if let Some(decision) = &review.decision {
            let can_withdraw =
                decision.verdict == Verdict::Approved && decision.withdrawn.is_none() && review.sending_since.is_none();
            return if can_withdraw { vec![WITHDRAW] } else { Vec::new() };
        }
        match &review.first {
            // The first of two cannot be the second, nor whoever may be the first by another name; holding the text back takes one.
            Some(first) if same(&first.reviewer) || !are_comparable(&first.reviewer, reviewer.id) => {
                vec![CHANGES, REJECT]
            }
            Some(first) if first.verdict == Verdict::NotNotifiable => vec![NOT_NOTIFIABLE, CHANGES, REJECT],
            Some(_) => vec![APPROVE, CHANGES, REJECT],
            None => vec![APPROVE, CHANGES, NOT_NOTIFIABLE, REJECT],
        }
    }
}
