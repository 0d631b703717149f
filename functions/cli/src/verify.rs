//! `tocsin verify`: checks the evidence of an incident offline, and names everything that does not hold.

mod local;
mod remote;

use crate::Advised;
use incident::evidence::schema::Paper;
use incident::evidence::verify::{Broken, Signature, Verified, verify};
use incident::signed::{PublicKey, SignatureError};
use local::Local;
use remote::Remote;
use serde_json::json;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// It holds, as far as it was checked: no key was given, or the log goes on after the seal.
const NOT_ALL_PROVED: u8 = 3;

/// Check the seal, its signature, manifest, custody chain and every file of an incident's evidence. No AWS for a directory.
///
/// Exit codes: 0 everything is proved, 1 something does not hold, 2 a wrong call, 3 everything holds, but not all of it is proved:
/// no `--key` was given, or entries of the log are not sealed yet.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The incident's folder: a directory, or `s3://VAULT/incidents/INCIDENT`.
    #[arg(required_unless_present = "schema")]
    location: Option<String>,
    /// The public key of the seals: a file with PEM, or with base64 of DER as `aws kms get-public-key` prints it. Take it from the
    /// key's account or from paper, never from beside the evidence.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Print the outcome as one JSON document.
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of a paper instead: `manifest`, one entry of `custody`, or `seal`.
    #[arg(long, value_name = "PAPER", conflicts_with_all = ["location", "key"])]
    schema: Option<Schema>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Schema {
    Manifest,
    Custody,
    Seal,
}

/// Why the check could not be made, or what it found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error("`{0}` is neither a directory nor `s3://BUCKET/PREFIX`")]
    NoSuchPlace(String),
    #[error("the key in `{path}` cannot be used")]
    Key {
        path: String,
        #[source]
        source: SignatureError,
    },
    #[error("`{path}` cannot be read")]
    Unreadable {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("the evidence does not hold: {}", .0.iter().map(|broken| format!("\n  {broken}")).collect::<String>())]
    Broken(Vec<Broken>),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for VerifyError {
    fn advice(&self) -> String {
        match self {
            Self::NoSuchPlace(_) => "Name the folder that holds `manifest.json` and `custody.jsonl`.",
            Self::Key { .. } | Self::Unreadable { .. } => {
                "Write the key there with `aws kms get-public-key --key-id ARN --query PublicKey --output text`."
            }
            Self::Broken(_) => "Keep this copy as it is, fetch the vault's object versions, and compare them.",
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchPlace(_) | Self::Key { .. } | Self::Unreadable { .. } => 2,
            Self::Broken(_) | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, VerifyError> {
    let mut out = io::stdout().lock();
    if let Some(schema) = arguments.schema {
        let paper = match schema {
            Schema::Manifest => Paper::Manifest,
            Schema::Custody => Paper::Custody,
            Schema::Seal => Paper::Seal,
        };
        out.write_all(paper.schema().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let location = arguments.location.as_deref().unwrap_or_default();
    let key = arguments.key.as_deref().map(read_key).transpose()?;
    let outcome = match location.strip_prefix("s3://") {
        Some(place) => {
            let (bucket, prefix) =
                place.split_once('/').ok_or_else(|| VerifyError::NoSuchPlace(location.to_owned()))?;
            verify(&Remote::at(bucket, prefix)?, key.as_ref())
        }
        None if Path::new(location).is_dir() => verify(&Local::at(location), key.as_ref()),
        None => return Err(VerifyError::NoSuchPlace(location.to_owned())),
    };
    match outcome {
        Ok(verified) => {
            if arguments.json {
                writeln!(out, "{}", json!({"ok": true, "verified": verified}))?;
            } else {
                lines(&verified).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            Ok(if verified.is_proved() { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL_PROVED) })
        }
        Err(broken) => {
            if arguments.json {
                let first = broken.first().map(ToString::to_string);
                writeln!(out, "{}", json!({"ok": false, "broken": first, "all": broken}))?;
            }
            Err(VerifyError::Broken(broken))
        }
    }
}

fn read_key(path: &Path) -> Result<PublicKey, VerifyError> {
    let shown = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) => return Err(VerifyError::Unreadable { path: shown, source }),
    };
    PublicKey::read(&text).map_err(|source| VerifyError::Key { path: shown, source })
}

fn lines(verified: &Verified) -> Vec<String> {
    let Verified { files, custody_entries, gaps, head, sealed_at, key, signature, unsealed, .. } = verified;
    let mut lines = vec![
        format!("holds: {files} files, {custody_entries} custody entries, {gaps} recorded gaps"),
        format!("head of the custody log: {head}"),
        format!("sealed at {sealed_at} with {key}"),
    ];
    lines.push(match signature {
        Signature::Checked => "signature: one of this seal, by the key that was given".to_owned(),
        Signature::NotChecked => {
            "signature: NOT CHECKED, since no --key was given: whoever can write every file could have made all of this"
                .to_owned()
        }
    });
    for later in unsealed {
        lines.push(format!(
            "not sealed yet: entry {} of the log, {} {}",
            later.sequence,
            later.deed.as_str(),
            later.path
        ));
    }
    if !verified.beside.is_empty() {
        lines.push(format!("beside the evidence, and not sealed: {}", verified.beside.join(", ")));
    }
    lines
}
