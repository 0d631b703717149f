//! `tocsin evidence list`: what there is, what is missing, and until when each file is locked.

use super::desk::{Asked, Desk};
use super::{EvidenceError, print, text};
use serde_json::{Value, json};
use std::process::ExitCode;

/// List the files of an incident with their digests, until when each is locked and whether it is held, and the gaps.
///
/// With `--json`: `{"incident", "items": [{"path", "source", "complete", "gaps"}], "files": [{"path", "sha256", "bytes", "version_id",
/// "collected_at", "is_there", "locked_until", "mode", "held"}]}`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, EvidenceError> {
    let all = all(&Desk::at(&arguments.asked).await?).await?;
    print(arguments.asked.json, &all, &lines(&all))?;
    Ok(ExitCode::SUCCESS)
}

/// Every page of the list, as one.
pub(super) async fn all(desk: &Desk<'_>) -> Result<Value, EvidenceError> {
    let (mut items, mut files, mut after) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let mut page = desk.ask("list", json!({"after": after})).await?;
        let mut member = |name: &'static str| match page.get_mut(name).map(Value::take) {
            Some(Value::Array(members)) => Ok(members),
            Some(_) | None => Err(EvidenceError::Answer(name)),
        };
        items.extend(member("items")?);
        files.extend(member("files")?);
        after = page.get("next").cloned().unwrap_or_default();
        if after.is_null() {
            let incident = page.get("incident").cloned();
            return Ok(json!({"incident": incident, "items": items, "files": files}));
        }
    }
}

fn lines(all: &Value) -> Vec<String> {
    let members = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for file in members(all, "files") {
        let flag = |name: &str| file.get(name).and_then(Value::as_bool).unwrap_or(false);
        let lock = match file.get("locked_until").and_then(Value::as_str) {
            Some(until) => format!("{} until {until}", text(&file, "/mode")),
            None => "not locked".to_owned(),
        };
        let held = if flag("held") { ", held" } else { "" };
        let gone = if flag("is_there") { "" } else { ", NOT IN THE VAULT" };
        lines.push(format!("{}  {}  {lock}{held}{gone}", text(&file, "/sha256"), text(&file, "/path")));
    }
    for item in members(all, "items") {
        for gap in members(&item, "gaps") {
            lines.push(format!("gap  {}/{}: {}", text(&item, "/path"), text(&gap, "/part"), text(&gap, "/reason")));
        }
    }
    lines
}
