//! How people name a request to each other.

use super::Link;
use crate::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a request, such as `R-3F9A-02C7-5B1E-84D0`: on the receipt, in the console, and of its execution. Whoever knows it can do
/// nothing with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// A text that names no request.
#[derive(Debug, thiserror::Error)]
#[error("a reference is `R` and four groups of four hexadecimal digits in capitals, such as `R-3F9A-02C7-5B1E-84D0`")]
pub struct MalformedReference;

impl Reference {
    /// The request that this link confirms: the same link always names the same one, so a repeat confirms nothing anew.
    pub(super) fn of(link: &Link) -> Self {
        let digits = Digest::of_parts(&["privacy request", link.digest().as_str()]).short(16).to_ascii_uppercase();
        let groups: Vec<String> =
            digits.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
        Self(format!("R-{}", groups.join("-")))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = MalformedReference;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_group =
            |group: &str| group.len() == 4 && group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        let mut groups = text.split('-');
        let is_whole = groups.next() == Some("R") && text.len() == 21 && groups.all(is_group);
        if is_whole { Ok(Self(text)) } else { Err(MalformedReference) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
