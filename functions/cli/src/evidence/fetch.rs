//! `tocsin evidence fetch`: brings files here, each with the digest that was recorded, or not at all.

use super::desk::{Asked, Desk};
use super::{EvidenceError, list, print, text};
use incident::digest::Measure;
use platform::aws::Download;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Fetch one file of an incident, or all of them with what `tocsin verify` needs. A file that is not as recorded is not kept.
///
/// With `--json`: `{"files": [{"path", "to", "sha256", "bytes", "version_id"}]}`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// The file's path, as `tocsin evidence list` shows it; without one, everything is fetched.
    path: Option<String>,
    /// The folder that it is put into, below the same path.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, EvidenceError> {
    let desk = Desk::at(&arguments.asked).await?;
    let paths = match &arguments.path {
        Some(path) => vec![path.clone()],
        None => {
            let all = list::all(&desk).await?;
            let files = all.get("files").and_then(Value::as_array).ok_or(EvidenceError::Answer("files"))?;
            files.iter().map(|file| text(file, "/path").to_owned()).collect()
        }
    };
    let mut files = Vec::new();
    for path in paths {
        let target = below(&arguments.to, &path)?;
        let given = desk.ask("fetch", json!({"path": path})).await?;
        bring(&given, &path, &target).await?;
        files.push(json!({
            "path": path, "to": target.display().to_string(), "sha256": given.get("sha256"),
            "bytes": given.get("bytes"), "version_id": given.get("version_id"),
        }));
    }
    let lines: Vec<String> =
        files.iter().map(|file| format!("{}  {}", text(file, "/sha256"), text(file, "/to"))).collect();
    print(arguments.asked.json, &json!({"files": files}), &lines)?;
    Ok(ExitCode::SUCCESS)
}

/// Where a path leads in the folder; none leads out of it.
fn below(folder: &Path, path: &str) -> Result<PathBuf, EvidenceError> {
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    if !path.split('/').all(is_name) {
        return Err(EvidenceError::Argument { argument: "PATH", problem: "is no path below the incident's folder" });
    }
    Ok(path.split('/').fold(folder.to_owned(), |folder, part| folder.join(part)))
}

/// Streams to a file of another name, which gets its own when the digest is the one that was recorded.
async fn bring(given: &Value, path: &str, target: &Path) -> Result<(), EvidenceError> {
    let url = given.get("url").and_then(Value::as_str).ok_or(EvidenceError::Answer("url"))?;
    let part = PathBuf::from(format!("{}.part", target.display()));
    let failed = |source| EvidenceError::File { path: target.display().to_string(), source };
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let brought = stream(url, &part).await;
    let is_as_recorded = brought.as_ref().is_ok_and(|measure| {
        let (sha256, bytes) = measure.clone().finish();
        Some(sha256.as_str()) == given.get("sha256").and_then(Value::as_str)
            && Some(bytes) == given.get("bytes").and_then(Value::as_u64)
    });
    if is_as_recorded {
        return fs::rename(&part, target).map_err(failed);
    }
    // Nothing is left that could be taken for the evidence. If it was never made there is nothing to remove.
    drop(fs::remove_file(&part));
    brought.and_then(|_| Err(EvidenceError::Differs(path.to_owned())))
}

async fn stream(url: &str, part: &Path) -> Result<Measure, EvidenceError> {
    let failed = |source| EvidenceError::File { path: part.display().to_string(), source };
    let mut download = Download::open(url).await?;
    let mut file = File::create(part).map_err(failed)?;
    let mut measure = Measure::default();
    while let Some(piece) = download.piece().await? {
        measure.take(piece.as_ref());
        file.write_all(piece.as_ref()).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    Ok(measure)
}
