//! What the gate asks for beyond one decision: a second reviewer, a word on what is missing, the way back before sending.

use super::gate::{draft, now, request};
use super::{obligation, only};
use crate::notification::{Approval, Decision, Draft, Duty, DutyState, LegalReview, NotApproved, Outcome};
use crate::notification::{Refusal, Verdict, held_by};
use jiff::SignedDuration;
use proptest::prelude::*;

fn review(draft: &Draft) -> LegalReview {
    LegalReview::of(draft, None, now())
}

fn incomplete() -> Draft {
    Draft { gaps: vec!["the number of people".to_owned(), "the consequences".to_owned()], ..draft("text", 1) }
}

fn approval_of(review: &LegalReview, draft: &Draft) -> Result<Approval, NotApproved> {
    Approval::from_decision(review.decision.as_ref().unwrap(), draft)
}

#[test]
fn two_different_reviewers_approve_and_the_first_is_on_record() {
    let text = draft("text", 1);
    let mut review = review(&text).by_two();
    let yes = request(&text, Verdict::Approved);
    let Outcome::AwaitsSecond(first) = review.decide(&yes, "counsel", now()).unwrap() else { unreachable!() };
    assert_eq!((first.reviewer.as_str(), &first.digest), ("counsel", &text.digest));
    assert_eq!((review.answer(), &review.first), (None, &Some(first)), "the execution goes on waiting");
    for name in ["counsel", "Counsel", " counsel "] {
        assert_eq!(review.decide(&yes, name, now()), Err(Refusal::SameReviewerTwice));
    }
    assert_eq!(review.decide(&yes, "anna", now()), Err(Refusal::ReviewerIsDrafter));
    assert!(matches!(review.decide(&yes, "bert", now()), Ok(Outcome::Decided(_))));
    assert!(approval_of(&review, &text).is_ok());
}

/// Adams signs in with AWS here and with an issuer there.
#[test]
fn one_person_with_two_names_is_not_two_reviewers() {
    let names =
        ["arn:aws:iam::111122223333:user/adams", "https://id.example.com#adams", "https://id.example.org#adams"];
    for (first, second) in names.iter().flat_map(|first| names.iter().map(move |second| (first, second))) {
        if first == second {
            continue;
        }
        let text = draft("text", 1);
        for verdict in [Verdict::Approved, Verdict::NotNotifiable] {
            let mut review = review(&text).by_two();
            review.decide(&request(&text, verdict), first, now()).unwrap();
            assert_eq!(review.decide(&request(&text, verdict), second, now()), Err(Refusal::OtherSignIn), "{second}");
            assert!(review.decision.is_none());
            // Whoever it is may hold the text back, which takes one.
            assert!(review.decide(&request(&text, Verdict::ChangesRequested), second, now()).is_ok());
        }
        // Nor does a record say so that was written otherwise.
        let mut review = review(&text).by_two();
        let same = format!("{first}-of-another");
        review.decide(&request(&text, Verdict::Approved), &same, now()).unwrap();
        review.decide(&request(&text, Verdict::Approved), first, now()).unwrap();
        assert!(approval_of(&review, &text).is_ok());
        (*second).clone_into(&mut review.decision.as_mut().unwrap().reviewer);
        assert_eq!(approval_of(&review, &text).unwrap_err(), NotApproved::SecondMissing);
    }
}

#[test]
fn one_reviewer_is_enough_to_hold_a_text_back_and_not_to_deny_a_duty() {
    let text = draft("text", 1);
    for verdict in [Verdict::Rejected, Verdict::ChangesRequested] {
        for second in ["counsel", "bert"] {
            let mut review = review(&text).by_two();
            review.decide(&request(&text, Verdict::Approved), "counsel", now()).unwrap();
            assert!(matches!(review.decide(&request(&text, verdict), second, now()), Ok(Outcome::Decided(_))));
            assert_eq!(approval_of(&review, &text).unwrap_err(), NotApproved::Verdict);
        }
    }
    let mut review = review(&text).by_two();
    let none = request(&text, Verdict::NotNotifiable);
    assert!(matches!(review.decide(&none, "counsel", now()), Ok(Outcome::AwaitsSecond(_))));
    assert_eq!(review.decide(&request(&text, Verdict::Approved), "bert", now()), Err(Refusal::VerdictsDiffer));
    assert!(matches!(review.decide(&none, "bert", now()), Ok(Outcome::Decided(_))));
}

