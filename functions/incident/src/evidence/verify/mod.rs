//! Verification, offline and by someone who does not trust us: the seal's signature, then everything that follows from it. All that
//! does not hold is named, not only the first of it.

mod broken;
mod chain;
mod contents;
mod items;
mod sealed;

pub use broken::{Broken, Kind};

use super::custody::Deed;
use crate::Digest;
use crate::signed::PublicKey;
use jiff::Timestamp;
use serde::Serialize;
use std::error::Error;

pub(super) const CUSTODY: &str = "custody.jsonl";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SEAL: &str = "seal.json";
pub(super) const SIGNATURE: &str = "seal.json.sig";

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
    /// The bytes of one of the case's own papers: manifest, custody log, seal, signature; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Box<dyn Error>>;
}

/// Whether the signature was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// It is one of the seal by the key that was given.
    Checked,
    /// No key was given: everything fits together, but who put it together is not known.
    NotChecked,
}

/// An entry of the custody log that was made after the last seal: it fits the chain, and no signature covers it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Later {
    /// Its place in the log.
    pub sequence: u64,
    /// What was done.
    pub deed: Deed,
    /// To what.
    pub path: String,
}

/// What was checked, and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Files whose digest is that of the manifest.
    pub files: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// Entries of an unbroken chain.
    pub custody_entries: usize,
    /// Gaps that the manifest records.
    pub gaps: usize,
    /// The hash of the last entry. A copy of it kept elsewhere shows whether a whole later state was taken away.
    pub head: String,
    /// When the seal was made.
    pub sealed_at: Timestamp,
    /// The key that the seal names.
    pub key: String,
    /// Whether its signature was checked.
    pub signature: Signature,
    /// Entries after the seal.
    pub unsealed: Vec<Later>,
    /// Files beside the evidence, such as reports and notices: the seal says nothing about them.
    pub beside: Vec<String>,
}

impl Verified {
    /// Whether everything that was found is proved: the signature was checked, and covers the whole log.
    pub fn is_proved(&self) -> bool {
        self.signature == Signature::Checked && self.unsealed.is_empty()
    }
}

/// Checks the files of one incident; without a key, all but the signature.
///
/// # Errors
/// Everything that does not hold, at least one.
pub fn verify(files: &impl CaseFiles, key: Option<&PublicKey>) -> Result<Verified, Vec<Broken>> {
    let mut broken = Vec::new();
    let chain = chain::read(files, &mut broken);
    let seal = sealed::read(files, key, &mut broken);
    if let Some(seal) = &seal {
        sealed::against_chain(seal, &chain, &mut broken);
    }
    let chain = chain.sealed_up_to(seal.as_ref().map(|seal| seal.custody_entries));
    let mut verified = None;
    if let Some(manifest) = items::read(files, seal.as_ref(), &chain, &mut broken) {
        items::against_chain(&manifest, &chain, &mut broken);
        let bytes = contents::measure(files, &manifest, &mut broken);
        let beside = contents::nothing_added(files, &manifest, &chain, &mut broken);
        verified = chain.head().zip(seal).map(|(head, seal)| Verified {
            files: manifest.items.iter().map(|item| item.files.len()).sum(),
            bytes,
            custody_entries: chain.len(),
            gaps: manifest.items.iter().map(|item| item.gaps.len()).sum(),
            head,
            sealed_at: seal.sealed_at,
            key: seal.key,
            signature: if key.is_some() { Signature::Checked } else { Signature::NotChecked },
            unsealed: chain.later(),
            beside,
        });
    }
    match verified {
        Some(verified) if broken.is_empty() => Ok(verified),
        // Without manifest, seal or log something was named above.
        Some(_) | None => Err(broken),
    }
}

/// One of the case's own papers.
fn paper(files: &impl CaseFiles, path: &str, broken: &mut Vec<Broken>) -> Option<Vec<u8>> {
    match files.read(path) {
        Ok(Some(bytes)) => Some(bytes),
        Ok(None) => {
            broken.push(Broken::new(Kind::Missing, path, "every sealed case has one"));
            None
        }
        Err(error) => {
            broken.push(Broken::new(Kind::Unreadable, path, error.to_string()));
            None
        }
    }
}
