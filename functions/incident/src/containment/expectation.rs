//! What an account must show, as data: each expectation is a place in the observation and what has to be there.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One thing that the observation must show.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Where: a JSON pointer (RFC 6901) in which `*` stands for every element. It must lead somewhere.
    at: String,
    /// Only where the state as found has something at this pointer.
    when: Option<String>,
    /// Every place has this value.
    is: Option<Value>,
    /// No place has this value.
    is_not: Option<Value>,
    /// Whether there is nothing: `null`, an empty list, object or text.
    empty: Option<bool>,
    /// It is not what it was.
    changed: Option<bool>,
    /// It is what it was.
    same: Option<bool>,
    /// Every key or element that was there still is.
    covers: Option<bool>,
    /// Every element is one of the list at this pointer of the observation.
    within: Option<String>,
    /// A policy with a statement that denies, and has these members.
    denies: Option<Map<String, Value>>,
    /// With `denies`: something stands at this pointer of the statement.
    names: Option<String>,
    /// With `denies`: the time at this pointer of the statement is not before the start of the action.
    since_start: Option<String>,
    /// With `denies`: every other statement that was found is still there.
    keeps: Option<bool>,
}

/// What an observation is held against.
pub(super) struct Shown<'a> {
    /// The state as found.
    pub before: &'a Value,
    /// The state as it is.
    pub seen: &'a Value,
    /// When the action was started.
    pub started_at: Timestamp,
}

impl Expectation {
    /// What is missing, if anything is.
    pub(super) fn missing(&self, shown: &Shown<'_>) -> Option<String> {
        let applies = |pointer: &String| shown.before.pointer(pointer).is_some_and(|found| !is_empty(found));
        if !self.when.as_ref().is_none_or(applies) {
            return None;
        }
        let mut places = Vec::new();
        let path: Vec<&str> = self.at.split('/').skip(1).collect();
        collect(shown.seen, &path, &mut places);
        if places.is_empty() {
            return Some(format!("`{}` is not there", self.at));
        }
        places.into_iter().find_map(|place| self.missing_at(place, shown)).map(|what| format!("`{}` {what}", self.at))
    }

    fn missing_at(&self, place: &Value, shown: &Shown<'_>) -> Option<String> {
        let found = shown.before.pointer(&self.at).unwrap_or(&Value::Null);
        let fails = |holds: bool, what: &str| (!holds).then(|| what.to_owned());
        self.is
            .as_ref()
            .and_then(|wanted| fails(place == wanted, &format!("is not {wanted}")))
            .or_else(|| self.is_not.as_ref().and_then(|other| fails(place != other, &format!("is {other}"))))
            .or_else(|| self.empty.and_then(|wanted| fails(is_empty(place) == wanted, emptiness(wanted))))
            .or_else(|| self.changed.and_then(|wanted| fails((place != found) == wanted, "is what it was")))
            .or_else(|| self.same.and_then(|wanted| fails((place == found) == wanted, "is not what it was")))
            .or_else(|| self.covers.and_then(|_| fails(covers(place, found), "lacks something that was found there")))
            .or_else(|| self.within.as_ref().and_then(|list| outside(place, shown.seen.pointer(list))))
            .or_else(|| self.denies.as_ref().and_then(|members| self.missing_denial(members, place, found, shown)))
    }

    fn missing_denial(
        &self,
        members: &Map<String, Value>,
        place: &Value,
        found: &Value,
        shown: &Shown<'_>,
    ) -> Option<String> {
        let policy = policy_of(place);
        let denial = statements(&policy).into_iter().find(|statement| {
            statement.get("Effect").and_then(Value::as_str) == Some("Deny")
                && members
                    .iter()
                    .all(|(name, wanted)| statement.get(name).is_some_and(|is| is_same_element(is, wanted)))
        });
        let Some(denial) = denial else { return Some("does not deny what it should".to_owned()) };
        if let Some(pointer) = &self.names
            && denial.pointer(pointer).is_none_or(is_empty)
        {
            return Some("denies without naming whom to spare".to_owned());
        }
        if let Some(pointer) = &self.since_start
            && !denial.pointer(pointer).is_some_and(|time| is_since(time, shown.started_at))
        {
            return Some("denies only what is older than the start".to_owned());
        }
        let earlier = policy_of(found);
        let now = statements(&policy);
        let sid = denial.get("Sid");
        let is_lost = |statement: &&Value| statement.get("Sid") != sid && !now.contains(statement);
        let loses = self.keeps == Some(true) && statements(&earlier).iter().any(is_lost);
        loses.then(|| "lost a statement that was found there".to_owned())
    }
}

fn emptiness(wanted: bool) -> &'static str {
    if wanted { "is not empty" } else { "is empty" }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Every value that the rest of a pointer leads to.
fn collect<'a>(value: &'a Value, rest: &[&str], places: &mut Vec<&'a Value>) {
    let Some((name, rest)) = rest.split_first() else {
        places.push(value);
        return;
    };
    match value {
        Value::Array(list) if *name == "*" => list.iter().for_each(|one| collect(one, rest, places)),
        Value::Object(members) if *name == "*" => members.values().for_each(|one| collect(one, rest, places)),
        Value::Object(members) => {
            let member = members.get(&name.replace("~1", "/").replace("~0", "~"));
            member.into_iter().for_each(|one| collect(one, rest, places));
        }
        Value::Array(list) => {
            let element = name.parse::<usize>().ok().and_then(|place| list.get(place));
            element.into_iter().for_each(|one| collect(one, rest, places));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn covers(place: &Value, found: &Value) -> bool {
    match (place, found) {
        (_, Value::Null) => true,
        (Value::Object(now), Value::Object(earlier)) => earlier.keys().all(|key| now.contains_key(key)),
        (Value::Array(now), Value::Array(earlier)) => earlier.iter().all(|element| now.contains(element)),
        _ => false,
    }
}

fn outside(place: &Value, list: Option<&Value>) -> Option<String> {
    let (Some(elements), Some(allowed)) = (place.as_array(), list.and_then(Value::as_array)) else {
        return Some("is no list, or there is none to compare it with".to_owned());
    };
    let fits = elements.iter().all(|element| allowed.contains(element));
    (!fits).then(|| "holds something else".to_owned())
}

/// A policy as text, as IAM and S3 hold it, or as a document.
fn policy_of(value: &Value) -> Value {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(single) => vec![single],
        None => Vec::new(),
    }
}

/// In a policy a list of one is the same as its element.
fn is_same_element(is: &Value, wanted: &Value) -> bool {
    let only = |value: &Value| value.as_array().filter(|list| list.len() == 1).and_then(|list| list.first().cloned());
    only(is).as_ref().unwrap_or(is) == only(wanted).as_ref().unwrap_or(wanted)
}

/// AWS compares whole seconds, so a time within the second of the start counts.
fn is_since(time: &Value, start: Timestamp) -> bool {
    let text = time.as_str().or_else(|| time.get(0).and_then(Value::as_str));
    text.and_then(|text| text.parse::<Timestamp>().ok()).is_some_and(|time| time.as_second() >= start.as_second())
}
