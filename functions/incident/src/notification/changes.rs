//! What other facts make of the duties: which ones come, which end, and whose time moves. A person sees it before a fact is saved.

use super::assess::{Assessment, HeldBack, Obligation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What becomes of one duty. One duty can have several changes, such as a hold that also moves its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyChange {
    /// The duty as it is afterwards; one that ends, as it was before.
    pub obligation: Obligation,
    /// What becomes of it.
    pub change: Change,
}

/// A change of a duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Change {
    /// It was not there before.
    Appears,
    /// It is there no longer.
    Ends {
        /// Why, in the words of the assessment.
        because: String,
    },
    /// The time to work to is another one.
    Moves {
        /// The time before; `None` where there was none.
        from: Option<Timestamp>,
        /// The time afterwards; `None` where there is none.
        to: Option<Timestamp>,
    },
    /// It was only assumed, since facts were unknown, and now stands without them.
    Established,
    /// It stood on what was known, and now is only assumed.
    Assumed,
    /// A request of law enforcement suspends the notice, or another one than before does.
    HeldBack {
        /// The request.
        request: HeldBack,
    },
    /// No such request suspends the notice any more.
    Released,
}

/// What becomes of the duties, by identifier; empty where nothing that a person works by is different.
///
/// Both are of the same rules.
pub fn changes(before: &Assessment, after: &Assessment) -> Vec<DutyChange> {
    let by_id = |assessment: &Assessment| -> BTreeMap<String, Obligation> {
        assessment.obligations.iter().map(|duty| (duty.id.clone(), duty.clone())).collect()
    };
    let (mut old, new) = (by_id(before), by_id(after));
    let mut changes = Vec::new();
    for (id, now) in new {
        match old.remove(&id) {
            None => changes.push(DutyChange { obligation: now, change: Change::Appears }),
            Some(was) => {
                let kinds = between(&was, &now);
                changes.extend(kinds.into_iter().map(|change| DutyChange { obligation: now.clone(), change }));
            }
        }
    }
    let ended = old.into_values().map(|obligation| {
        let change = Change::Ends { because: ended_because(&obligation, after) };
        DutyChange { obligation, change }
    });
    changes.extend(ended);
    changes.sort_by(|one, other| one.obligation.id.cmp(&other.obligation.id));
    changes
}

fn between(was: &Obligation, now: &Obligation) -> Vec<Change> {
    let moved = (was.due_at != now.due_at).then_some(Change::Moves { from: was.due_at, to: now.due_at });
    let stands = match (was.is_established(), now.is_established()) {
        (false, true) => Some(Change::Established),
        (true, false) => Some(Change::Assumed),
        (true, true) | (false, false) => None,
    };
    let held = match (&was.held, &now.held) {
        (Some(_), None) => Some(Change::Released),
        (before, Some(request)) if before.as_ref() != Some(request) => {
            Some(Change::HeldBack { request: request.clone() })
        }
        (_, Some(_)) | (None, None) => None,
    };
    [moved, stands, held].into_iter().flatten().collect()
}

/// Why a duty is no longer there. One of several under a rule ends while the rule goes on bringing others.
fn ended_because(ended: &Obligation, after: &Assessment) -> String {
    let refused = after.not_triggered.iter().find(|refused| refused.rule.eq_ignore_ascii_case(&ended.rule));
    if let Some(refused) = refused {
        return refused.because.clone();
    }
    let others = after.obligations.iter().filter(|other| other.rule == ended.rule);
    let others: Vec<&str> = others.map(|other| other.id.as_str()).collect();
    match others.as_slice() {
        [] => "there is no such rule any more".to_owned(),
        others => format!("the rule now brings {} instead", others.join(", ")),
    }
}