#[test]
fn what_is_missing_has_to_be_explained_by_each_who_approves() {
    let text = incomplete();
    let mut review = review(&text);
    let bare = request(&text, Verdict::Approved);
    assert_eq!(review.missing_items, text.gaps);
    for reason in [None, Some(" \n".to_owned())] {
        let request = crate::notification::DecisionRequest { missing_items_reason: reason, ..bare.clone() };
        assert_eq!(review.decide(&request, "counsel", now()), Err(Refusal::MissingItemsUnexplained));
    }
    let why = Some("in phases, Art. 33(4)".to_owned());
    let explained = crate::notification::DecisionRequest { missing_items_reason: why.clone(), ..bare.clone() };
    review.decide(&explained, "counsel", now()).unwrap();
    assert_eq!(review.decision.as_ref().unwrap().missing_items_reason, why);
    assert!(approval_of(&review, &text).is_ok());

    let mut review = self::review(&text).by_two();
    review.decide(&explained, "counsel", now()).unwrap();
    assert_eq!(review.decide(&bare, "bert", now()), Err(Refusal::MissingItemsUnexplained));
    for verdict in [Verdict::Rejected, Verdict::ChangesRequested, Verdict::NotNotifiable] {
        assert!(self::review(&text).decide(&request(&text, verdict), "counsel", now()).is_ok(), "{verdict:?}");
    }
}

#[test]
fn an_approval_is_withdrawn_until_sending_begins() {
    let text = draft("text", 1);
    let back = request(&text, Verdict::Withdrawn);
    let mut waiting = review(&text);
    assert_eq!(waiting.decide(&back, "counsel", now()), Err(Refusal::NothingToWithdraw));
    waiting.decide(&request(&text, Verdict::Approved), "counsel", now()).unwrap();
    let mut sent = waiting.clone();

    let reasonless = crate::notification::DecisionRequest { reason: String::new(), ..back.clone() };
    assert_eq!(waiting.decide(&reasonless, "bert", now()), Err(Refusal::ReasonMissing));
    assert_eq!(
        waiting.decide(&request(&draft("other", 1), Verdict::Withdrawn), "bert", now()),
        Err(Refusal::TextChanged)
    );
    assert_eq!(waiting.decide(&back, "anna", now()), Err(Refusal::ReviewerIsDrafter));
    assert!(matches!(waiting.decide(&back, "bert", now()), Ok(Outcome::Withdrawn(_))));
    assert_eq!(waiting.decide(&back, "bert", now()), Err(Refusal::AlreadyDecided));
    assert_eq!(waiting.decide(&request(&text, Verdict::Approved), "bert", now()), Err(Refusal::AlreadyDecided));
    assert_eq!(waiting.release(&text, now()).unwrap_err(), NotApproved::Withdrawn);
    assert_eq!(waiting.answer().unwrap()["verdict"], "withdrawn");
    assert!(waiting.asks_for_another_text());

    assert!(sent.release(&text, now()).is_ok());
    assert!(sent.release(&text, now()).is_ok(), "a repeat of sending gets it again");
    assert_eq!(sent.decide(&back, "bert", now()), Err(Refusal::SendingBegan));
}

#[test]
fn what_was_rejected_is_not_withdrawn() {
    let text = draft("text", 1);
    let mut review = review(&text);
    review.decide(&request(&text, Verdict::Rejected), "counsel", now()).unwrap();
    assert_eq!(review.decide(&request(&text, Verdict::Withdrawn), "bert", now()), Err(Refusal::NothingToWithdraw));
}

#[test]
fn an_obsolete_duty_takes_no_decision_and_sends_nothing() {
    let text = draft("text", 1);
    for decided in [false, true] {
        let mut review = review(&text);
        if decided {
            review.decide(&request(&text, Verdict::Approved), "counsel", now()).unwrap();
        }
        review.close("no personal data was there", now());
        assert_eq!(review.answer().unwrap()["verdict"], "obsolete");
        assert_eq!(review.decide(&request(&text, Verdict::Approved), "counsel", now()), Err(Refusal::DutyEnded));
        assert_eq!(review.release(&text, now()).unwrap_err(), NotApproved::DutyEnded);
        assert!(review.asks_for_another_text(), "should the duty come back");
        let closed = review.clone();
        review.close("another reason", now() + SignedDuration::from_secs(1));
        assert_eq!(review, closed, "it ends once");
    }
}

#[test]
fn what_is_being_sent_or_was_held_back_is_not_closed() {
    let text = draft("text", 1);
    let mut sending = review(&text);
    sending.decide(&request(&text, Verdict::Approved), "counsel", now()).unwrap();
    let _approval = sending.release(&text, now()).unwrap();
    let mut rejected = review(&text);
    rejected.decide(&request(&text, Verdict::Rejected), "counsel", now()).unwrap();
    for mut review in [sending, rejected] {
        review.close("no longer owed", now());
        assert_eq!(review.closed, None);
    }
}

#[test]
fn reminders_stand_at_half_three_quarters_and_nine_tenths_of_the_time() {
    let hours = |hours: i64| now() + SignedDuration::from_hours(hours);
    let reminders = LegalReview::of(&draft("text", 1), Some(hours(40)), now()).reminders();
    let times: Vec<_> = reminders.iter().map(|(at, reminder)| (*at, reminder.percent, reminder.escalates())).collect();
    assert_eq!(times, [(hours(20), 50, false), (hours(30), 75, true), (hours(36), 90, true)]);
    let other = LegalReview::of(&draft("text", 2), Some(hours(40)), now()).reminders();
    let mut names: Vec<String> = reminders.iter().chain(&other).map(|(_, reminder)| reminder.name()).collect();
    assert!(
        names
            .iter()
            .all(|name| name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)))
    );
    names.dedup();
    assert_eq!(names.len(), 6, "each has a name of its own");
    for due in [None, Some(now()), Some(hours(-1))] {
        assert_eq!(LegalReview::of(&draft("text", 1), due, now()).reminders(), []);
    }
}

