//! `tocsin contain status`: every step of an incident, who wanted it and why.

use super::desk::{Desk, Place};
use super::target::{Target, incident_id};
use super::{ContainError, print, text};
use serde_json::Value;
use std::process::ExitCode;

/// Show every step of an incident: how it stands, what the account showed, who wanted it and why.
///
/// With `--json` one object: `incident` (`id`, `title`, `aware_at`, `closed_at`, `absorbed_by`) and `steps`, each with `action`,
/// `account`, `region`, `target`, `pass`, `state`, `reason`, `before` (pointers into the state as found), `observation`,
/// `started_at`, `contained_at`, `reversed_at`, `ordered` (`order`, `by`, `reason`, `at`, `approval`; null where a playbook
/// wanted it) and `reversals` (`by`, `reason`, `at`).
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The incident.
    incident: String,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let incident = incident_id(&arguments.incident)?;
    let (_, answer) = Desk::at(&arguments.place).await.get(&path(incident.as_str())).await?;
    print(arguments.place.json, &answer, || lines(&answer))?;
    Ok(ExitCode::SUCCESS)
}

/// Where the status of an incident is.
pub(super) fn path(incident: &str) -> String {
    format!("status?incident={incident}")
}

/// The step that is meant.
pub(super) fn step<'a>(answer: &'a Value, target: &Target) -> Option<&'a Value> {
    answer.get("steps")?.as_array()?.iter().find(|step| target.is(step))
}

fn lines(answer: &Value) -> Vec<String> {
    let mut lines = vec![format!("{} {}", text(answer, "/incident/id"), text(answer, "/incident/title"))];
    let steps = answer.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    if steps.is_empty() {
        lines.push("Nothing is contained.".to_owned());
    }
    for step in &steps {
        let region = step.get("region").and_then(Value::as_str).unwrap_or("global");
        lines.push(format!(
            "{:10}  {} on {} (account {}, {region})",
            text(step, "/state"),
            text(step, "/action"),
            text(step, "/target"),
            text(step, "/account")
        ));
        let mut add = |name: &str, pointer: &str| {
            if let Some(said) = step.pointer(pointer).and_then(Value::as_str) {
                lines.push(format!("            {name} {said}"));
            }
        };
        add("started", "/started_at");
        add("contained", "/contained_at");
        add("given back", "/reversed_at");
        add("because", "/reason");
        add("ordered by", "/ordered/by");
        add("who said", "/ordered/reason");
        let wished = step.get("reversals").and_then(Value::as_array).cloned().unwrap_or_default();
        for wish in wished {
            lines.push(format!("            asked back by {}: {}", text(&wish, "/by"), text(&wish, "/reason")));
        }
    }
    lines
}
