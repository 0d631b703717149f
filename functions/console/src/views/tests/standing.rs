//! What a reviewer is offered.

use super::sample::{REVIEWER, Sample, at, now};
use crate::views::review::{Offer, Reviewer, Standing};
use incident::notification::{DecisionRequest, DutyState, LegalReview, Verdict};

fn offered(review: &LegalReview, id: &str, may_decide: bool) -> Vec<&'static str> {
    Offer::all(review, Reviewer { id, may_decide }).into_iter().map(|offer| offer.value).collect()
}

fn decided(mut review: LegalReview, verdict: Verdict, reviewer: &str) -> LegalReview {
    let request = DecisionRequest {
        digest: review.digest.clone(),
        verdict,
        reason: "so".to_owned(),
        missing_items_reason: Some("not known".to_owned()),
    };
    review.decide(&request, reviewer, now()).unwrap();
    review
}

#[test]
fn only_counsel_who_had_no_hand_in_the_text_is_offered_anything() {
    let review = Sample::calm().review;
    assert_eq!(offered(&review, REVIEWER, true), ["approved", "changes-requested", "not-notifiable", "rejected"]);
    assert!(offered(&review, REVIEWER, false).is_empty());
    assert!(offered(&review, "https://id.example.com#privacy-1", true).is_empty());
}

#[test]
fn the_first_of_two_is_not_offered_to_be_the_second() {
    let review = decided(Sample::calm().review, Verdict::Approved, REVIEWER);
    assert_eq!(offered(&review, REVIEWER, true), ["changes-requested", "rejected"]);
    assert_eq!(
        offered(&review, "https://id.example.com#counsel-2", true),
        ["approved", "changes-requested", "rejected"]
    );
}

#[test]
fn who_may_be_the_first_by_another_name_is_not_offered_to_be_the_second() {
    let review = decided(Sample::calm().review, Verdict::Approved, "arn:aws:iam::111122223333:user/counsel-1");
    assert_eq!(offered(&review, REVIEWER, true), ["changes-requested", "rejected"]);
}

/// The page offers what the gate takes, and nothing else.
#[test]
fn what_is_offered_is_not_refused() {
    let second = "https://id.example.com#counsel-2";
    let open = Sample::calm().review;
    let first = decided(open.clone(), Verdict::NotNotifiable, REVIEWER);
    let approved = decided(decided(open.clone(), Verdict::Approved, REVIEWER), Verdict::Approved, second);
    let mut sending = approved.clone();
    sending.sending_since = Some(now());
    let mut closed = open.clone();
    closed.close("the duty has ended", at("2026-11-23T03:00:00Z"));
    let by_aws = decided(open.clone(), Verdict::Approved, "arn:aws:iam::111122223333:user/counsel-1");
    for review in [open, first, approved, sending, closed, by_aws] {
        for reviewer in [REVIEWER, second, "https://id.example.com#privacy-1"] {
            let offers = offered(&review, reviewer, true);
            for verdict in [
                Verdict::Approved,
                Verdict::Rejected,
                Verdict::ChangesRequested,
                Verdict::NotNotifiable,
                Verdict::Withdrawn,
            ] {
                let request = DecisionRequest {
                    digest: review.digest.clone(),
                    verdict,
                    reason: "so".to_owned(),
                    missing_items_reason: Some("not known".to_owned()),
                };
                let is_taken = review.clone().decide(&request, reviewer, now()).is_ok();
                let name = serde_json::to_value(verdict).unwrap();
                assert_eq!(offers.contains(&name.as_str().unwrap()), is_taken, "{verdict:?} by {reviewer}");
            }
        }
    }
}

#[test]
fn what_was_sent_is_not_said_to_be_under_way() {
    let mut review = decided(Sample::calm().review, Verdict::Approved, REVIEWER);
    review = decided(review, Verdict::Approved, "https://id.example.com#counsel-2");
    let word = |review: &LegalReview, duty| Standing::of(review, duty, now()).badge.word;
    assert_eq!(word(&review, DutyState::Open), "approved");
    review.sending_since = Some(now());
    assert_eq!(word(&review, DutyState::Open), "approved, being sent");
    assert_eq!(word(&review, DutyState::Sent), "approved and sent");
}