#[test]
fn records_of_before_are_read() {
    let review = review(&draft("text", 1));
    let mut old = serde_json::to_value(&review).unwrap();
    old.as_object_mut().unwrap().remove("four_eyes");
    assert_eq!(serde_json::from_value::<LegalReview>(old).unwrap(), review);
}

proptest! {
    /// Whatever two people do in whichever order: a text is approved by both, each having read it, and by nobody who wrote it.
    #[test]
    fn four_eyes_are_four(
        steps in proptest::collection::vec((0usize..5, 0usize..4, any::<bool>()), 0..8),
        complete in any::<bool>(),
    ) {
        let text = if complete { draft("text", 1) } else { incomplete() };
        let mut review = review(&text).by_two();
        let mut agreed: Vec<&str> = Vec::new();
        for (verdict, person, explains) in steps {
            let verdict =
                [Verdict::Approved, Verdict::Rejected, Verdict::ChangesRequested, Verdict::NotNotifiable, Verdict::Withdrawn][verdict];
            let person = ["counsel", "Counsel", "bert", "anna"][person];
            let why = explains.then(|| "in phases".to_owned());
            let request = crate::notification::DecisionRequest { missing_items_reason: why, ..request(&text, verdict) };
            if review.decide(&request, person, now()).is_ok() && verdict == Verdict::Approved {
                agreed.push(person);
            }
        }
        let approved = review.decision.as_ref().is_some_and(|decision: &Decision| Approval::from_decision(decision, &text).is_ok());
        if approved {
            agreed.sort_by_key(|name| name.to_lowercase());
            prop_assert_eq!(agreed.len(), 2);
            prop_assert_eq!(agreed[0], "bert");
            prop_assert_eq!(agreed[1].to_lowercase(), "counsel");
        }
    }
}

fn duty(id: &str, state: DutyState) -> Duty {
    let mut obligation = obligation(&only(&[]), id).unwrap();
    obligation.due_at = Some(now());
    let incident = draft("text", 1).incident;
    Duty { incident, obligation, facts_version: 1, state, changed_at: now(), ended_because: None, returns: 0 }
}

/// What holds the first duty back a day before it is due, and a day after, with this review of the other.
fn held(own: &str, other: Duty, review: Option<LegalReview>) -> (bool, bool) {
    let duties = [duty(own, DutyState::Open), other];
    let reviews: Vec<LegalReview> = review.into_iter().collect();
    let day = SignedDuration::from_hours(24);
    let is_held = |at| !held_by(&duties[0], &duties, &reviews, at).is_empty();
    (is_held(now() - day), is_held(now() + day))
}

#[test]
fn what_the_law_wants_first_holds_the_others_back_until_it_was_sent_or_ended() {
    assert_eq!(held("us-md-ind", duty("us-md-reg", DutyState::Open), None), (true, true));
    for over in [DutyState::Sent, DutyState::Withheld, DutyState::NotNotifiable, DutyState::Obsolete] {
        assert_eq!(held("us-md-ind", duty("us-md-reg", over), None), (false, false));
    }
    assert_eq!(
        held("us-md-reg", duty("us-md-ind", DutyState::Open), None),
        (false, false),
        "and not the other way round"
    );
    assert_eq!(held("us-md-ind", duty("us-ca-reg", DutyState::Open), None), (false, false));
}

#[test]
fn what_goes_out_together_waits_for_the_approval_of_both_but_not_past_its_time() {
    let other = || duty("us-ny-reg", DutyState::Open);
    let reviewed = |verdict: Option<Verdict>, version: u32| {
        let text = draft("text", version);
        let mut review = LegalReview { obligation: "us-ny-reg".to_owned(), ..review(&text) };
        verdict.map(|verdict| review.decide(&request(&text, verdict), "counsel", now()).unwrap());
        review
    };
    assert_eq!(held("us-ny-ind", other(), None), (true, false));
    assert_eq!(held("us-ny-ind", other(), Some(reviewed(None, 1))), (true, false));
    assert_eq!(held("us-ny-ind", other(), Some(reviewed(Some(Verdict::ChangesRequested), 1))), (true, false));
    assert_eq!(held("us-ny-ind", other(), Some(reviewed(Some(Verdict::Approved), 1))), (false, false));
    let duties = [duty("us-ny-ind", DutyState::Open), other()];
    let newer = [reviewed(Some(Verdict::Approved), 1), reviewed(None, 2)];
    assert_eq!(held_by(&duties[0], &duties, &newer, now() - SignedDuration::from_hours(1)), ["us-ny-reg"]);
}
