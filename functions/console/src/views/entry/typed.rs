//! A fact as it is typed.

use serde_json::Value;

/// A value as the texts that the form sends for it.
pub(super) fn texts_of(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null | Value::Object(_)) => Vec::new(),
        Some(Value::Array(items)) => items.iter().flat_map(|item| texts_of(Some(item))).collect(),
        Some(Value::Bool(true)) => vec!["yes".to_owned()],
        Some(Value::Bool(false)) => vec!["no".to_owned()],
        Some(Value::String(text)) if text == "unknown" => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
    }
}

/// The member of a record, as the form shows it.
pub(super) fn member_of(value: Option<&Value>, member: &str) -> String {
    texts_of(value.and_then(|value| value.get(member))).into_iter().next().unwrap_or_default()
}
