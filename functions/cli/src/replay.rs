//! `tocsin replay`: what Tocsin would make of findings, without AWS. JSON Lines in, JSON Lines out, one line in memory.

use crate::Advised;
use incident::Finding;
use incident::containment::guard::Guard;
use incident::containment::{Plan, PlaybookError, Playbooks};
use incident::sources::{self, Code, Unreadable};
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Translate findings, one JSON document a line, and show the playbook and the plan of each
///
/// Writes one JSON object a finding. Exits with 0 when every line was read, with 1 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file of findings, one JSON document a line; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// Why a replay stopped before the end of its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("cannot open `{path}`")]
    Open { path: String, source: io::Error },
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
            Self::Open { .. } => "Give the path of a readable file, or `-` to read standard input.".to_owned(),
            Self::Read { .. } => "The lines before it were read; check the file or the pipe and run again.".to_owned(),
            Self::Write { .. } => "Check where the output goes and run again.".to_owned(),
            Self::Playbooks { .. } => {
                "Mend the file that is named in `functions/incident/playbooks`, then build again.".to_owned()
            }
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } => 2,
            Self::Read { .. } | Self::Write { .. } | Self::Playbooks { .. } => 1,
        }
    }
}

/// Replays the whole input.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, ReplayError> {
    let playbooks = Playbooks::load().map_err(|source| ReplayError::Playbooks { source })?;
    let output = io::stdout().lock();
    let refused = if arguments.file.as_os_str() == "-" {
        replay(io::stdin().lock(), output, &playbooks)?
    } else {
        let path = arguments.file.display().to_string();
        let file = File::open(&arguments.file).map_err(|source| ReplayError::Open { path, source })?;
        replay(BufReader::with_capacity(64 * 1024, file), output, &playbooks)?
    };
    if refused == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    // As in `main`: without a standard error only the exit code is left.
    drop(writeln!(
        io::stderr(),
        "tocsin: {refused} could not be read; see the lines with `\"ok\":false`.\n\
         Every line must be one whole JSON document: `jq -c . FILE` makes one of a document that spans lines."
    ));
    Ok(ExitCode::FAILURE)
}

/// One finding that was read.
#[derive(Serialize)]
struct Read<'a> {
    line: u64,
    ok: bool,
    finding: &'a Finding,
    playbook: &'a str,
    plan: Vec<Planned>,
}

/// One finding, or one whole line, that was refused.
#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    ok: bool,
    error: &'a Unreadable,
}

/// One step of a plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Planned {
    action: &'static str,
    target: String,
    needs_approval: bool,
}

/// What a finding by itself calls for. Nothing is done about a sample or about what its source has closed.
fn response_of<'a>(finding: &Finding, playbooks: &'a Playbooks) -> (&'a str, Vec<Planned>) {
    let playbook = playbooks.for_category(finding.category);
    if !finding.is_actionable() {
        return (&playbook.id, Vec::new());
    }
    // No settings are at hand here, so only what the playbook itself withholds needs a person. The second pass of a step
    // is the same step.
    let plan = Plan::of(playbook, &finding.located().collect::<Vec<_>>(), &Guard::open(), 0);
    let planned = |step: &incident::containment::Step, needs_approval| Planned {
        action: step.action.as_str(),
        target: step.target.clone(),
        needs_approval,
    };
    let runs = plan.steps().filter(|step| step.pass == 1).map(|step| planned(step, false));
    let waits = plan.withheld.iter().map(|withheld| planned(&withheld.step, true));
    (&playbook.id, runs.chain(waits).collect())
}

/// Replays `input` line by line and counts what was refused.
fn replay(mut input: impl BufRead, mut output: impl Write, playbooks: &Playbooks) -> Result<u64, ReplayError> {
    let mut text = Vec::new();
    let mut record = Vec::new();
    let mut refused = 0;
    for line in 1.. {
        let whole = match next_line(&mut input, &mut text).map_err(|source| ReplayError::Read { line, source })? {
            Line::End => break,
            Line::Whole => true,
            Line::TooLong => false,
        };
        let text = if line == 1 { text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text) } else { &text };
        if whole && text.trim_ascii().is_empty() {
            continue;
        }
        let findings = if whole {
            sources::read(text).unwrap_or_else(|refusal| vec![Err(refusal)])
        } else {
            vec![Err(Code::TooLarge.of_document())]
        };
        for finding in &findings {
            record.clear();
            let written = match finding {
                Ok(finding) => {
                    let (playbook, plan) = response_of(finding, playbooks);
                    serde_json::to_writer(&mut record, &Read { line, ok: true, finding, playbook, plan })
                }
                Err(error) => {
                    refused += 1;
                    serde_json::to_writer(&mut record, &Refused { line, ok: false, error })
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

enum Line {
    End,
    Whole,
    /// Longer than a document may be; it was skipped, not kept.
    TooLong,
}

/// Reads the next line into `text`, without its end. Never keeps more of it than the largest document.
fn next_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<Line> {
    text.clear();
    let mut is_begun = false;
    let mut is_too_long = false;
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        if available.is_empty() {
            break;
        }
        is_begun = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        let used = part.len() + usize::from(end.is_some());
        if text.len() + part.len() > sources::MAX_BYTES {
            is_too_long = true;
        } else if !is_too_long {
            text.extend_from_slice(part);
        }
        input.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(match (is_begun, is_too_long) {
        (false, _) => Line::End,
        (true, false) => Line::Whole,
        (true, true) => Line::TooLong,
    })
}
