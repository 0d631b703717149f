//! What holds for every deadline of every rule, stage and request.

use super::{at, rules};
use crate::notification::deadline::{Terms, times};
use crate::notification::{Facts, Rules, Source};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(rules);

/// The names of all that has a deadline.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let rules = RULES.iter().flat_map(|rule| {
        let stages = rule.stage_deadlines.iter().map(|stage| format!("{}.{}", rule.id, stage.stage));
        [rule.id.clone()].into_iter().chain(stages)
    });
    let requests = RULES.requests().flat_map(|request| {
        let stages = request.stage_deadlines.iter().map(|stage| format!("{}.{}", request.id, stage.stage));
        [request.id.clone()].into_iter().chain(stages)
    });
    rules.chain(requests).collect()
});

type Values = BTreeMap<String, Value>;

/// Facts as they stand: what contradicts itself is refused elsewhere, and is counted here too.
fn facts(values: &Values) -> Facts {
    let mut facts = Facts::unknown();
    for (name, value) in values {
        facts.set(name, value.clone(), Source::Counsel, "counsel", "a property", at("2100-01-01T00:00:00Z"));
    }
    facts
}

fn any_terms() -> impl Strategy<Value = Terms<'static>> {
    proptest::sample::select(NAMES.clone()).prop_map(|name| Terms::named(&name, &RULES).unwrap())
}

/// Any second from 2025 to 2028.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_735_689_600i64..1_861_920_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// An instant, or the day it falls on.
fn any_moment() -> impl Strategy<Value = Value> {
    (any_instant(), any::<bool>()).prop_map(|(instant, only_day)| {
        if only_day { json!(TimeZone::UTC.to_datetime(instant).date().to_string()) } else { json!(instant.to_string()) }
    })
}

fn any_zone() -> impl Strategy<Value = Value> {
    let names = [
        "Europe/Berlin",
        "Europe/Dublin",
        "Atlantic/Azores",
        "America/Los_Angeles",
        "America/New_York",
        "America/Caracas",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "UTC",
    ];
    proptest::sample::select(names.to_vec()).prop_map(|name| json!(name))
}

/// Every clock that these terms can run from, and what can stand in for one.
fn clocks(terms: &Terms<'_>) -> Vec<String> {
    let deadline = &terms.deadline;
    let named = deadline.limits.iter().map(|limit| limit.clock.clone());
    let chosen = deadline.alt.iter().filter_map(|other| other.clock.clone());
    let others = ["aware", "discovery", "discovery_hipaa", "aware_personal_data_affected"].map(str::to_owned);
    let mut clocks: Vec<String> = named
        .chain(chosen)
        .chain([deadline.clock.clone()])
        .chain(others)
        .filter(|clock| !clock.starts_with("end_of_period."))
        .collect();
    let reports: Vec<String> = clocks
        .iter()
        .filter_map(|clock| clock.strip_prefix("submitted_latest."))
        .map(|report| format!("submitted.{report}"))
        .collect();
    clocks.extend(reports);
    clocks.sort();
    clocks.dedup();
    clocks.into_iter().map(|clock| format!("t.{clock}")).collect()
}

/// Facts that a deadline may ask for, each known or not, with the clocks of these terms.
fn any_values(terms: &Terms<'_>) -> impl Strategy<Value = Values> + use<> {
    let clocks = clocks(terms);
    let times = proptest::collection::vec(proptest::option::of(any_moment()), clocks.len());
    let started = times.prop_map(move |times| {
        clocks.iter().cloned().zip(times).filter_map(|(clock, time)| Some((clock, time?))).collect::<Values>()
    });
    (started, any_choices()).prop_map(|(mut values, choices)| {
        values.extend(choices);
        values
    })
}

/// Every fact that chooses between limits, zones or reliefs, and one that does nothing.
fn any_choices() -> impl Strategy<Value = Values> {
    let flags = [
        "incident.malicious",
        "entity.br_small_agent",
        "entity.tsp_qualified",
        "entity.cn_cii_operator",
        "entity.cn_central_state_organ",
        "product.severe_incident",
        "personal_data_breach",
    ];
    let kinds = ["credit_institution", "central_counterparty", "small_payment_institution_not_nis2"];
    let flags = proptest::collection::vec(proptest::option::of(any::<bool>()), flags.len()).prop_map(move |known| {
        flags
            .iter()
            .zip(known)
            .filter_map(|(name, value)| Some(((*name).to_owned(), json!(value?))))
            .collect::<Values>()
    });
    let entity = proptest::option::of(proptest::sample::select(kinds.to_vec()));
    (flags, entity, proptest::option::of(any_zone())).prop_map(|(mut values, entity, zone)| {
        values.extend(entity.map(|entity| ("entity".to_owned(), json!(entity))));
        values.extend(zone.map(|zone| ("tz".to_owned(), zone)));
        values
    })
}

fn any_case() -> impl Strategy<Value = (Terms<'static>, Values, Values)> {
    any_terms().prop_flat_map(|terms| {
        let (before, more) = (any_values(&terms), any_values(&terms));
        (Just(terms), before, more)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_that_becomes_known_moves_a_due_time_later((terms, before, more) in any_case()) {
        let was = times(&terms, &facts(&before), &RULES, 0);
        let Some(due) = was.due else { return Ok(()) };
        for (name, value) in more.into_iter().filter(|(name, _)| !before.contains_key(name)) {
            let mut after = before.clone();
            after.insert(name.clone(), value.clone());
            let now = times(&terms, &facts(&after), &RULES, 0);
            // The clock of the law takes the place of what stood in for it, and was flagged; a late classification cancels
            // a limit. Both are the law's own words, and no fact does either.
            let own = name.strip_prefix("t.") == Some(terms.deadline.clock.as_str());
            // An entity whose zone nobody told is counted where the day ends first on Earth, and it is told so.
            let was_nowhere = name == "tz" && was.notes.iter().any(|note| note.contains("`tz`"));
            if was_nowhere {
                prop_assert!(now.due.is_some_and(|now| due.conservative <= now.conservative), "{}: {value}", terms.id);
                continue;
            }
            if own && (!was.notes.is_empty() || terms.deadline.late_classification_rule.is_some()) {
                prop_assert!(now.due.is_some(), "{}: {name} took the due time away", terms.id);
                continue;
            }
            let now = now.due;
            prop_assert!(now.is_some_and(|now| now.conservative <= due.conservative),
                "{}: {name} = {value} moved {due:?} to {now:?}, with {before:?}", terms.id);
        }
    }

    #[test]
    fn the_latest_is_never_before_what_is_worked_to((terms, values, _) in any_case()) {
        if let Some(due) = times(&terms, &facts(&values), &RULES, 0).due {
            prop_assert!(due.conservative <= due.statutory_latest, "{}: {due:?} with {values:?}", terms.id);
        }
    }

    #[test]
    fn an_earlier_start_never_ends_later(terms in any_terms(), one in any_instant(), gap in 0i64..200_000, choices in any_choices()) {
        let due = |start: Timestamp| {
            let clocks = clocks(&terms).into_iter().map(|clock| (clock, json!(start.to_string())));
            times(&terms, &facts(&clocks.chain(choices.clone()).collect()), &RULES, 0).due.map(|due| due.conservative)
        };
        let later = one + SignedDuration::from_secs(gap);
        prop_assert!(due(one) <= due(later), "{}: {one} and {later} with {choices:?}", terms.id);
    }
}
