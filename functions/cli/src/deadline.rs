//! `tocsin deadline`: by when one rule of law asks for its notice, and how that was counted. No AWS.

use crate::Advised;
use crate::facts::{Document, DocumentError};
use incident::notification::{FactError, Facts, RuleError, Rules, Times};
use jiff::Timestamp;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Count the times of one rule from its clocks alone: whether anything triggers it is not asked. No AWS.
///
/// FACTS is one flat JSON object of fact names and clocks: {"t.aware": "2026-11-27T16:20:00+01:00", "tz": "Europe/Berlin"}. A clock
/// is a time with its offset, or a day; it may lie in the future, to plan by. Writes {"obligation", "due",
/// "due_statutory_latest", "clock", "rule"}: `due` is what to work to, `due_statutory_latest` for legal reviewers only, both null
/// where the law sets no limit or no clock of it has started, and `rule` says which. Exits with 2 where the input is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The rule, such as EU-GDPR-33-1; a later stage of one, such as DE-BSIG-32.notification; or a request, such as US-CCPA-REQ
    #[arg(value_name = "OBLIGATION")]
    obligation: String,
    /// A file of facts; `-` is standard input
    #[arg(value_name = "FACTS")]
    facts: PathBuf,
}

/// Why no time was counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeadlineError {
    #[error("OBLIGATION: there is no rule, stage or request `{0}`")]
    Obligation(String),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("{}", listed(.0))]
    Facts(Vec<FactError>),
    #[error("the rules of this build cannot be used")]
    Rules(#[from] RuleError),
    #[error("the times cannot be printed")]
    Output(#[from] io::Error),
}

fn listed(errors: &[FactError]) -> String {
    let lines: Vec<String> = errors.iter().map(FactError::to_string).collect();
    lines.join("\ntocsin: ")
}

impl Advised for DeadlineError {
    fn advice(&self) -> String {
        match self {
            Self::Obligation(_) => "Rules are named as in `functions/incident/obligations`, such as EU-GDPR-33-1.",
            Self::Document(_) => "Give one object of facts, such as {\"t.aware\": \"2026-11-27T16:20:00+01:00\"}.",
            Self::Facts(_) => {
                "Mend what is named; `functions/incident/obligations/vocabulary.toml` lists every fact and clock."
            }
            Self::Rules(_) => "Mend the file that is named, then build again.",
            Self::Output(_) => "Check where the output goes and run again.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Obligation(_) | Self::Document(_) | Self::Facts(_) => 2,
            Self::Rules(_) | Self::Output(_) => 1,
        }
    }
}

/// Counts, and prints one JSON document.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, DeadlineError> {
    let times = times(arguments)?;
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &times).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn times(arguments: &Arguments) -> Result<Times, DeadlineError> {
    let rules = Rules::load()?;
    // The latest time there is: a deadline may be counted ahead.
    let facts = Facts::read(Document::read(&arguments.facts)?.0, Timestamp::MAX).map_err(DeadlineError::Facts)?;
    let unheard_of = || DeadlineError::Obligation(arguments.obligation.clone());
    rules.times(&arguments.obligation, &facts).ok_or_else(unheard_of)
}
