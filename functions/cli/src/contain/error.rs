//! What can go wrong, and what to do about it.

use super::approvals::ApprovalError;
use crate::Advised;
use crate::function::CallError;
use crate::scope::ScopeError;
use incident::Failure;
use std::io;

/// Why nothing was contained, or given back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContainError {
    #[error("the request brought nothing")]
    Call(#[from] CallError),
    #[error("`{argument}`: {problem}")]
    Argument { argument: &'static str, problem: String },
    #[error("it had not ended after {seconds} seconds")]
    NotEnded { seconds: u64 },
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error(transparent)]
    Settings(#[from] ScopeError),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl From<Failure> for ContainError {
    fn from(failure: Failure) -> Self {
        Self::Call(CallError::Aws(failure))
    }
}

impl Advised for ContainError {
    fn advice(&self) -> String {
        match self {
            Self::Call(CallError::Aws(_)) => {
                "Check region, credentials and `--url`, then try again: the same order once more is the same order."
            }
            Self::Call(CallError::Refused { code, .. }) => match code.as_str() {
                "needs-approval" => {
                    "A second person decides; `tocsin contain status INCIDENT` shows what became of it."
                }
                "not-contained" | "no-such-incident" => {
                    "Run `tocsin contain status INCIDENT` to see what is contained."
                }
                _ => "Mend what is named, then try again.",
            },
            Self::Argument { .. } => "Run `tocsin contain --help`; `tocsin contain actions` lists the actions.",
            Self::NotEnded { .. } => "It goes on: run `tocsin contain status INCIDENT`, or give more `--wait-seconds`.",
            Self::Approval(error) => return error.advice(),
            Self::Settings(error) => return error.advice(),
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } => 2,
            Self::Approval(error) => error.exit_code(),
            Self::Settings(error) => error.exit_code(),
            Self::Call(_) | Self::NotEnded { .. } | Self::Output(_) => 1,
        }
    }
}
