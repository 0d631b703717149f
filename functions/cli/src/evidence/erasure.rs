//! `tocsin evidence erasure`: records that a request for erasure met the lock.

use super::desk::{Asked, Desk};
use super::{EvidenceError, print, text};
use serde_json::json;
use std::process::ExitCode;

/// Record that personal data cannot be erased from locked evidence, with the legal basis of keeping it; shows until when.
///
/// With `--json`: `{"incident", "erased": false, "request", "legal_basis", "files", "locked", "locked_until", "held", "entry"}`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// The number that the request is filed under. No name: the custody log cannot be erased either.
    #[arg(long)]
    request: String,
    /// Why the evidence is kept, such as `GDPR Art. 17(3)(e)`.
    #[arg(long)]
    legal_basis: String,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, EvidenceError> {
    let desk = Desk::at(&arguments.asked).await?;
    let members = json!({"request": arguments.request, "legal_basis": arguments.legal_basis});
    let answer = desk.ask("erasure", members).await?;
    let number = |name: &str| answer.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let mut lines = vec![
        format!("Not erased  {} of {} files are locked", number("locked"), number("files")),
        format!("Until       {}", text(&answer, "/locked_until")),
        format!("Recorded    entry {} of the custody log", number("entry")),
    ];
    if number("held") > 0 {
        lines.push(format!("Held        {} files, until the hold is ended", number("held")));
    }
    print(arguments.asked.json, &answer, &lines)?;
    Ok(ExitCode::SUCCESS)
}
