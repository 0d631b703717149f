//! Laws of holding: however incidents take, learn, let go, repeat and stop, a resource is given back once, by the last one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::IncidentId;
use incident::containment::hold::{Hold, LetGo, Taken};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn incident(number: usize) -> IncidentId {
    IncidentId::try_from(format!("inc-{number:020}")).unwrap()
}

fn start() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Take(usize),
    Started(usize),
    Ended(usize),
    LetGo(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..4_usize, 0..3_usize).prop_map(|(kind, who)| match kind {
        0 => Move::Take(who),
        1 => Move::Started(who),
        2 => Move::Ended(who),
        _ => Move::LetGo(who),
    });
    prop::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn only_the_last_one_gives_back_and_what_was_found_is_written_once(moves in moves()) {
        let mut hold = Hold::default();
        let mut keeping = std::collections::BTreeSet::new();
        let mut found: Option<String> = None;
        for (at, step) in moves.into_iter().enumerate() {
            match step {
                Move::Take(who) => match hold.take(&incident(who), start()) {
                    Taken::Start(before) => {
                        prop_assert_eq!(&before, &found);
                        keeping.insert(who);
                    }
                    Taken::Join(first) => {
                        prop_assert!(first.automation.is_some() && first.incident != incident(who));
                        keeping.insert(who);
                    }
                    Taken::Wait(_) => {}
                },
                Move::Started(who) if keeping.contains(&who) => hold.started(&incident(who), &format!("run-{who}")),
                Move::Ended(who) if keeping.contains(&who) => {
                    let seen = format!("found by {who} at {at}");
                    hold.ended(&format!("run-{who}"), Some(&seen), None);
                    found = found.or(Some(seen));
                }
                Move::LetGo(who) if keeping.remove(&who) => match hold.let_go(&incident(who), &[]) {
                    LetGo::Kept(others) => {
                        prop_assert_eq!(others, keeping.iter().map(|who| incident(*who)).collect::<Vec<_>>());
                        prop_assert!(!keeping.is_empty());
                    }
                    LetGo::GiveBack => {
                        prop_assert!(keeping.is_empty());
                        // A repeat is the same, and nobody takes what is being given back.
                        prop_assert_eq!(hold.let_go(&incident(who), &[]), LetGo::GiveBack);
                        prop_assert!(matches!(hold.take(&incident(9), start()), Taken::Wait(_)));
                        (hold, found) = (Hold::default(), None);
                    }
                },
                Move::Started(_) | Move::Ended(_) | Move::LetGo(_) => {}
            }
            prop_assert_eq!(&hold.before, &found);
        }
    }
}

#[test]
fn a_run_that_was_announced_and_never_started_is_taken_over() {
    let mut hold = Hold::default();
    assert_eq!(hold.take(&incident(1), start()), Taken::Start(None));
    assert!(
        matches!(hold.take(&incident(2), start()), Taken::Wait(_)),
        "two first runs would each see the other's marks"
    );
    assert_eq!(hold.take(&incident(1), start()), Taken::Start(None), "whoever announced it goes on");
    let later = start() + SignedDuration::from_mins(3);
    assert_eq!(hold.take(&incident(2), later), Taken::Start(None));
}

#[test]
fn incidents_that_became_one_let_go_together() {
    let mut hold = Hold::default();
    hold.take(&incident(1), start());
    hold.started(&incident(1), "run-1");
    hold.ended("run-1", Some("{}"), Some("{}"));
    hold.take(&incident(2), start());
    assert_eq!(hold.let_go(&incident(1), &[&incident(2)]), LetGo::GiveBack);
}
