//! `tocsin contain`: containment by hand, for a target that no finding named.

mod actions;
mod apply;
mod approvals;
mod check;
mod desk;
mod error;
mod judge;
mod plan;
mod reverse;
mod status;
mod target;

pub(crate) use error::ContainError;

use serde_json::Value;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Contain by hand: look at what would be done, order it, see how it stands, take it back.
///
/// Region and credentials come from the environment, as for the AWS CLI; they need the policy `Tocsin-ContainmentOperator`, and
/// `Tocsin-ContainmentApprover` for `approvals`, `approve` and `decline`.
/// Exit codes: 0 done or accepted, 1 refused or not contained, 2 a wrong call.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Actions(actions::Arguments),
    Plan(plan::Arguments),
    Apply(apply::Arguments),
    Status(status::Arguments),
    Reverse(reverse::Arguments),
    Approvals(approvals::ListArguments),
    Approve(approvals::ApproveArguments),
    Decline(approvals::DeclineArguments),
    Judge(judge::Arguments),
    Check(check::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    match &arguments.command {
        Command::Actions(arguments) => actions::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Judge(arguments) => judge::run(arguments),
        Command::Plan(arguments) => wait(plan::run(arguments)),
        Command::Apply(arguments) => wait(apply::run(arguments)),
        Command::Status(arguments) => wait(status::run(arguments)),
        Command::Reverse(arguments) => wait(reverse::run(arguments)),
        Command::Approvals(arguments) => Ok(approvals::list(arguments)?),
        Command::Approve(arguments) => Ok(approvals::approve(arguments)?),
        Command::Decline(arguments) => Ok(approvals::decline(arguments)?),
    }
}

fn wait(work: impl Future<Output = Result<ExitCode, ContainError>>) -> Result<ExitCode, ContainError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Prints lines of text, or one JSON document.
fn print(as_json: bool, document: &Value, lines: impl FnOnce() -> Vec<String>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        return writeln!(out, "{document}");
    }
    lines().iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// A member of an answer as text.
fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}
