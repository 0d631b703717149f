//! The answer of a function behind a URL.

use crate::telemetry::count;
use incident::{Failure, Fault};
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

/// Why a request goes no further. A refusal is an answer; a failure may be none the next time.
#[derive(Debug)]
pub enum Halt {
    /// It is answered with a no.
    Refused(Answer),
    /// It could not be answered.
    Failed(Failure),
}

impl Halt {
    /// A refusal: `code` for programs, `message` for people.
    pub fn refuse(status: u16, code: &str, message: impl AsRef<str>) -> Self {
        Self::Refused(Answer::refused(status, code, message.as_ref()))
    }

    /// What the caller is answered. Refusals are counted as `metric`.
    ///
    /// # Errors
    /// `Transient`: what may be answered otherwise the next time.
    pub fn answered(self, metric: &'static str) -> Result<Answer, Failure> {
        match self {
            Self::Refused(refusal) => {
                count(metric, 1);
                Ok(refusal)
            }
            Self::Failed(failure) if failure.fault() == Fault::Transient => Err(failure),
            // What no repeat mends, a person has to read.
            Self::Failed(failure) => Ok(Answer::refused(422, "not-possible", &failure.chain())),
        }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
