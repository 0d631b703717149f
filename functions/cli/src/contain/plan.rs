//! `tocsin contain plan`: the exact calls, whom they hit, and what stands against them.

use super::desk::{Desk, Place};
use super::target::Target;
use super::{ContainError, print, text};
use serde_json::Value;
use std::process::ExitCode;

/// Show what would be done: the exact calls, whom they hit, and why a second person would be asked. Changes nothing.
///
/// With `--json` one object: `id`, `action`, `account`, `region`, `target`, `incident`, `by`, `at`, `title`, `impact` (of the
/// action), `asks`, `reversible`, `passes`, `objections` (list of texts), `state` (`planned` or `failed`), `calls` (list of
/// `call`, `on`, `change`), `hits` (list of texts, from the account), `found` (the state as found), `reason` (of a failure).
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    place: Place,
    /// The incident that it would belong to.
    #[arg(long)]
    incident: Option<String>,
    /// How long to wait for the account to be read.
    #[arg(long, default_value_t = 120)]
    wait_seconds: u64,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let request = arguments.target.request(arguments.incident.as_ref(), None)?;
    let desk = Desk::at(&arguments.place).await;
    let (_, asked) = desk.post("plan", &request).await?;
    let path = format!("plan/{}", text(&asked, "/id"));
    let plan = desk.follow(&path, arguments.wait_seconds, |status, _| status == 200).await?;
    print(arguments.place.json, &plan, || lines(&plan))?;
    Ok(if text(&plan, "/state") == "planned" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lines(plan: &Value) -> Vec<String> {
    let region = plan.get("region").and_then(Value::as_str).unwrap_or("global");
    let mut lines = vec![
        format!(
            "{} on {} (account {}, {region})",
            text(plan, "/action"),
            text(plan, "/target"),
            text(plan, "/account")
        ),
        format!("Hits        {}", text(plan, "/impact")),
    ];
    let list = |name: &str| plan.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    lines.extend(list("hits").iter().map(|hit| format!("            {}", said(hit))));
    for call in list("calls") {
        lines.push(format!(
            "Call        {} on {}: {}",
            text(&call, "/call"),
            text(&call, "/on"),
            text(&call, "/change")
        ));
    }
    lines.extend(list("objections").iter().map(|objection| format!("Asks first  {}", said(objection))));
    if text(plan, "/state") != "planned" {
        lines.push(format!("Not known   the account could not be read: {}", text(plan, "/reason")));
    }
    lines.push("Nothing was changed.".to_owned());
    lines
}
