//! What other facts make of the duties.

use super::{amended, at, derived, only, rules};
use crate::notification::{Assessment, Change, DutyChange, Facts, Rules, changes};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(rules);

fn after(facts: &Facts, entered: &[(&str, Value)]) -> Vec<DutyChange> {
    changes(&RULES.assess(facts), &RULES.assess(&amended(facts, entered)))
}

fn of<'a>(changes: &'a [DutyChange], id: &str) -> Vec<&'a Change> {
    changes.iter().filter(|changed| changed.obligation.id == id).map(|changed| &changed.change).collect()
}

#[test]
fn fewer_people_end_what_only_many_bring_and_more_bring_it_back() {
    let few = amended(&derived(), &[("affected.US-CA", json!(500))]);
    let ended = after(&derived(), &[("affected.US-CA", json!(500))]);
    let [Change::Ends { because }] = of(&ended, "us-ca-reg").as_slice() else { panic!("{ended:?}") };
    assert!(because.contains("affected.US-CA"), "{because}");
    assert_eq!(of(&after(&few, &[("affected.US-CA", json!(501))]), "us-ca-reg"), [&Change::Appears]);
}

#[test]
fn an_earlier_clock_moves_the_time_and_says_from_where_to_where() {
    let moved = after(&derived(), &[("t.aware", json!("2026-11-27T13:20:00Z"))]);
    let expected =
        Change::Moves { from: Some(at("2026-11-30T16:20:00+01:00")), to: Some(at("2026-11-30T14:20:00+01:00")) };
    assert_eq!(of(&moved, "eu-gdpr-33-1"), [&expected]);
}

#[test]
fn what_was_assumed_becomes_certain_and_doubt_returns() {
    let certain = amended(&derived(), &[("risk_level", json!("high"))]);
    assert_eq!(of(&after(&derived(), &[("risk_level", json!("high"))]), "eu-gdpr-33-1"), [&Change::Established]);
    assert_eq!(of(&after(&certain, &[("risk_level", Value::Null)]), "eu-gdpr-33-1"), [&Change::Assumed]);
}

#[test]
fn a_request_of_law_enforcement_holds_a_notice_back_until_it_ends() {
    let request = json!({"agency": "FBI", "written": true, "from": "2026-11-28", "until": "2026-12-20"});
    let held = amended(&derived(), &[("law_enforcement_hold", request.clone())]);
    let holds = after(&derived(), &[("law_enforcement_hold", request)]);
    let held_back: Vec<&DutyChange> =
        holds.iter().filter(|changed| matches!(changed.change, Change::HeldBack { .. })).collect();
    assert!(!held_back.is_empty());
    let released = after(&held, &[("law_enforcement_hold", json!(false))]);
    for changed in held_back {
        assert!(of(&released, &changed.obligation.id).contains(&&Change::Released), "{}", changed.obligation.id);
    }
}

#[test]
fn one_more_state_brings_its_own_duty_and_leaves_the_others_alone() {
    let outside = [("gdpr_applies", json!(true)), ("entity.eu_establishment", json!(false)), ("affected.DE", json!(1))];
    let (without, with) = (only(&outside), amended(&only(&outside), &[("affected.FR", json!(4))]));
    let id = "eu-gdpr-33-1-multi-sa-fr";
    let come = after(&without, &[("affected.FR", json!(4))]);
    assert_eq!(of(&come, id), [&Change::Appears]);
    assert!(of(&come, "eu-gdpr-33-1-multi-sa-de").is_empty());
    let ended = after(&with, &[("affected.FR", json!(0))]);
    let [Change::Ends { because }] = of(&ended, id).as_slice() else { panic!("{ended:?}") };
    assert!(because.contains("eu-gdpr-33-1-multi-sa-de"), "{because}");
}

