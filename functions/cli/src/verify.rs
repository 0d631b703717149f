//! `tocsin verify`: checks the evidence of an incident offline, and names the first broken link.

use crate::Advised;
use incident::Digest;
use incident::digest::Measure;
use incident::evidence::verify::{Broken, CaseFiles, verify};
use platform::Sdk;
use platform::aws::LockedBucket;
use serde_json::json;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check manifest, custody chain and every file of an incident's evidence.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The incident's folder: a directory, or `s3://VAULT/incidents/INCIDENT`.
    location: String,
    /// Print the outcome as one JSON document.
    #[arg(long)]
    json: bool,
}

/// Why the check could not be made, or what it found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error("`{0}` is neither a directory nor `s3://BUCKET/PREFIX`")]
    NoSuchPlace(String),
    #[error("the evidence does not hold")]
    Broken(#[source] Broken),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for VerifyError {
    fn advice(&self) -> String {
        match self {
            Self::NoSuchPlace(_) => "Name the folder that holds `manifest.json` and `custody.jsonl`.".to_owned(),
            Self::Broken(_) => {
                "Keep this copy as it is, fetch the vault's object versions, and compare them.".to_owned()
            }
            Self::Output(_) => "Send standard output to a file that can be written.".to_owned(),
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchPlace(_) => 2,
            Self::Broken(_) | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, VerifyError> {
    let location = &arguments.location;
    let outcome = match location.strip_prefix("s3://") {
        Some(place) => {
            let no_place = || VerifyError::NoSuchPlace(location.clone());
            let (bucket, prefix) = place.split_once('/').ok_or_else(no_place)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let bucket = runtime.block_on(async { LockedBucket::connect(&Sdk::load().await, bucket.to_owned()) });
            verify(&Remote { runtime, bucket, prefix: format!("{}/", prefix.trim_end_matches('/')) })
        }
        None if Path::new(location).is_dir() => verify(&Local(PathBuf::from(location))),
        None => return Err(VerifyError::NoSuchPlace(location.clone())),
    };
    let mut out = io::stdout().lock();
    match outcome {
        Ok(verified) if arguments.json => writeln!(out, "{}", json!({"ok": true, "verified": verified}))?,
        Ok(verified) => writeln!(
            out,
            "holds: {} files, {} custody entries, {} recorded gaps\nhead of the custody log: {}",
            verified.files, verified.custody_entries, verified.gaps, verified.head
        )?,
        Err(broken) => {
            if arguments.json {
                writeln!(out, "{}", json!({"ok": false, "broken": broken.to_string()}))?;
            }
            return Err(VerifyError::Broken(broken));
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Local(PathBuf);

impl Local {
    fn open(&self, path: &str) -> io::Result<Option<File>> {
        match File::open(self.0.join(path)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl CaseFiles for Local {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut paths = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(&self.0)?;
                    paths.push(relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
                }
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        let Some(mut file) = self.open(path)? else { return Ok(None) };
        let mut measure = Measure::default();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = file.read(&mut piece)?;
            match piece.get(..length) {
                Some([]) | None => return Ok(Some(measure.finish())),
                Some(read) => measure.take(read),
            }
        }
    }

    fn text(&self, path: &str) -> Result<Option<String>, Box<dyn Error>> {
        Ok(self.open(path)?.map(io::read_to_string).transpose()?)
    }
}

struct Remote {
    runtime: tokio::runtime::Runtime,
    bucket: LockedBucket,
    prefix: String,
}

impl CaseFiles for Remote {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let paths = self.runtime.block_on(self.bucket.list(&self.prefix))?;
        Ok(paths.iter().filter_map(|path| path.strip_prefix(&self.prefix)).map(str::to_owned).collect())
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        Ok(self.runtime.block_on(self.bucket.measure(&format!("{}{path}", self.prefix)))?)
    }

    fn text(&self, path: &str) -> Result<Option<String>, Box<dyn Error>> {
        use incident::ports::Vault as _;
        let bytes = self.runtime.block_on(self.bucket.read(&format!("{}{path}", self.prefix)))?;
        Ok(bytes.map(String::from_utf8).transpose()?)
    }
}
