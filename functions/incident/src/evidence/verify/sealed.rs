//! The seal: its signature, and whether the custody log is the one that it covers.

use super::chain::Chain;
use super::{Broken, CUSTODY, CaseFiles, Kind, SEAL, SIGNATURE, paper};
use crate::evidence::custody::{CustodyEntry, Deed};
use crate::evidence::seal::{ALGORITHM, FORMAT, Seal};
use crate::signed::PublicKey;

/// Reads the seal, and checks its signature if there is a key to check it with.
pub(super) fn read(files: &impl CaseFiles, key: Option<&PublicKey>, broken: &mut Vec<Broken>) -> Option<Seal> {
    let text = paper(files, SEAL, broken);
    let signature = paper(files, SIGNATURE, broken);
    let text = text?;
    if let (Some(key), Some(signature)) = (key, signature)
        && let Err(error) = key.verify_der(&text, &signature)
    {
        let what = format!("{error} (`{SEAL}`)");
        broken.push(Broken::new(Kind::BadSignature, SIGNATURE, what));
    }
    let seal: Seal = match serde_json::from_slice(&text) {
        Ok(seal) => seal,
        Err(error) => {
            broken.push(Broken::altered(SEAL, format!("it is no seal ({error})")));
            return None;
        }
    };
    if seal.format != FORMAT {
        broken.push(Broken::altered(SEAL, format!("its format is not `{FORMAT}`")));
    }
    if seal.algorithm != ALGORITHM {
        broken.push(Broken::altered(SEAL, format!("its algorithm is not `{ALGORITHM}`")));
    }
    if seal.to_json().is_ok_and(|written| written.as_bytes() != text) {
        broken.push(Broken::altered(SEAL, "it says the same, but not in the form in which it was written"));
    }
    Some(seal)
}

/// Names where log and seal do not agree.
pub(super) fn against_chain(seal: &Seal, chain: &Chain, broken: &mut Vec<Broken>) {
    let covered = |entry: &&CustodyEntry| entry.sequence <= seal.custody_entries;
    if chain.all().next().is_some_and(|entry| entry.incident != seal.incident) {
        broken.push(Broken::altered(SEAL, "it is one of another incident than the custody log"));
    }
    match chain.all().rfind(covered) {
        Some(last) if last.sequence == seal.custody_entries => {
            if last.hash != seal.custody_head {
                let what = format!("entry {} is not the one that was sealed", last.sequence);
                broken.push(Broken::altered(CUSTODY, format!("{what}, by `{SEAL}`")));
            }
        }
        last => {
            let ends = last.map_or(0, |last| last.sequence);
            let what = format!("`{SEAL}` covers {} entries, the log ends with entry {ends}", seal.custody_entries);
            broken.push(Broken::new(Kind::Missing, CUSTODY, what));
        }
    }
    let is_sealing = |entry: &&CustodyEntry| entry.deed == Deed::Sealed;
    match chain.all().filter(covered).rfind(is_sealing) {
        Some(entry) => {
            if entry.sha256.as_ref() != Some(&seal.manifest_sha256) {
                let what = format!("it seals another manifest than entry {} of `{CUSTODY}`", entry.sequence);
                broken.push(Broken::altered(SEAL, what));
            }
            if seal.sealed_at < entry.at {
                let what = format!("its time is before that of entry {} of `{CUSTODY}`", entry.sequence);
                broken.push(Broken::altered(SEAL, what));
            }
        }
        None => {
            broken.push(Broken::new(Kind::Unsealed, CUSTODY, format!("no entry that `{SEAL}` covers seals a manifest")))
        }
    }
    for later in chain.all().filter(|entry| !covered(entry)).filter(is_sealing) {
        let what = format!("entry {} of `{CUSTODY}` seals a later manifest", later.sequence);
        broken.push(Broken::new(Kind::Unsealed, SEAL, what));
    }
}
