//! TOML has dates and JSON has none: what reads rules reads text.

use serde_json::Value;

/// Turns the dates of a TOML document into text, as JSON has them.
pub(crate) fn with_dates_as_text(value: Value) -> Value {
    match value {
        Value::Object(table) => match table.get("$__toml_private_datetime") {
            Some(date) => date.clone(),
            None => Value::Object(table.into_iter().map(|(key, value)| (key, with_dates_as_text(value))).collect()),
        },
        Value::Array(list) => Value::Array(list.into_iter().map(with_dates_as_text).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}
