//! Why a request ends early: refused, or failed.

use incident::Failure;
use platform::Answer;

/// Why a request ends early.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The caller is told what is wrong.
    Refused(Answer),
    /// A port failed.
    Failed(Failure),
}

impl Halt {
    /// A refusal: `code` for programs, `message` for people.
    pub(crate) fn refuse(status: u16, code: &str, message: impl AsRef<str>) -> Self {
        Self::Refused(Answer::refused(status, code, message.as_ref()))
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
