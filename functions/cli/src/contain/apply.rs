//! `tocsin contain apply`: orders one action on one resource.

use super::desk::{Desk, Place};
use super::target::Target;
use super::{ContainError, print, status, text};
use crate::function::CallError;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Contain one resource. Without an incident, one is opened by hand; the same order once more is the same order.
///
/// With `--json` one object: `accepted`, `incident`, `order` (null where it was contained before), `state`; with `--wait` also
/// `step`, as `tocsin contain status` has it. A refusal is `accepted: false` with `code` and `message`; where a second person is
/// asked, `code` is `needs-approval`, with `incident` and `approval`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    place: Place,
    /// The incident that it belongs to.
    #[arg(long)]
    incident: Option<String>,
    /// Why; the records keep it.
    #[arg(long)]
    reason: String,
    /// Wait until the account shows the effect, or the action failed.
    #[arg(long)]
    wait: bool,
    /// How long to wait.
    #[arg(long, default_value_t = 300, requires = "wait")]
    wait_seconds: u64,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let request = arguments.target.request(arguments.incident.as_ref(), Some(&arguments.reason))?;
    let desk = Desk::at(&arguments.place).await;
    let mut accepted = match desk.post("apply", &request).await {
        Ok((_, accepted)) => accepted,
        Err(refused) => return Err(shown(refused, arguments.place.json)?),
    };
    let mut is_contained = true;
    if arguments.wait {
        let path = status::path(text(&accepted, "/incident"));
        let order = accepted.get("order").and_then(Value::as_str).map(str::to_owned);
        // Until the order is under way, a step that was given back before still says so.
        let is_own = |step: &Value| order.as_ref().is_none_or(|order| text(step, "/ordered/order") == order);
        let is_over = |_: u16, answer: &Value| {
            status::step(answer, &arguments.target)
                .is_some_and(|step| is_own(step) && !matches!(text(step, "/state"), "started" | "withheld"))
        };
        let answer = desk.follow(&path, arguments.wait_seconds, is_over).await?;
        let step = status::step(&answer, &arguments.target).cloned().unwrap_or(Value::Null);
        is_contained = text(&step, "/state") == "contained";
        if let Some(members) = accepted.as_object_mut() {
            members.insert("state".to_owned(), json!(text(&step, "/state")));
            members.insert("step".to_owned(), step);
        }
    }
    print(arguments.place.json, &accepted, || lines(&accepted))?;
    Ok(if is_contained { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lines(accepted: &Value) -> Vec<String> {
    let mut lines = vec![
        format!("Incident    {}", text(accepted, "/incident")),
        format!("Order       {}", text(accepted, "/order")),
        format!("State       {}", text(accepted, "/state")),
    ];
    if let Some(reason) = accepted.pointer("/step/reason").and_then(Value::as_str) {
        lines.push(format!("Because     {reason}"));
    }
    lines
}

/// A program that asked for JSON gets the refusal as JSON, too.
pub(super) fn shown(refused: ContainError, as_json: bool) -> Result<ContainError, ContainError> {
    if let (ContainError::Call(CallError::Refused { answer, .. }), true) = (&refused, as_json) {
        print(true, answer, Vec::new)?;
    }
    Ok(refused)
}
