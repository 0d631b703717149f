//! `tocsin evidence`: reaches the evidence of an incident. Every call is in the custody log, with person, role and reason.

mod desk;
mod erasure;
mod error;
mod fetch;
mod hold;
mod list;

pub(crate) use error::EvidenceError;

use serde_json::Value;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// List and fetch the evidence of an incident, keep it beyond its retention, record what cannot be erased.
///
/// Region and credentials come from the environment, as for the AWS CLI; they need the policy `Tocsin-EvidenceReader`. The custody
/// log keeps who asked, in which role and why, before anything is given.
/// Exit codes: 0 done, 1 refused or not as recorded, 2 a wrong call.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Arguments),
    Fetch(fetch::Arguments),
    Hold(hold::HoldArguments),
    EndHold(hold::EndHoldArguments),
    Erasure(erasure::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, EvidenceError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match &arguments.command {
            Command::List(arguments) => list::run(arguments).await,
            Command::Fetch(arguments) => fetch::run(arguments).await,
            Command::Hold(arguments) => hold::hold(arguments).await,
            Command::EndHold(arguments) => hold::end(arguments).await,
            Command::Erasure(arguments) => erasure::run(arguments).await,
        }
    })
}

/// Prints lines of text, or one JSON document.
fn print(as_json: bool, document: &Value, lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        return writeln!(out, "{document}");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// A member of an answer as text.
fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}
