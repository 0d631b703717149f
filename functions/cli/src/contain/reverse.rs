//! `tocsin contain reverse`: takes one action back.

use super::desk::{Desk, Place};
use super::target::Target;
use super::{ContainError, apply, print, text};
use std::process::ExitCode;

/// Give one resource back exactly as it was found. It is refused where somebody changed the resource since: a page then tells
/// what differs.
///
/// With `--json` one object: `accepted`, `incident`, `reversal`, `state`; a refusal is `accepted: false` with `code` and
/// `message`. `tocsin contain status` shows how it ends.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    place: Place,
    /// The incident that contains it.
    #[arg(long)]
    incident: String,
    /// Why; the records keep it.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, ContainError> {
    let request = arguments.target.request(Some(&arguments.incident), Some(&arguments.reason))?;
    let accepted = match Desk::at(&arguments.place).await.post("reverse", &request).await {
        Ok((_, accepted)) => accepted,
        Err(refused) => return Err(apply::shown(refused, arguments.place.json)?),
    };
    print(arguments.place.json, &accepted, || {
        vec![
            format!("Incident    {}", text(&accepted, "/incident")),
            "Taken back  asked for; `tocsin contain status` shows how it ends".to_owned(),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}
