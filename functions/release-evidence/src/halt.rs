//! Why a request goes no further.

use incident::Failure;
use platform::Answer;

/// A refusal is an answer; a failure may be none the next time.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It is answered with a no.
    Refused(Answer),
    /// It could not be answered.
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
