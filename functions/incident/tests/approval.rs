//! Laws of the containment approval: one decision, by another person than the one who asked, about exactly these steps.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::IncidentId;
use incident::containment::approval::{Approval, AskedStep, Chosen, DecisionRequest, Every, MOST_STEPS, Refusal};
use incident::containment::plan::Withheld;
use incident::containment::{ActionId, ApprovalId, Asking, OrderId, Playbooks, Step};
use incident::finding::Category;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";

fn incident() -> IncidentId {
    IncidentId::try_from("inc-0123456789abcdef0123".to_owned()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn step(action: &str, target: &str) -> Step {
    let action = ActionId::named(action).unwrap();
    let region = Some("eu-central-1".to_owned());
    Step { action, account: "111122223333".to_owned(), region, target: target.to_owned(), pass: 1 }
}

fn asked(action: &str, target: &str) -> AskedStep {
    AskedStep::of(step(action, target), "the resource is protected".to_owned())
}

/// Two waves: an instance and a bucket, then a role.
fn waves() -> Vec<Vec<AskedStep>> {
    vec![
        vec![asked("isolate-instance", "i-0aa"), asked("lock-bucket", "customer-data")],
        vec![asked("revoke-role-sessions", "checkout")],
    ]
}

fn approval(requested_by: Option<&str>) -> Approval {
    Approval::of(incident(), waves(), requested_by.map(str::to_owned), at(0))
}

fn request(steps: impl IntoIterator<Item = usize>) -> DecisionRequest {
    DecisionRequest { approve: Chosen::Steps(steps.into_iter().collect()), reason: "seen".to_owned() }
}

fn everything() -> DecisionRequest {
    DecisionRequest { approve: Chosen::Every(Every::All), reason: "seen".to_owned() }
}

proptest! {
    #[test]
    fn the_same_steps_are_one_approval_whoever_asks_and_when(
        mut steps in Just(waves().concat()).prop_shuffle(),
        cut in 0..3_usize,
        second in 0..1_000_i64,
    ) {
        let rest = steps.split_off(cut);
        let other = Approval::of(incident(), vec![steps, rest], Some(ALICE.to_owned()), at(second));
        prop_assert_eq!(&other.id, &approval(None).id);
        let fewer = Approval::of(incident(), vec![waves().concat()[1..].to_vec()], None, at(second));
        prop_assert_ne!(&fewer.id, &approval(None).id);
    }

    #[test]
    fn each_step_is_approved_or_declined_and_only_approved_ones_are_ordered(
        chosen in proptest::collection::btree_set(1..=3_usize, 0..=3),
    ) {
        let mut approval = approval(None);
        let decision = approval.decide(&request(chosen.clone()), BOB, at(5)).unwrap();
        let steps: Vec<Step> = approval.steps().map(|asked| asked.step.clone()).collect();
        let approved: Vec<Step> = chosen.iter().map(|number| steps[number - 1].clone()).collect();
        prop_assert_eq!(&decision.approved, &approved);
        let together: BTreeSet<&Step> = decision.approved.iter().chain(&decision.declined).collect();
        prop_assert_eq!(together.len(), 3);
        prop_assert_eq!(decision.approved.len() + decision.declined.len(), 3);
        match approval.order() {
            None => prop_assert!(chosen.is_empty()),
            Some(order) => {
                prop_assert_eq!(order.waves.concat(), approved);
                prop_assert!(order.waves.iter().all(|wave| !wave.is_empty()));
                prop_assert_eq!(order.approval.as_ref(), Some(&approval.id));
                let planned: Vec<Step> = order.plan(60).into_iter().flat_map(|wave| wave.steps).collect();
                let is_approved = |step: &Step| decision.approved.contains(&Step { pass: 1, ..step.clone() });
                prop_assert!(planned.iter().all(is_approved));
            }
        }
        let answer = approval.answer().unwrap();
        prop_assert_eq!(&answer["approved"], &json!(!chosen.is_empty()));
        prop_assert_eq!(answer["order"].is_string(), !chosen.is_empty());
    }

    #[test]
    fn whatever_follows_the_first_decision_stays(
        first in proptest::collection::btree_set(1..=3_usize, 0..=3),
        second in proptest::collection::btree_set(1..=3_usize, 0..=3),
    ) {
        let mut approval = approval(None);
        let decision = approval.decide(&request(first.clone()), BOB, at(5)).unwrap();
        let order = approval.order();
        prop_assert_eq!(approval.decide(&request(first.clone()), BOB, at(99)).unwrap(), decision.clone());
        prop_assert_eq!(approval.decide(&request(first.clone()), ALICE, at(99)), Err(Refusal::AlreadyDecided));
        if first != second {
            prop_assert_eq!(approval.decide(&request(second), BOB, at(99)), Err(Refusal::AlreadyDecided));
        }
        prop_assert_eq!(approval.decision.as_ref(), Some(&decision));
        prop_assert_eq!(approval.order(), order);
    }
}

#[test]
fn whoever_asked_can_take_it_back_but_not_approve_it() {
    for by in [ALICE, "ARN:aws:iam::111122223333:user/Alice", " arn:aws:iam::111122223333:user/alice ", ""] {
        let mut asked_by_alice = approval(Some(ALICE));
        assert_eq!(asked_by_alice.decide(&everything(), by, at(1)), Err(Refusal::ApproverIsRequester));
        assert_eq!(asked_by_alice.decide(&request([2]), by, at(1)), Err(Refusal::ApproverIsRequester));
        assert_eq!(asked_by_alice.decision, None);
        assert_eq!(asked_by_alice.order(), None);
    }
    assert!(approval(Some(ALICE)).decide(&request([]), ALICE, at(1)).is_ok());
    assert!(approval(Some(ALICE)).decide(&everything(), BOB, at(1)).is_ok());
}

#[test]
fn a_decision_has_a_reason_and_names_steps_that_are_there() {
    let mut approval = approval(None);
    let blank = DecisionRequest { reason: " \t".to_owned(), ..everything() };
    assert_eq!(approval.decide(&blank, BOB, at(1)), Err(Refusal::ReasonMissing));
    for number in [0, 4] {
        assert_eq!(approval.decide(&request([1, number]), BOB, at(1)), Err(Refusal::NoSuchStep));
    }
    assert_eq!((approval.decision.clone(), approval.answer()), (None, None));
}

#[test]
fn an_approved_action_is_repeated_where_its_kind_is() {
    let mut approval = approval(None);
    approval.decide(&everything(), BOB, at(1)).unwrap();
    let plan = approval.order().unwrap().plan(60);
    assert_eq!(plan.iter().map(|wave| wave.after_seconds).collect::<Vec<_>>(), [0, 0, 60]);
    assert_eq!(plan[2].steps, [Step { pass: 2, ..step("revoke-role-sessions", "checkout") }]);
}

#[test]
fn what_a_plan_withholds_is_asked_for_once_in_the_order_of_its_waves() {
    let playbooks = Playbooks::load().unwrap();
    let playbook = playbooks.for_category(Category::CredentialCompromise);
    let held = |action: &str, number: usize| Withheld {
        step: step(action, &format!("target-{number}")),
        reason: "the cap is reached".to_owned(),
    };
    let roles = (0..MOST_STEPS).map(|number| held("revoke-role-sessions", number));
    let withheld: Vec<Withheld> = roles.chain([held("lock-bucket", 0), held("isolate-instance", 1)]).collect();
    let approvals = Approval::of_withheld(&incident(), playbook, &withheld, at(0));
    assert_eq!(approvals.iter().map(|approval| approval.steps().count()).collect::<Vec<_>>(), [MOST_STEPS, 2]);
    let first: Vec<&str> = approvals[0].waves[0].iter().map(|asked| asked.step.action.as_str()).collect();
    assert_eq!(first, ["lock-bucket", "isolate-instance"]);
    assert!(approvals[0].waves[1].iter().all(|asked| asked.step.action.as_str() == "revoke-role-sessions"));
    let all: BTreeSet<&Step> = approvals.iter().flat_map(Approval::steps).map(|asked| &asked.step).collect();
    assert_eq!(all.len(), withheld.len());
    assert!(Approval::of_withheld(&incident(), playbook, &[], at(0)).is_empty());
}

#[test]
fn the_message_says_what_is_asked_whom_it_hits_and_how_to_answer() {
    let url = "https://example.lambda-url.eu-central-1.on.aws/";
    let asking = Asking { attempt: 2, attempts: 8, until: at(900), url };
    let approval = approval(Some(ALICE));
    let text = approval.message(&asking);
    for asked in approval.steps() {
        let step = &asked.step;
        let line =
            format!("{} on {} waits for a person (account 111122223333, eu-central-1)", step.action, step.target);
        for said in [line.as_str(), &asked.reason, &step.action.impact] {
            assert!(text.contains(said), "{said}");
        }
    }
    let id = &approval.id;
    for said in [
        format!("tocsin contain approve inc-0123456789abcdef0123 {id} --url {url}"),
        format!("tocsin contain decline inc-0123456789abcdef0123 {id} --url {url}"),
        format!("Asked 2 of 8 times; at {} this is escalated.", at(900)),
        format!("Asked by: {ALICE}"),
    ] {
        assert!(text.contains(&said), "{said}");
    }
    assert!(approval.subject().is_ascii() && approval.subject().len() < 100);
    let many = (0..MOST_STEPS).map(|number| asked("lock-bucket", &format!("bucket-{number}")));
    let large = Approval::of(incident(), vec![many.collect()], None, at(0)).message(&asking);
    assert!(large.len() < 256 * 1024);
    assert!(large.contains("and 350 more"));
}

#[test]
fn records_and_requests_keep_their_form() {
    let mut approval = approval(Some(ALICE));
    approval.decide(&request([1]), BOB, at(3)).unwrap();
    let written = serde_json::to_value(&approval).unwrap();
    assert_eq!(serde_json::from_value::<Approval>(written).unwrap(), approval);
    let read =
        |approve: Value| serde_json::from_value::<DecisionRequest>(json!({"approve": approve, "reason": "seen"}));
    assert_eq!(read(json!("all")).unwrap(), everything());
    assert_eq!(read(json!([2, 1, 2])).unwrap(), request([1, 2]));
    for wrong in [json!("some"), json!(1), json!(["1"]), json!([-1]), json!(true), Value::Null] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn only_ids_of_their_form_are_ids() {
    assert!(ApprovalId::try_from("apr-0123456789abcdef0123".to_owned()).is_ok());
    assert!(OrderId::try_from("ord-0123456789abcdef0123".to_owned()).is_ok());
    for wrong in ["apr-0123456789ABCDEF0123", "apr-0123", "ord-0123456789abcdef0123", "apr-0123456789abcdef0123/x", ""]
    {
        assert!(ApprovalId::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
    assert!(OrderId::try_from("apr-0123456789abcdef0123".to_owned()).is_err());
}
