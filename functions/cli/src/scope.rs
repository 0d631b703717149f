//! `tocsin scope`: what a scope says before somebody signs it, and what it would suppress. No AWS.

use crate::Advised;
use incident::Finding;
use incident::scope::{Scope, Verdict};
use incident::signed::{DocumentError, Why};
use incident::signed::{PublicKey, SignatureError};
use incident::sources::{self, Unreadable};
use jiff::Timestamp;
use platform::clock;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check a scope, or try it on findings.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check form, time and signature, and print the rules in words.
    Check(Check),
    /// Print for each finding which rule suppresses it, if one does: one JSON object a finding.
    Test(Test),
}

/// A signed document, and what to check it with.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The document.
    file: PathBuf,
    /// The key that it is signed with, PEM or base64 of DER. Without it the signature is not checked.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// The signature, DER or base64 of it; by default the document's name with `.sig`.
    #[arg(long, value_name = "FILE", requires = "public_key")]
    signature: Option<PathBuf>,
    /// The moment to check for, such as `2026-01-31T00:00:00Z`; by default now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

#[derive(Debug, clap::Args)]
struct Test {
    /// The document. Its signature is not looked at.
    file: PathBuf,
    /// Findings, one JSON document a line; `-` is standard input.
    #[arg(default_value = "-")]
    findings: PathBuf,
    /// The moment to decide for, such as `2026-01-31T00:00:00Z`; by default now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// Why a scope does not hold, or could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScopeError {
    #[error("cannot read `{path}`")]
    Open { path: String, source: io::Error },
    #[error("the signature does not hold")]
    Signature { source: SignatureError },
    #[error("the document cannot be used")]
    Document { source: DocumentError },
    #[error("the document does not count at this time")]
    Time { source: Why },
    #[error("cannot read line {line}")]
    Line { line: u64, source: io::Error },
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for ScopeError {
    fn advice(&self) -> String {
        match self {
            Self::Open { .. } => "Give the path of a readable file.",
            Self::Signature { source: SignatureError::Key } => {
                "Give the public key that `openssl ec -pubout` or `aws kms get-public-key` writes, of the curve P-256."
            }
            Self::Signature { .. } => {
                "Sign exactly this file again, with ECDSA on P-256 and SHA-256: its text has changed, or another key signed."
            }
            Self::Document { .. } => "Mend the field that is named, then sign the document again.",
            Self::Time { .. } => {
                "Set `issued_at` and `valid_until` around the time at which it must count, then sign it again."
            }
            Self::Line { .. } => "The lines before it were read; check the file or the pipe and run again.",
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } => 2,
            Self::Signature { .. }
            | Self::Document { .. }
            | Self::Time { .. }
            | Self::Line { .. }
            | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, ScopeError> {
    match &arguments.command {
        Command::Check(arguments) => check(arguments, io::stdout().lock()),
        Command::Test(arguments) => {
            let at = arguments.at.unwrap_or_else(clock::now);
            let scope = scope_of(&read(&arguments.file)?, at)?;
            if arguments.findings.as_os_str() == "-" {
                return test(&scope, at, io::stdin().lock(), io::stdout().lock());
            }
            let findings = File::open(&arguments.findings).map_err(|source| not_open(&arguments.findings, source))?;
            test(&scope, at, BufReader::new(findings), io::stdout().lock())
        }
    }
}

impl Check {
    /// The document, and what is to be said of its signature.
    pub(crate) fn verified(&self) -> Result<(Vec<u8>, &'static str), ScopeError> {
        let document = read(&self.file)?;
        let Some(public_key) = &self.public_key else {
            return Ok((document, "not checked: no `--public-key` was given"));
        };
        let beside = || PathBuf::from(format!("{}.sig", self.file.display()));
        let signature = read(&self.signature.clone().unwrap_or_else(beside))?;
        PublicKey::read(&String::from_utf8_lossy(&read(public_key)?))
            .and_then(|key| key.verify(&document, &signature))
            .map_err(|source| ScopeError::Signature { source })?;
        Ok((document, "holds"))
    }

    /// The moment to check for.
    pub(crate) fn moment(&self) -> Timestamp {
        self.at.unwrap_or_else(clock::now)
    }
}

fn check(arguments: &Check, mut out: impl Write) -> Result<ExitCode, ScopeError> {
    let (document, signature) = arguments.verified()?;
    let scope = scope_of(&document, arguments.moment())?;
    writeln!(out, "{scope}\nSignature: {signature}.")?;
    Ok(ExitCode::SUCCESS)
}

fn scope_of(document: &[u8], at: Timestamp) -> Result<Scope, ScopeError> {
    let scope = Scope::read(document).map_err(|source| ScopeError::Document { source })?;
    scope.at(at).map_err(|source| ScopeError::Time { source })
}

fn read(path: &Path) -> Result<Vec<u8>, ScopeError> {
    fs::read(path).map_err(|source| not_open(path, source))
}

fn not_open(path: &Path, source: io::Error) -> ScopeError {
    ScopeError::Open { path: path.display().to_string(), source }
}

/// What the scope decides about one finding.
#[derive(Serialize)]
struct Decided<'a> {
    line: u64,
    ok: bool,
    finding: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    /// The rule that suppresses it; `null` where it is acted on.
    rule: Option<String>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    ok: bool,
    error: &'a Unreadable,
}

fn test(scope: &Scope, at: Timestamp, findings: impl BufRead, mut out: impl Write) -> Result<ExitCode, ScopeError> {
    let mut code = ExitCode::SUCCESS;
    for (line, text) in (1..).zip(findings.split(b'\n')) {
        let text = text.map_err(|source| ScopeError::Line { line, source })?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        for finding in sources::read(&text).unwrap_or_else(|refusal| vec![Err(refusal)]) {
            let written = match &finding {
                Ok(finding) => serde_json::to_string(&decided(scope, at, line, finding)),
                Err(error) => {
                    code = ExitCode::FAILURE;
                    serde_json::to_string(&Refused { line, ok: false, error })
                }
            };
            writeln!(out, "{}", written.map_err(io::Error::from)?)?;
        }
    }
    Ok(code)
}

fn decided<'a>(scope: &Scope, at: Timestamp, line: u64, finding: &'a Finding) -> Decided<'a> {
    let (rule, reason) = match scope.decide(finding, at) {
        Verdict::Act => (None, None),
        Verdict::Suppressed(suppression) => (Some(suppression.rule), Some(suppression.reason)),
    };
    Decided { line, ok: true, finding: &finding.id, kind: &finding.kind, rule, reason }
}
