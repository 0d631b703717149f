//! The answer of a function behind a URL.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The status.
    pub status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    /// The body, JSON.
    pub body: String,
}

impl Answer {
    /// An answer with this body.
    pub fn of(status_code: u16, body: &Value) -> Self {
        let headers = BTreeMap::from([("content-type", "application/json"), ("cache-control", "no-store")]);
        Self { status_code, headers, body: body.to_string() }
    }

    /// A refusal: `code` for programs, `message` for people.
    pub fn refused(status_code: u16, code: &str, message: &str) -> Self {
        Self::of(status_code, &json!({"accepted": false, "code": code, "message": message}))
    }
}
