//! The form of a signed document. What is refused is named by its field, never by its value.

use super::Why;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

/// The longest that a document may count: who keeps an old signed one can put it back for no longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Why a document is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are not JSON.
    #[error("it is not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A field is missing, unknown, or not what belongs there.
    #[error("`{path}` {problem}")]
    Field {
        /// The field, such as `rules[0].addresses[1]`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// When a document counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it was signed; it counts from then on.
    pub issued_at: Timestamp,
    /// The last moment at which it counts.
    pub valid_until: Timestamp,
}

impl Period {
    /// The period between these two times, at most 400 days.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub(crate) fn read(issued_at: &str, valid_until: &str) -> Result<Self, DocumentError> {
        let issued_at = moment("issued_at", issued_at)?;
        let valid_until = moment("valid_until", valid_until)?;
        if valid_until <= issued_at {
            return Err(refuse("valid_until", "is not after `issued_at`"));
        }
        if valid_until.duration_since(issued_at) > LONGEST {
            return Err(refuse("valid_until", "is more than 400 days after `issued_at`"));
        }
        Ok(Self { issued_at, valid_until })
    }

    /// Whether a document counts now.
    pub(crate) fn holds(self, now: Timestamp) -> bool {
        self.issued_at <= now && now <= self.valid_until
    }

    /// Why a document does not count now, if it does not.
    ///
    /// # Errors
    /// [`Why::Expired`] or [`Why::NotYetValid`].
    pub fn at(self, now: Timestamp) -> Result<(), Why> {
        if now < self.issued_at {
            Err(Why::NotYetValid(self.issued_at))
        } else if self.valid_until < now {
            Err(Why::Expired(self.valid_until))
        } else {
            Ok(())
        }
    }
}

/// What is wrong with one text of a list.
pub(crate) type Checked<T> = Result<T, &'static str>;

/// Every text of a list, checked; a refusal names its place.
pub(crate) fn each<T>(
    path: &str,
    texts: Vec<String>,
    check: fn(String) -> Checked<T>,
) -> Result<Vec<T>, DocumentError> {
    let checked = texts.into_iter().enumerate();
    checked.map(|(at, text)| check(text).map_err(|problem| refuse(format!("{path}[{at}]"), problem))).collect()
}

/// An account id.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

pub(crate) fn moment(path: &str, text: &str) -> Result<Timestamp, DocumentError> {
    text.parse().map_err(|_| refuse(path, "is not a time such as `2026-01-31T00:00:00Z`"))
}

/// The document as its fields.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DocumentError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| malformed(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| malformed(".", &error))?;
    Ok(document)
}

pub(crate) fn refuse(path: impl Into<String>, problem: impl Into<String>) -> DocumentError {
    DocumentError::Field { path: path.into(), problem: problem.into() }
}

/// Keeps of `serde`'s message what names fields and forms; the rest of it quotes the value.
fn malformed(path: &str, error: &serde_json::Error) -> DocumentError {
    if !error.is_data() {
        return DocumentError::NotJson { line: error.line(), column: error.column() };
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let problem = if message.starts_with("unknown field `") {
        "is no field of this document".to_owned()
    } else if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        format!("has a {message}")
    } else {
        message.rsplit_once(", expected ").map_or_else(
            || "is not of the right type".to_owned(),
            |(_, form)| format!("is not what belongs there: expected {form}"),
        )
    };
    let path = if path == "." { "the document" } else { path };
    refuse(path, problem)
}
