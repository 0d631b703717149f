//! `tocsin contain`: containment by hand.

mod approvals;

use crate::Advised;
use std::process::ExitCode;

/// See which steps of containment wait for a person, and decide about them.
///
/// Region and credentials come from the environment, as for the AWS CLI.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Approvals(approvals::ListArguments),
    Approve(approvals::ApproveArguments),
    Decline(approvals::DeclineArguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, impl Advised> {
    match &arguments.command {
        Command::Approvals(arguments) => approvals::list(arguments),
        Command::Approve(arguments) => approvals::approve(arguments),
        Command::Decline(arguments) => approvals::decline(arguments),
    }
}