/// Facts that many rules ask for, each known or not.
fn any_facts() -> impl Strategy<Value = Facts> {
    let one = |name: &'static str, values: Vec<Value>| {
        proptest::option::of(proptest::sample::select(values)).prop_map(move |value| (name, value))
    };
    let counts = vec![json!(0), json!(1), json!(500), json!(501), json!(100_000)];
    let times = vec![json!("2026-11-20"), json!("2026-11-27T15:20:00Z"), json!("2026-12-01T00:00:00+09:00")];
    let flags = vec![json!(true), json!(false)];
    let hold = vec![json!(false), json!({"agency": "BKA", "written": true, "until": "2027-01-15"})];
    (
        one("affected.DE", counts.clone()),
        one("affected.FR", counts.clone()),
        one("affected.US-CA", counts.clone()),
        one("affected.US-TX", counts),
        one("t.aware", times.clone()),
        one("t.discovery", times),
        one("personal_data_breach", flags.clone()),
        one("gdpr_applies", flags.clone()),
        one("incident.malicious", flags),
        one("risk_level", vec![json!("unlikely"), json!("risk"), json!("high")]),
        one("law_enforcement_hold", hold),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i, j, k)| {
            let known = [a, b, c, d, e, f, g, h, i, j, k].into_iter();
            let known: Vec<(&str, Value)> = known.filter_map(|(name, value)| Some((name, value?))).collect();
            only(&known)
        })
}

fn ids(assessment: &Assessment) -> BTreeSet<&str> {
    assessment.obligations.iter().map(|duty| duty.id.as_str()).collect()
}

/// What the way back has to be.
fn is_undone_by(one: &Change, back: &Change) -> bool {
    match (one, back) {
        (Change::Appears, Change::Ends { because }) => !because.is_empty(),
        (Change::Ends { .. }, Change::Appears)
        | (Change::Established, Change::Assumed)
        | (Change::Assumed, Change::Established)
        | (Change::HeldBack { .. }, Change::Released | Change::HeldBack { .. })
        | (Change::Released, Change::HeldBack { .. }) => true,
        (Change::Moves { from, to }, Change::Moves { from: back_from, to: back_to }) => {
            from == back_to && to == back_from
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_same_facts_change_nothing(facts in any_facts()) {
        prop_assert_eq!(changes(&RULES.assess(&facts), &RULES.assess(&facts)), []);
    }

    #[test]
    fn what_comes_and_ends_leads_from_the_one_to_the_other(one in any_facts(), other in any_facts()) {
        let (before, after) = (RULES.assess(&one), RULES.assess(&other));
        let changed = changes(&before, &after);
        let with = |wanted: fn(&Change) -> bool| -> BTreeSet<&str> {
            changed.iter().filter(|one| wanted(&one.change)).map(|one| one.obligation.id.as_str()).collect()
        };
        let come = with(|change| matches!(change, Change::Appears));
        let ended = with(|change| matches!(change, Change::Ends { .. }));
        let stay: BTreeSet<&str> = ids(&before).difference(&ended).copied().collect();
        prop_assert!(come.is_disjoint(&ids(&before)) && ended.is_disjoint(&ids(&after)));
        prop_assert_eq!(stay.union(&come).copied().collect::<BTreeSet<_>>(), ids(&after));

        let due = |assessment: &Assessment, id: &str| {
            assessment.obligations.iter().find(|duty| duty.id == id).and_then(|duty| duty.due_at)
        };
        let moved = with(|change| matches!(change, Change::Moves { .. }));
        for id in stay {
            prop_assert_eq!(moved.contains(id), due(&before, id) != due(&after, id), "{}", id);
        }
    }

    #[test]
    fn the_way_back_undoes_each_change(one in any_facts(), other in any_facts()) {
        let (one, other) = (RULES.assess(&one), RULES.assess(&other));
        let (there, back) = (changes(&one, &other), changes(&other, &one));
        prop_assert_eq!(there.len(), back.len());
        for changed in &there {
            let undone = of(&back, &changed.obligation.id);
            prop_assert!(undone.into_iter().any(|way_back| is_undone_by(&changed.change, way_back)), "{:?}", changed);
        }
    }
}
