//! `tocsin register`: the register of breaches, for the supervisory authority that asks for it.

use crate::Advised;
use incident::Failure;
use incident::post_incident::RegisterEntry;
use incident::records::{Listing, Records};
use incident::tabular;
use platform::Sdk;
use platform::aws::Table;
use serde_json::json;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Export the register of breaches (GDPR Art. 33(5)): every incident, oldest first, with facts, effects and remedial action.
///
/// An entry says when it was written; that of an open incident grows. Region and credentials come from the environment, as for the
/// AWS CLI; they need the policy `Tocsin-RegisterReader`, which reaches nothing else. With `--format json`:
/// `{"register": [{"incident", "state", "aware_at", "closed_at", "part_of", "facts": [], "effects": [], "remedial_action": [],
/// "citation", "written_at"}]}`; `state` is `open`, `closed` or `merged`. CSV has the same columns, safe to open in a spreadsheet.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The stack's output `IncidentsTable`.
    #[arg(long)]
    table: String,
    /// As what it is printed.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Csv,
    Json,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    state: &'static str,
    #[serde(flatten)]
    entry: &'a RegisterEntry,
}

/// Why there is no register.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error("the register cannot be read")]
    Aws(#[from] Failure),
    #[error("the register cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for RegisterError {
    fn advice(&self) -> String {
        match self {
            Self::Aws(_) => "Check region, credentials and `--table`, then try again.",
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        1
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, RegisterError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(export(arguments))
}

async fn export(arguments: &Arguments) -> Result<ExitCode, RegisterError> {
    let table = Table::connect(&Sdk::load().await, arguments.table.clone());
    let mut entries: Vec<RegisterEntry> = table.list(&Listing::register()).await?;
    entries.sort_by(|one, other| (one.aware_at, &one.incident).cmp(&(other.aware_at, &other.incident)));
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Csv => {
            write!(out, "{}", tabular::line(&RegisterEntry::COLUMNS))?;
            entries.iter().try_for_each(|entry| write!(out, "{}", entry.line()))?;
        }
        Format::Json => {
            let lines: Vec<Line<'_>> = entries.iter().map(|entry| Line { state: entry.state(), entry }).collect();
            writeln!(out, "{:#}", json!({"register": lines}))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
