//! Success is observed: what the account must show before an action counts as done or as reversed.

use super::ActionId;
use super::expectation::Shown;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether the state read back shows the effect of `action`. `Err` says what is missing, for the operator.
///
/// `before` is the state as found, `started_at` the moment at which the action was started.
///
/// # Errors
/// The first thing that the observation does not show.
pub fn shows_containment(action: ActionId, before: &Value, seen: &Value, started_at: Timestamp) -> Result<(), String> {
    let shown = Shown { before, seen, started_at };
    action.shows.iter().find_map(|expectation| expectation.missing(&shown)).map_or(Ok(()), Err)
}

/// Whether the state read back after a reversal of `action` is the state as found, apart from what nothing brings back.
///
/// # Errors
/// The first field that differs.
pub fn shows_reversal(action: ActionId, before: &Value, seen: &Value) -> Result<(), String> {
    let is_lost = |at: &str| at.split('/').nth(1).is_some_and(|member| action.lost.iter().any(|lost| lost == member));
    let first = differences(before, seen).into_iter().find(|difference| !is_lost(&difference.at));
    first.map_or(Ok(()), |difference| Err(format!("`{}` is not as it was found", difference.at)))
}

/// A place at which two states differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A JSON pointer; it may lead into the text of a policy.
    pub at: String,
    /// What the one has there, as JSON.
    pub one: String,
    /// What the other has there, as JSON.
    pub other: String,
}

/// Where two states differ, in order. White space and key order in the text of a policy mean nothing.
pub fn differences(one: &Value, other: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(one, other, String::new(), &mut found);
    found
}

fn compare(one: &Value, other: &Value, at: String, found: &mut Vec<Difference>) {
    match (parsed(one), parsed(other)) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let value =
                    |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or(Value::Null);
                compare(&value(&one), &value(&other), format!("{at}/{name}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (place, (one, other)) in one.iter().zip(&other).enumerate() {
                compare(one, other, format!("{at}/{place}"), found);
            }
        }
        (one, other) if one == other => {}
        (one, other) => {
            let at = if at.is_empty() { "/".to_owned() } else { at };
            found.push(Difference { at, one: one.to_string(), other: other.to_string() });
        }
    }
}

/// A text that holds an object, such as a policy, as that object.
fn parsed(value: &Value) -> Value {
    let object = value.as_str().filter(|text| text.trim_start().starts_with('{'));
    object.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}
