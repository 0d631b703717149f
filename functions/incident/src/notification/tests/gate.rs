//! The legal gate: no way to an approval but one decision, about this text, by someone else.

use crate::Digest;
use crate::notification::{
    Approval, Decision, DecisionRequest, Draft, LegalReview, NotApproved, Outcome, Refusal, Verdict,
};
use crate::record::IncidentId;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Every verdict but that which takes another back.
const DECIDING: [Verdict; 4] =
    [Verdict::Approved, Verdict::Rejected, Verdict::ChangesRequested, Verdict::NotNotifiable];
const NOW: &str = "2026-11-28T09:00:00Z";

pub(super) fn now() -> jiff::Timestamp {
    NOW.parse().unwrap()
}

pub(super) fn draft(text: &str, version: u32) -> Draft {
    Draft {
        incident: IncidentId::try_from("inc-0123456789abcdef0123".to_owned()).unwrap(),
        obligation: "eu-gdpr-33-1".to_owned(),
        version,
        language: "en".to_owned(),
        subject: "s".to_owned(),
        text: text.to_owned(),
        html: String::new(),
        digest: Digest::of_parts(&["s", text, ""]),
        drafters: BTreeSet::from(["tocsin".to_owned(), "anna".to_owned()]),
        gaps: Vec::new(),
        written_at: now(),
        audience: None,
        page: None,
    }
}

pub(super) fn request(draft: &Draft, verdict: Verdict) -> DecisionRequest {
    DecisionRequest { digest: draft.digest.clone(), verdict, reason: "checked".to_owned(), missing_items_reason: None }
}

fn decided(outcome: Result<Outcome, Refusal>) -> Decision {
    match outcome.unwrap() {
        Outcome::Decided(decision) => *decision,
        other @ (Outcome::AwaitsSecond(_) | Outcome::Withdrawn(_)) => unreachable!("{other:?}"),
    }
}

fn approved(draft: &Draft) -> Decision {
    decided(LegalReview::of(draft, None, now()).decide(&request(draft, Verdict::Approved), "counsel", now()))
}

#[test]
fn an_approved_text_may_be_sent() {
    let draft = draft("text", 1);
    let approval = Approval::from_decision(&approved(&draft), &draft).unwrap();
    assert!(approval.covers(&draft));
    assert_eq!((approval.digest(), approval.reviewer()), (&draft.digest, "counsel"));
}

#[test]
fn a_decision_is_final() {
    let draft = draft("text", 1);
    for first in DECIDING {
        let mut review = LegalReview::of(&draft, None, now());
        let decision = decided(review.decide(&request(&draft, first), "counsel", now()));
        let again = review.decide(&request(&draft, Verdict::Approved), "other", now());
        assert_eq!(again, Err(Refusal::AlreadyDecided));
        assert_eq!(review.decision, Some(decision));
    }
}

#[test]
fn each_refusal_is_a_value_with_a_stable_code() {
    let text = draft("text", 1);
    let mut review = LegalReview::of(&text, None, now());
    let changed = draft("other", 1);
    let reasonless = DecisionRequest { reason: " \n".to_owned(), ..request(&text, Verdict::Approved) };
    let refusals = [
        (review.decide(&request(&changed, Verdict::Approved), "counsel", now()), Refusal::TextChanged),
        (review.decide(&request(&text, Verdict::Approved), "anna", now()), Refusal::ReviewerIsDrafter),
        (review.decide(&request(&text, Verdict::Rejected), "ANNA ", now()), Refusal::ReviewerIsDrafter),
        (review.decide(&request(&text, Verdict::Approved), "", now()), Refusal::ReviewerIsDrafter),
        (review.decide(&reasonless, "counsel", now()), Refusal::ReasonMissing),
    ];
    for (outcome, expected) in refusals {
        assert_eq!(outcome, Err(expected));
        assert_eq!(serde_json::to_value(expected).unwrap(), expected.code());
    }
    assert_eq!(review.decision, None, "a refused decision decides nothing");
}

#[test]
fn a_draft_whose_text_was_changed_in_its_record_is_not_approved() {
    let text = draft("text", 1);
    let decision = approved(&text);
    let mut changed = text.clone();
    changed.text.push_str(" and more");
    assert_eq!(Approval::from_decision(&decision, &changed).unwrap_err(), NotApproved::AnotherText);
    let approval = Approval::from_decision(&decision, &text).unwrap();
    assert!(!approval.covers(&changed));
}

#[test]
fn the_same_text_in_another_version_or_obligation_is_not_approved() {
    let text = draft("text", 1);
    let decision = approved(&text);
    let mut other = text.clone();
    other.obligation = "us-ca-ind".to_owned();
    for other in [draft("text", 2), other] {
        assert_eq!(Approval::from_decision(&decision, &other).unwrap_err(), NotApproved::AnotherText);
    }
}

#[test]
fn a_decision_survives_its_record() {
    let decision = approved(&draft("text", 1));
    assert_eq!(serde_json::from_str::<Decision>(&serde_json::to_string(&decision).unwrap()).unwrap(), decision);
    assert_eq!(serde_json::to_value(Verdict::ChangesRequested).unwrap(), "changes-requested");
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    proptest::sample::select(DECIDING.to_vec())
}

fn any_draft() -> impl Strategy<Value = Draft> {
    ("[ab]?", 1u32..3).prop_map(|(text, version)| draft(&text, version))
}

proptest! {
    #[test]
    fn an_approval_is_only_of_this_text_by_another_person(
        reviewed in any_draft(),
        shown in any_draft(),
        sent in any_draft(),
        tampered in any::<bool>(),
        verdict in any_verdict(),
        reviewer in "(tocsin|anna|Anna|bert|counsel)?",
        reason in "[x ]?",
    ) {
        let mut review = LegalReview::of(&reviewed, None, now());
        let request = DecisionRequest { reason, ..request(&shown, verdict) };
        let outcome = review.decide(&request, &reviewer, now());
        let mut sent = sent;
        if tampered {
            sent.html.push('x');
        }
        let approval = review.decision.as_ref().and_then(|decision| Approval::from_decision(decision, &sent).ok());
        let may_decide = shown.digest == reviewed.digest && ["bert", "counsel"].contains(&reviewer.as_str()) && request.reason == "x";
        prop_assert_eq!(outcome.is_ok(), may_decide);
        let may_send = may_decide && verdict == Verdict::Approved && !tampered
            && sent.digest == reviewed.digest && sent.version == reviewed.version;
        prop_assert_eq!(approval.is_some(), may_send);
        prop_assert_eq!(review.decision.is_some(), may_decide);
        if may_decide {
            prop_assert_eq!(review.decide(&request, &reviewer, now()), Err(Refusal::AlreadyDecided));
        }
    }

    #[test]
    fn a_decision_that_a_drafter_forged_into_the_table_approves_nothing(verdict in any_verdict(), reviewer in "(tocsin|anna|ANNA)") {
        let draft = draft("text", 1);
        let mut decision = approved(&draft);
        decision.verdict = verdict;
        decision.reviewer = reviewer;
        prop_assert!(Approval::from_decision(&decision, &draft).is_err());
    }
}
