//! `tocsin contain judge`: whether what was read back shows that an action took effect, by the same rules as the responder. No AWS.

use super::{ContainError, print};
use incident::containment::ActionId;
use incident::containment::observation::{shows_containment, shows_reversal};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::process::ExitCode;

/// Judge what was read back of a resource, by the rules of the action: for whoever checks a record of containment. No AWS.
///
/// Reads from standard input `{"before": STATE, "observation": STATE, "started_at": TIME}`, as an action's record has them.
/// With `--json`: `{"action", "shown": true|false, "missing": TEXT|null}`. Exits with 1 where it is not shown.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The action, such as `lock-bucket`; `tocsin contain actions` lists them.
    action: String,
    /// Judge a reversal: whether the observation is the state as found.
    #[arg(long)]
    reversal: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Read {
    before: Value,
    observation: Value,
    #[serde(default)]
    started_at: Option<Timestamp>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let wrong = |argument, problem: String| ContainError::Argument { argument, problem };
    let name = &arguments.action;
    let action = ActionId::named(name).ok_or_else(|| wrong("ACTION", format!("there is no action `{name}`")))?;
    let read: Read = serde_json::from_reader(io::stdin().lock()).map_err(|error| wrong("-", error.to_string()))?;
    let outcome = if arguments.reversal {
        shows_reversal(action, &read.before, &read.observation)
    } else {
        // Without a time nothing is asked of when it took effect.
        let started_at = read.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
        shows_containment(action, &read.before, &read.observation, started_at)
    };
    let missing = outcome.err();
    let shown = missing.is_none();
    let document = json!({"action": action, "shown": shown, "missing": missing});
    let line = missing.map_or_else(|| "shown".to_owned(), |missing| format!("not shown: {missing}"));
    print(arguments.json, &document, || vec![line])?;
    Ok(if shown { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
