//! `tocsin`: for people at a terminal. One file a subcommand.

mod assess;
mod contain;
mod deadline;
mod decide;
mod evidence;
mod facts;
mod function;
mod register;
mod replay;
mod scope;
mod submit;
mod verify;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

/// From an AWS finding to a lawful breach notice.
#[derive(Debug, Parser)]
#[command(name = "tocsin", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Assess(assess::Arguments),
    Contain(contain::Arguments),
    Deadline(deadline::Arguments),
    Decide(decide::Arguments),
    Evidence(evidence::Arguments),
    Register(register::Arguments),
    Replay(replay::Arguments),
    Scope(scope::Arguments),
    Submit(submit::Arguments),
    Verify(verify::Arguments),
}

/// An error that a person can do something about.
trait Advised: Error {
    /// What to do next, as a sentence.
    fn advice(&self) -> String;

    /// 2 when the call itself was wrong, 1 otherwise.
    fn exit_code(&self) -> u8;
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Assess(arguments) => finish(assess::run(&arguments)),
        Command::Contain(arguments) => finish(contain::run(&arguments)),
        Command::Deadline(arguments) => finish(deadline::run(&arguments)),
        Command::Decide(arguments) => finish(decide::run(&arguments)),
        Command::Evidence(arguments) => finish(evidence::run(&arguments)),
        Command::Register(arguments) => finish(register::run(&arguments)),
        Command::Replay(arguments) => finish(replay::run(&arguments)),
        Command::Scope(arguments) => finish(scope::run(&arguments)),
        Command::Submit(arguments) => finish(submit::run(&arguments)),
        Command::Verify(arguments) => finish(verify::run(&arguments)),
    }
}

/// Prints the chain of causes once, and what to do next.
fn finish(result: Result<ExitCode, impl Advised>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    let mut text = format!("tocsin: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    // A closed standard error leaves nobody to tell; the exit code still says it.
    drop(writeln!(std::io::stderr(), "{text}\n{}", error.advice()));
    ExitCode::from(error.exit_code())
}
