//! Verification, offline and by someone who does not trust us: the chain, then the manifest, then every file.

use super::custody::{CustodyEntry, Deed, GENESIS};
use super::manifest::{FORMAT, Manifest};
use crate::Digest;
use serde::Serialize;
use std::collections::BTreeSet;
use std::error::Error;

/// The files of one incident.
pub trait CaseFiles {
    /// The paths of all files, relative to the incident's folder.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>>;
    /// The digest and size of a file, without holding it in memory; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>>;
    /// The text of a small file; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8.
    fn text(&self, path: &str) -> Result<Option<String>, Box<dyn Error>>;
}

/// What was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Files whose digest is that of the manifest.
    pub files: usize,
    /// Entries of an unbroken chain.
    pub custody_entries: usize,
    /// Gaps that the manifest records.
    pub gaps: usize,
    /// The hash of the last entry. Compare it with a copy kept elsewhere: whoever can rewrite every file can make a new chain.
    pub head: String,
}

/// The first broken link.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file that must be there is not.
    #[error("`{path}` is missing")]
    Missing {
        /// Which.
        path: String,
    },
    /// A file is not what was preserved.
    #[error("`{path}` was altered: its {what} is not that of the {record}")]
    Altered {
        /// Which.
        path: String,
        /// What differs.
        what: &'static str,
        /// By which record.
        record: &'static str,
    },
    /// A file lies there that nothing records.
    #[error("`{path}` was added: the manifest does not list it")]
    Added {
        /// Which.
        path: String,
    },
    /// An entry of the chain is wrong.
    #[error("`custody.jsonl` line {line}: {what}")]
    Chain {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A file cannot be read.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: Box<dyn Error>,
    },
}

/// Checks the files of one incident, and names the first broken link.
///
/// # Errors
/// The first broken link.
pub fn verify(files: &impl CaseFiles) -> Result<Verified, Broken> {
    let chain = read_chain(files)?;
    let last = chain.last().ok_or(Broken::Chain { line: 1, what: "the log is empty".to_owned() })?;
    let seal = chain.iter().rev().find(|entry| entry.deed == Deed::Sealed);
    let seal = seal.ok_or(Broken::Chain { line: chain.len(), what: "no entry seals a manifest".to_owned() })?;
    let manifest = read_manifest(files, seal)?;
    check_items(files, &manifest, &chain)?;
    check_nothing_added(files, &manifest)?;
    Ok(Verified {
        files: manifest.items.iter().map(|item| item.files.len()).sum(),
        custody_entries: chain.len(),
        gaps: manifest.items.iter().map(|item| item.gaps.len()).sum(),
        head: last.hash.to_string(),
    })
}

fn required(files: &impl CaseFiles, path: &str) -> Result<String, Broken> {
    let text = files.text(path).map_err(|source| Broken::Unreadable { path: path.to_owned(), source })?;
    text.ok_or_else(|| Broken::Missing { path: path.to_owned() })
}

fn read_chain(files: &impl CaseFiles) -> Result<Vec<CustodyEntry>, Broken> {
    let text = required(files, "custody.jsonl")?;
    let mut chain: Vec<CustodyEntry> = Vec::new();
    for (index, row) in text.lines().enumerate() {
        let line = index + 1;
        let broken = |what: String| Broken::Chain { line, what };
        let entry: CustodyEntry =
            serde_json::from_str(row).map_err(|error| broken(format!("not a custody entry: {error}")))?;
        let expected = chain.last().map_or(GENESIS, |last| last.hash.as_str());
        if entry.sequence != line as u64 {
            return Err(broken(format!(
                "sequence {} stands where {line} belongs: an entry was removed, added or moved",
                entry.sequence
            )));
        }
        if entry.previous != expected {
            return Err(broken("`previous` is not the hash of the entry before".to_owned()));
        }
        if entry.hash != entry.computed_hash() {
            return Err(broken("a field was altered: `hash` is not that of the entry".to_owned()));
        }
        if chain.first().is_some_and(|first| first.incident != entry.incident) {
            return Err(broken("the entry belongs to another incident".to_owned()));
        }
        chain.push(entry);
    }
    Ok(chain)
}

fn read_manifest(files: &impl CaseFiles, seal: &CustodyEntry) -> Result<Manifest, Broken> {
    let path = "manifest.json";
    let text = required(files, path)?;
    let altered = |what| Broken::Altered { path: path.to_owned(), what, record: "custody log" };
    if seal.sha256.as_ref() != Some(&Digest::of(text.as_bytes())) {
        return Err(altered("digest"));
    }
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| Broken::Unreadable { path: path.to_owned(), source: Box::new(error) })?;
    if manifest.format != FORMAT {
        return Err(altered("format"));
    }
    if manifest.incident != seal.incident {
        return Err(altered("incident"));
    }
    Ok(manifest)
}

fn check_items(files: &impl CaseFiles, manifest: &Manifest, chain: &[CustodyEntry]) -> Result<(), Broken> {
    for item in &manifest.items {
        for file in &item.files {
            let path = format!("{}/{}", item.path, file.name);
            let measured = files.measure(&path).map_err(|source| Broken::Unreadable { path: path.clone(), source })?;
            let (digest, bytes) = measured.ok_or_else(|| Broken::Missing { path: path.clone() })?;
            let altered = |what, record| Broken::Altered { path: path.clone(), what, record };
            if bytes != file.bytes {
                return Err(altered("size", "manifest"));
            }
            if digest != file.sha256 {
                return Err(altered("digest", "manifest"));
            }
        }
        let entered = chain.iter().any(|entry| {
            entry.deed == Deed::Preserved && entry.path == item.path && entry.sha256.as_ref() == Some(&item.sums)
        });
        if item.complete && !entered {
            return Err(Broken::Altered { path: item.path.clone(), what: "digest", record: "custody log" });
        }
    }
    Ok(())
}

fn check_nothing_added(files: &impl CaseFiles, manifest: &Manifest) -> Result<(), Broken> {
    let paths = files.paths().map_err(|source| Broken::Unreadable { path: ".".to_owned(), source })?;
    let listed: BTreeSet<String> = manifest
        .items
        .iter()
        .flat_map(|item| item.files.iter().map(|file| format!("{}/{}", item.path, file.name)))
        .collect();
    let added = paths.into_iter().find(|path| path.starts_with("evidence/") && !listed.contains(path));
    match added {
        Some(path) => Err(Broken::Added { path }),
        None => Ok(()),
    }
}
