//! What does not hold, named.

use serde::Serialize;
use std::fmt;

/// In which way something does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It must be there, and is not.
    Missing,
    /// It is not what was recorded.
    Altered,
    /// It does not stand where it belongs.
    Reordered,
    /// Nothing records it.
    Added,
    /// No seal covers it.
    Unsealed,
    /// The signature is not one of the seal.
    BadSignature,
    /// It cannot be read, so that nothing is known of it.
    Unreadable,
}

/// One broken link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// In which way.
    pub kind: Kind,
    /// Which file, below the incident's folder.
    pub path: String,
    /// Which line of it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl Broken {
    pub(super) fn new(kind: Kind, path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { kind, path: path.into(), line: None, what: what.into() }
    }

    pub(super) fn altered(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(Kind::Altered, path, what)
    }

    pub(super) fn at_line(kind: Kind, path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::new(kind, path, what) }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.path)?;
        if let Some(line) = self.line {
            write!(formatter, " line {line}")?;
        }
        let verb = match self.kind {
            Kind::Missing => "is missing",
            Kind::Altered => "was altered",
            Kind::Reordered => "was moved",
            Kind::Added => "was added",
            Kind::Unsealed => "is not sealed",
            Kind::BadSignature => "proves nothing",
            Kind::Unreadable => "cannot be read",
        };
        write!(formatter, " {verb}: {}", self.what)
    }
}

impl std::error::Error for Broken {}
