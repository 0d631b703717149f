//! `tocsin replay`: what Tocsin would make of findings, without AWS. JSON in, JSON Lines out, one document in memory.

mod answer;
mod bytes;
mod document;
mod documents;
mod explanation;
mod syntax;

use crate::Advised;
use answer::{Basis, Refused};
use bytes::Bytes;
use documents::Documents;
use incident::Organisation;
use incident::containment::guard::{Guard, GuardDocument};
use incident::containment::{PlaybookError, Playbooks};
use incident::signed::DocumentError;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Translate findings and show the playbook and the plan of each
///
/// Reads JSON Lines, documents that span lines or stand end to end, events, bare findings, lists of them, API responses and
/// export files, plain or as gzip, of any size. Writes one JSON object a finding, with the line at which it or its list's
/// element begins. Exits with 0 when everything was read, with 1 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file of findings; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// Say why: this category, this playbook, each step, or why nothing is planned
    #[arg(long)]
    explain: bool,

    /// The organisation's settings: what data lies where
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,

    /// The settings of containment: what is protected, how much runs without a person. No signature is asked for here
    #[arg(long, value_name = "FILE")]
    containment: Option<PathBuf>,
}

/// Why a replay stopped before the end of its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("cannot open `{path}`")]
    Open { path: String, source: io::Error },
    #[error("cannot use `{path}` as the organisation's settings")]
    Organisation { path: String, source: serde_json::Error },
    #[error("cannot use `{path}` as the settings of containment")]
    Containment { path: String, source: DocumentError },
    #[error("cannot read line {line}")]
    Read { line: u64, source: io::Error },
    #[error("cannot write to standard output")]
    Write { source: io::Error },
    #[error("the playbooks of this build cannot be used")]
    Playbooks { source: PlaybookError },
}

impl Advised for ReplayError {
    fn advice(&self) -> String {
        match self {
            Self::Open { .. } => {
                "Give the path of a readable file; for findings also `-`, which is standard input.".to_owned()
            }
            Self::Organisation { .. } => {
                "Mend the field or the line that is named; `infra/organisation.example.json` is an example.".to_owned()
            }
            Self::Containment { .. } => {
                "Mend the field that is named; `infra/containment.example.json` is an example.".to_owned()
            }
            Self::Read { .. } => "The lines before it were read; check the file or the pipe and run again.".to_owned(),
            Self::Write { .. } => "Check where the output goes and run again.".to_owned(),
            Self::Playbooks { .. } => {
                "Mend the file that is named in `functions/incident/playbooks`, then build again.".to_owned()
            }
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } | Self::Organisation { .. } | Self::Containment { .. } => 2,
            Self::Read { .. } | Self::Write { .. } | Self::Playbooks { .. } => 1,
        }
    }
}

/// Replays the whole input.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, ReplayError> {
    let basis = Basis {
        playbooks: Playbooks::load().map_err(|source| ReplayError::Playbooks { source })?,
        organisation: arguments.organisation.as_deref().map(organisation).transpose()?,
        guard: arguments.containment.as_deref().map(guard).transpose()?.unwrap_or(Guard::Open),
        explains: arguments.explain,
    };
    let output = io::stdout().lock();
    let refused = if arguments.file.as_os_str() == "-" {
        replay(io::stdin().lock(), output, &basis)?
    } else {
        replay(BufReader::with_capacity(64 * 1024, open(&arguments.file)?), output, &basis)?
    };
    if refused == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    // As in `main`: without a standard error only the exit code is left.
    drop(writeln!(
        io::stderr(),
        "tocsin: {refused} could not be read; see the lines with `\"ok\":false`.\n\
         Each names the line and the path of what was refused; `jq -c . FILE` names what is not JSON."
    ));
    Ok(ExitCode::FAILURE)
}

fn open(path: &Path) -> Result<File, ReplayError> {
    File::open(path).map_err(|source| ReplayError::Open { path: path.display().to_string(), source })
}

/// The settings in this file.
fn organisation(path: &Path) -> Result<Organisation, ReplayError> {
    serde_json::from_reader(BufReader::new(open(path)?))
        .map_err(|source| ReplayError::Organisation { path: path.display().to_string(), source })
}

/// The guard that this file describes.
fn guard(path: &Path) -> Result<Guard, ReplayError> {
    let mut bytes = Vec::new();
    let at = || path.display().to_string();
    open(path)?.read_to_end(&mut bytes).map_err(|source| ReplayError::Open { path: at(), source })?;
    let document = GuardDocument::read(&bytes).map_err(|source| ReplayError::Containment { path: at(), source })?;
    Ok(Guard::Signed(Box::new(document)))
}

/// Replays `input` document by document and counts what was refused.
fn replay(input: impl BufRead, mut output: impl Write, basis: &Basis) -> Result<u64, ReplayError> {
    let bytes = Bytes::of(input).map_err(|source| ReplayError::Read { line: 1, source })?;
    let mut documents = Documents::of(bytes);
    let mut record = Vec::new();
    let mut refused = 0;
    loop {
        let next = documents.next().map_err(|source| ReplayError::Read { line: documents.line(), source })?;
        let Some(batch) = next else { break };
        for finding in &batch.findings {
            record.clear();
            let written = match finding {
                Ok(finding) => serde_json::to_writer(&mut record, &basis.answer(batch.line, finding)),
                Err(error) => {
                    refused += 1;
                    serde_json::to_writer(&mut record, &Refused { line: batch.line, ok: false, error })
                }
            };
            record.push(b'\n');
            written
                .map_err(io::Error::from)
                .and_then(|()| output.write_all(&record))
                .map_err(|source| ReplayError::Write { source })?;
        }
    }
    output.flush().map_err(|source| ReplayError::Write { source })?;
    Ok(refused)
}
