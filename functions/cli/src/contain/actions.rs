//! `tocsin contain actions`: the library, without AWS.

use super::{ContainError, print};
use incident::containment::ActionId;
use serde_json::{Value, json};
use std::process::ExitCode;

/// List what can be done to which kind of resource, whom it hits, and what always asks a second person. No AWS.
///
/// With `--json`: `{"actions": [{"id", "title", "target", "impact", "asks", "reversible", "passes"}]}`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let shown = |action: ActionId| {
        json!({
            "id": action, "title": action.title, "target": action.target, "impact": action.impact, "asks": action.asks,
            "reversible": action.reversible, "passes": action.passes,
        })
    };
    let actions: Vec<Value> = ActionId::all().map(shown).collect();
    print(arguments.json, &json!({"actions": actions}), lines)?;
    Ok(ExitCode::SUCCESS)
}

fn lines() -> Vec<String> {
    let widest = ActionId::all().map(|action| action.as_str().len()).max().unwrap_or(0);
    let line = |action: ActionId| {
        let asks = if action.asks { "; always asks a second person" } else { "" };
        let back = if action.reversible { "" } else { "; no way back" };
        format!("{:widest$}  {}{asks}{back}: {}", action.as_str(), action.target.noun(), action.impact)
    };
    ActionId::all().map(line).collect()
}
