//! `tocsin contain check`: what the settings of containment say, before somebody signs them. No AWS.

use super::{ContainError, print};
use crate::scope::{Check, ScopeError};
use incident::containment::guard::GuardDocument;
use serde_json::json;
use std::process::ExitCode;

/// Check form, time and signature of the settings of containment, and print them in words. No AWS.
///
/// With `--json`: `{"settings": DOCUMENT, "signature": TEXT}`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    check: Check,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let (bytes, signature) = arguments.check.verified()?;
    let wrong = |source| ScopeError::Document { source };
    let settings = GuardDocument::read(&bytes).map_err(wrong)?;
    let period = settings.period().map_err(wrong)?;
    period.at(arguments.check.moment()).map_err(|source| ScopeError::Time { source })?;
    let document = json!({"settings": settings, "signature": signature});
    print(arguments.json, &document, || lines(&settings, signature))?;
    Ok(ExitCode::SUCCESS)
}

fn lines(settings: &GuardDocument, signature: &str) -> Vec<String> {
    let GuardDocument { version, issued_at, valid_until, protected, critical, caps, responders, actions, .. } =
        settings;
    let mut lines = vec![format!("Version {version}, counts from {issued_at} until {valid_until}.")];
    lines.extend(protected.iter().map(|resource| format!("No automatic action touches `{resource}`.")));
    let serves = |one: &incident::containment::guard::Critical| {
        format!("`{}` serves {}: asks a person.", one.resource, one.serves)
    };
    lines.extend(critical.iter().map(serves));
    lines.push(format!(
        "Without a person run at most {} actions an incident, {} an hour, {} an hour in one account.",
        caps.incident, caps.hour, caps.account
    ));
    lines.extend(responders.iter().map(|role| format!("`{role}` keeps access to what is shut.")));
    for (action, values) in actions {
        lines.extend(values.iter().map(|(name, values)| format!("`{action}` takes {name} = {}.", values.join(", "))));
    }
    lines.push(format!("Signature: {signature}."));
    lines
}
