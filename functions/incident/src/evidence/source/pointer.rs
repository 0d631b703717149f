//! Pointers into an answer: those of RFC 6901, and `*` for every member of a list.

use serde_json::Value;

/// The values there. What is no list counts as a list of one, since XML does not tell a list of one from a value.
pub fn values<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        found = found.into_iter().flat_map(|value| below(value, &name)).collect();
    }
    found.retain(|value| !value.is_null());
    found
}

fn below<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match (name, value) {
        ("*", Value::Array(members)) => members.iter().collect(),
        ("*", Value::Null) => Vec::new(),
        ("*", one) => vec![one],
        (name, Value::Array(members)) => {
            name.parse::<usize>().ok().and_then(|place| members.get(place)).into_iter().collect()
        }
        (name, value) => value.get(name).into_iter().collect(),
    }
}

/// A value as text, as XML would have it.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
