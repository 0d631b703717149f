//! What can go wrong, and what to do about it.

use crate::Advised;
use crate::function::CallError;
use incident::Failure;
use std::io;

/// Why nothing was given, or held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvidenceError {
    #[error("the request brought nothing")]
    Call(#[from] CallError),
    #[error("`{argument}` {problem}")]
    Argument { argument: &'static str, problem: &'static str },
    #[error("`{0}` did not arrive as it was recorded, and was not kept")]
    Differs(String),
    #[error("`{path}` cannot be written")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("the answer cannot be read: `{0}` is missing in it")]
    Answer(&'static str),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl From<Failure> for EvidenceError {
    fn from(failure: Failure) -> Self {
        Self::Call(CallError::Aws(failure))
    }
}

impl Advised for EvidenceError {
    fn advice(&self) -> String {
        match self {
            Self::Call(CallError::Aws(_)) => "Check region, credentials and `--url`, then try again.",
            Self::Call(CallError::Refused { .. }) => "Mend what is named, then try again.",
            Self::Argument { .. } => "Run `tocsin evidence --help`.",
            Self::Differs(_) => {
                "Fetch it once more; if it differs again, run `tocsin verify` on the vault and keep its outcome."
            }
            Self::File { .. } => "Name a folder with `--to` in which new files can be written.",
            Self::Answer(_) => "Use the `tocsin` of the same version as the stack.",
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } => 2,
            Self::Call(_) | Self::Differs(_) | Self::File { .. } | Self::Answer(_) | Self::Output(_) => 1,
        }
    }
}
