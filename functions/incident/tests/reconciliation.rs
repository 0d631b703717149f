//! Laws of the watermark, over lists of any length that are read in runs of any length.
#![allow(clippy::expect_used, reason = "a test stops where it fails")]

use incident::Finding;
use incident::reconciliation::{OVERLAP, Standing, Sweep, Watermark};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60 * 60;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time of this century")
}

/// A list of updates that are in it from the start or come while it is read, some up to 15 minutes late.
#[derive(Clone, Debug)]
struct Update {
    dated: i64,
    listed: i64,
}

fn updates() -> impl Strategy<Value = Vec<Update>> {
    let update = (0..DAY, 0..OVERLAP.as_secs());
    let update = update.prop_map(|(dated, late)| Update { dated, listed: dated + late });
    proptest::collection::vec(update, 0..60)
}

/// What one run does: when it begins, how many pages it has time for, and whether it dies before it notes the last one.
type Run = (i64, usize, bool);

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (60..7200_i64, 1..6_usize, any::<bool>());
    proptest::collection::vec(run, 1..40).prop_map(|runs| {
        let mut clock = 0;
        let later = runs.into_iter().map(|(pause, pages, dies)| {
            clock += pause;
            (clock, pages, dies)
        });
        later.collect()
    })
}

/// Reads the list as the function does: page by page, the watermark after each. Answers the updates that were sent.
fn read(list: &[Update], watermark: &mut Watermark, (now, pages, dies): Run, page_size: usize) -> BTreeSet<usize> {
    let mut sweep = watermark.sweep(at(now));
    let since = sweep.reached;
    let mut listed: Vec<(Timestamp, usize)> = list
        .iter()
        .enumerate()
        .filter(|(_, update)| update.listed <= now && at(update.dated) >= since)
        .map(|(number, update)| (at(update.dated), number))
        .collect();
    listed.sort();
    let mut chunks: Vec<&[(Timestamp, usize)]> = listed.chunks(page_size).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let mut sent = BTreeSet::new();
    for (number, page) in chunks.iter().take(pages).enumerate() {
        sent.extend(page.iter().map(|(_, number)| *number));
        if dies && number + 1 == pages {
            break;
        }
        sweep.pass(page.iter().map(|(updated, _)| *updated));
        watermark.advance(sweep, number + 1 == chunks.len());
    }
    sent
}

proptest! {
    #[test]
    fn every_update_is_sent_whatever_interrupts_the_runs(list in updates(), runs in runs(), page_size in 1..20_usize) {
        let mut watermark = Watermark::starting_at(at(0));
        let mut sent = BTreeSet::new();
        for run in runs {
            sent.extend(read(&list, &mut watermark, run, page_size));
        }
        let last = DAY + OVERLAP.as_secs() + 1;
        // The sweep that was left over, and one that begins after everything was listed.
        for late in [last, last + 1] {
            sent.extend(read(&list, &mut watermark, (late, usize::MAX, false), page_size));
        }
        prop_assert_eq!(sent.len(), list.len());
    }

    #[test]
    fn watermark_never_moves_backwards_nor_past_what_was_sent(list in updates(), runs in runs(), page_size in 1..20_usize) {
        let mut watermark = Watermark::starting_at(at(0));
        let mut sent = BTreeSet::new();
        for run in runs {
            let before = watermark;
            sent.extend(read(&list, &mut watermark, run, page_size));
            prop_assert!(watermark.swept_to >= before.swept_to);
            if let (Some(before), Some(now)) = (before.sweep, watermark.sweep) {
                prop_assert!(before.started_at != now.started_at || before.reached <= now.reached);
            }
            // What is not sent yet is listed again by the sweep that goes on, or by the next one.
            let next = watermark.sweep(at(run.0)).reached.min(watermark.swept_to - OVERLAP);
            let is_ahead = |update: &Update| update.listed > run.0 || at(update.dated) >= next;
            let reached = watermark.sweep.map_or(watermark.swept_to, |sweep| sweep.reached);
            for (number, update) in list.iter().enumerate().filter(|(number, _)| !sent.contains(number)) {
                prop_assert!(is_ahead(update), "update {number} is behind the watermark");
                let came_late = at(update.dated) > watermark.swept_to - OVERLAP;
                prop_assert!(update.listed > run.0 || at(update.dated) >= reached || came_late);
            }
        }
    }

    #[test]
    fn two_runs_at_once_lose_nothing(first in 0..DAY, second in 0..DAY, is_end in any::<bool>()) {
        let mut watermark = Watermark::starting_at(at(0));
        let mine = Sweep { started_at: at(10), reached: at(first) };
        let other = Sweep { started_at: at(20), reached: at(second) };
        watermark.advance(mine, false);
        watermark.advance(other, is_end);
        prop_assert_eq!(watermark.sweep, Some(mine));
        prop_assert_eq!(watermark.swept_to, at(0));
    }
}

#[test]
fn sweep_that_ends_counts_up_to_its_start() {
    let mut watermark = Watermark::starting_at(at(0));
    let mut sweep = watermark.sweep(at(1000));
    assert_eq!(sweep.reached, at(0) - OVERLAP);
    sweep.pass([at(990), at(1200), at(1100)]);
    watermark.advance(sweep, true);
    assert_eq!(watermark, Watermark { swept_to: at(1000), sweep: None });
}

#[test]
fn sweep_that_stops_goes_on_where_it_was() {
    let mut watermark = Watermark::starting_at(at(0));
    let mut sweep = watermark.sweep(at(1000));
    sweep.pass([at(300)]);
    watermark.advance(sweep, false);
    assert_eq!(watermark.swept_to, at(0));
    assert_eq!(watermark.sweep(at(2000)), Sweep { started_at: at(1000), reached: at(300) });
}

#[test]
fn list_without_updates_leaves_the_watermark() {
    let mut watermark = Watermark::starting_at(at(0));
    let sweep = watermark.sweep(at(1000));
    watermark.advance(sweep, true);
    assert_eq!(watermark, Watermark::starting_at(at(0)));
}

fn finding(last_seen: Option<Timestamp>) -> Finding {
    let text = include_bytes!("../src/sources/guardduty/fixtures/instance-credential-exfiltration.json");
    let mut finding = incident::sources::read(text).expect("a finding").remove(0).expect("a readable one");
    finding.last_seen = last_seen;
    finding
}

#[test]
fn finding_is_sent_when_intake_lacks_it_or_has_an_older_one() {
    let (none, early, late) = (finding(None), finding(Some(at(0))), finding(Some(at(1))));
    let cases = [
        (&early, None, false, Standing::Missed),
        (&early, None, true, Standing::Young),
        (&none, None, false, Standing::Missed),
        (&early, Some(&early), false, Standing::Known),
        (&early, Some(&late), false, Standing::Known),
        (&none, Some(&early), false, Standing::Known),
        (&late, Some(&early), false, Standing::Outdated),
        (&late, Some(&early), true, Standing::Outdated),
        (&late, Some(&none), false, Standing::Outdated),
    ];
    for (listed, recorded, is_young, expected) in cases {
        let standing = Standing::of(listed, recorded, is_young);
        assert_eq!(standing, expected);
        assert_eq!(standing.is_sent(), matches!(expected, Standing::Missed | Standing::Outdated));
    }
}

#[test]
fn overlap_covers_the_age_at_which_a_finding_counts_as_lost() {
    assert_eq!(OVERLAP, SignedDuration::from_mins(15), "`ReconcileAfterMinutes` of the template is less than this");
}
