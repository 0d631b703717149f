//! `tocsin submit`: records that a person handed an approved notice in at an authority's portal.

use crate::Advised;
use crate::function::{CallError, call};
use incident::{Digest, IncidentId};
use jiff::Timestamp;
use platform::Sdk;
use platform::aws::FunctionUrl;
use serde_json::json;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Record that an approved notice was handed in at an authority's portal: the clocks that run from it start.
///
/// Prints the function's answer as one JSON document.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The incident.
    incident: String,
    /// The obligation, such as `eu-gdpr-33-1`.
    obligation: String,
    /// The stack's output `SubmissionUrl`.
    #[arg(long)]
    url: String,
    /// The digest of the text that was handed in, as `tocsin decide --show` prints it.
    #[arg(long)]
    digest: String,
    /// What the authority calls the submission.
    #[arg(long)]
    reference: String,
    /// When it was handed in: RFC 3339 with its offset, such as 2026-11-27T16:20:00+01:00.
    #[arg(long)]
    at: String,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    #[error("`{argument}` {problem}")]
    Argument { argument: &'static str, problem: &'static str },
    #[error("nothing was recorded")]
    Call(#[from] CallError),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for SubmitError {
    fn advice(&self) -> String {
        match self {
            Self::Argument { .. } => "Run `tocsin submit --help`.",
            Self::Call(CallError::Aws(_)) => "Check region, credentials and `--url`, then try again.",
            Self::Call(CallError::Refused { .. }) => "Mend what is named, then try again.",
            Self::Output(_) => "Send standard output to a file that can be written; the same call once more is safe.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } => 2,
            Self::Call(_) | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, SubmitError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(submit(arguments))
}

async fn submit(arguments: &Arguments) -> Result<ExitCode, SubmitError> {
    let wrong = |argument, problem| SubmitError::Argument { argument, problem };
    // What is wrong with an argument is found before anything is sent.
    let incident = IncidentId::try_from(arguments.incident.clone())
        .map_err(|_| wrong("INCIDENT", "is not `inc-` and 20 hexadecimal digits"))?;
    let digest: Digest = serde_json::from_value(json!(arguments.digest))
        .map_err(|_| wrong("--digest", "is not a SHA-256 in 64 hexadecimal digits"))?;
    let at: Timestamp = arguments.at.parse().map_err(|_| wrong("--at", "is not a time with its offset from UTC"))?;
    let function = FunctionUrl::connect(&Sdk::load().await, arguments.url.clone());
    let request = json!({
        "incident": incident,
        "obligation": arguments.obligation,
        "digest": digest,
        "reference": arguments.reference,
        "submitted_at": at,
    });
    let (_, answer) = call(&function, "POST", "", &request).await?;
    writeln!(io::stdout().lock(), "{answer:#}")?;
    Ok(ExitCode::SUCCESS)
}
