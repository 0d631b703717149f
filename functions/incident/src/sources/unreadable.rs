//! Why a document could not be read: a code from a closed set, and where in the document.

use serde::Serialize;

/// A refusal. It names a place, never a value: a finding may hold personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message} (`{code}` at `{path}`)")]
pub struct Unreadable {
    /// One of the codes of [`Code`].
    pub code: &'static str,
    /// A JSON path (RFC 9535), such as `$.detail.findings[0].Severity`.
    pub path: String,
    /// One sentence for people.
    pub message: String,
}

/// The closed set of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The bytes are not JSON, or a string that should hold JSON does not.
    InvalidJson,
    /// The document is larger than [`super::MAX_BYTES`].
    TooLarge,
    /// The document is nested deeper than [`super::MAX_DEPTH`], or wrapped more often than any AWS service wraps.
    TooDeep,
    /// No source claims the document, and it is of no account.
    UnknownSource,
    /// The source is known, but this event of it carries no finding.
    NotAFinding,
    /// A field without which the finding has no identity is missing or empty.
    MissingField,
    /// Such a field is there, but is not of a type that it can be read from.
    WrongType,
}

impl Code {
    /// Every code, for documentation and for tests.
    pub const ALL: [Self; 7] = [
        Self::InvalidJson,
        Self::TooLarge,
        Self::TooDeep,
        Self::UnknownSource,
        Self::NotAFinding,
        Self::MissingField,
        Self::WrongType,
    ];

    /// The code as it is written out.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::TooLarge => "too-large",
            Self::TooDeep => "too-deep",
            Self::UnknownSource => "unknown-source",
            Self::NotAFinding => "not-a-finding",
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
        }
    }

    /// The refusal of a whole document, for a reader that never had all of it.
    pub fn of_document(self) -> Unreadable {
        let message = match self {
            Self::InvalidJson => "the document is not JSON",
            Self::TooLarge => "the document is larger than a finding may be",
            Self::TooDeep => "the document is nested deeper than a finding may be",
            Self::UnknownSource => "this is no finding of a source that is known here",
            Self::NotAFinding => "the document carries no finding",
            Self::MissingField => "a field that identifies the finding is missing or empty",
            Self::WrongType => "a field that identifies the finding is not a string",
        };
        self.at("$".to_owned(), message)
    }

    /// A refusal of this code at `path`.
    pub(crate) fn at(self, path: String, message: impl Into<String>) -> Unreadable {
        Unreadable { code: self.as_str(), path, message: message.into() }
    }
}
