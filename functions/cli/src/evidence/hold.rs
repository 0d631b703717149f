//! `tocsin evidence hold` and `end-hold`: a legal hold on every file of an incident.

use super::desk::{Asked, Desk};
use super::{EvidenceError, print, text};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Put a legal hold on every file: nobody can delete it until the hold is ended, however old it is.
///
/// It goes on where it broke off; done once more with another reason, it reaches what was preserved since.
/// With `--json`: `{"incident", "state": "held", "entry", "done", "left", "absent"}`.
#[derive(Debug, clap::Args)]
pub(super) struct HoldArguments {
    #[command(flatten)]
    asked: Asked,
}

/// End the legal hold on every file. Its retention goes on to hold.
#[derive(Debug, clap::Args)]
pub(super) struct EndHoldArguments {
    #[command(flatten)]
    asked: Asked,
}

pub(super) async fn hold(arguments: &HoldArguments) -> Result<ExitCode, EvidenceError> {
    to_the_end("hold", &arguments.asked).await
}

pub(super) async fn end(arguments: &EndHoldArguments) -> Result<ExitCode, EvidenceError> {
    to_the_end("end-hold", &arguments.asked).await
}

/// The function does as much as it has time for, and says how much is left.
async fn to_the_end(what: &str, asked: &Asked) -> Result<ExitCode, EvidenceError> {
    let desk = Desk::at(asked).await?;
    let mut done = 0;
    loop {
        let mut answer = desk.ask(what, json!({})).await?;
        done += answer.get("done").and_then(Value::as_u64).ok_or(EvidenceError::Answer("done"))?;
        if text(&answer, "/state") == "under-way" {
            continue;
        }
        if let Some(members) = answer.as_object_mut() {
            members.insert("done".to_owned(), json!(done));
        }
        let entry = answer.get("entry").and_then(Value::as_u64).unwrap_or(0);
        let mut lines = vec![format!("{}: {done} files, entry {entry}", text(&answer, "/state"))];
        for path in answer.get("absent").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!("NOT IN THE VAULT: {}", path.as_str().unwrap_or("-")));
        }
        print(asked.json, &answer, &lines)?;
        return Ok(ExitCode::SUCCESS);
    }
}
