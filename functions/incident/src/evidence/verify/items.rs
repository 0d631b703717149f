//! The manifest: the one that was sealed, in agreement with itself and with the custody log.

use super::chain::Chain;
use super::{Broken, CUSTODY, CaseFiles, Kind, MANIFEST, SEAL, paper};
use crate::Digest;
use crate::evidence::custody::{CustodyEntry, Deed};
use crate::evidence::file::sums;
use crate::evidence::manifest::{FORMAT, Manifest, ManifestItem};
use crate::evidence::seal::Seal;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// Reads the manifest, and names where it is not the one that was sealed.
pub(super) fn read(
    files: &impl CaseFiles,
    seal: Option<&Seal>,
    chain: &Chain,
    broken: &mut Vec<Broken>,
) -> Option<Manifest> {
    let bytes = paper(files, MANIFEST, broken)?;
    let digest = Digest::of(&bytes);
    let is_sealing = |entry: &&CustodyEntry| entry.deed == Deed::Sealed;
    let entry = chain.sealed().rfind(is_sealing);
    if seal.is_some_and(|seal| seal.manifest_sha256 != digest) {
        broken.push(Broken::altered(MANIFEST, format!("its digest is not the one in `{SEAL}`")));
    }
    if entry.is_some_and(|entry| entry.sha256.as_ref() != Some(&digest)) {
        let earlier = chain.all().filter(is_sealing).find(|entry| entry.sha256.as_ref() == Some(&digest));
        let what = earlier.map_or_else(
            || format!("its digest is not the one that was sealed last, by `{CUSTODY}`"),
            |earlier| format!("it is another version, the one of entry {} of `{CUSTODY}`", earlier.sequence),
        );
        broken.push(Broken::altered(MANIFEST, what));
    }
    let manifest = match parse(&bytes) {
        Ok(manifest) => manifest,
        Err(what) => {
            broken.push(Broken::altered(MANIFEST, what));
            return None;
        }
    };
    let incident = chain.all().next().map(|entry| &entry.incident).or(seal.map(|seal| &seal.incident));
    if incident.is_some_and(|incident| *incident != manifest.incident) {
        broken.push(Broken::altered(MANIFEST, "it is one of another incident"));
    }
    Some(manifest)
}

/// The format comes first: a manifest of another version has other fields.
fn parse(bytes: &[u8]) -> Result<Manifest, String> {
    #[derive(Deserialize)]
    struct Any {
        format: String,
    }
    let any: Any = serde_json::from_slice(bytes).map_err(|error| format!("it is no manifest ({error})"))?;
    if any.format != FORMAT {
        return Err(format!("its format is not `{FORMAT}`"));
    }
    serde_json::from_slice(bytes).map_err(|error| format!("it is no manifest ({error})"))
}

/// Names where the items are not what was entered into the log.
pub(super) fn against_chain(manifest: &Manifest, chain: &Chain, broken: &mut Vec<Broken>) {
    let mut preserved: HashMap<&str, &CustodyEntry> = HashMap::new();
    let mut gaps: HashSet<(String, String)> = HashSet::new();
    for entry in chain.sealed() {
        match entry.deed {
            Deed::Preserved => {
                preserved.insert(&entry.path, entry);
            }
            Deed::GapRecorded => {
                gaps.insert((entry.path.clone(), entry.reason.clone()));
            }
            Deed::Sealed | Deed::Listed | Deed::Fetched | Deed::Held | Deed::HoldEnded | Deed::ErasureRefused => {}
        }
    }
    let mut listed = HashSet::new();
    for item in &manifest.items {
        if !listed.insert(item.path.as_str()) {
            broken.push(Broken::altered(MANIFEST, format!("it lists `{}` twice", item.path)));
        }
        well_formed(item, broken);
        match preserved.get(item.path.as_str()) {
            // What was not complete when it was sealed may have been completed, and entered, a moment later.
            Some(entry) if item.complete && entry.sha256.as_ref() != Some(&item.sums) => {
                let what = format!("its digest is not that of entry {} of `{CUSTODY}`", entry.sequence);
                broken.push(Broken::altered(item.path.as_str(), what));
            }
            None if item.complete => {
                let what = format!("no entry of `{CUSTODY}` says that it was preserved");
                broken.push(Broken::new(Kind::Unsealed, item.path.as_str(), what));
            }
            Some(_) | None => {}
        }
        for gap in &item.gaps {
            let was_entered = gaps.remove(&(format!("{}/{}", item.path, gap.part), gap.reason.clone()));
            // What an item lacks is entered when it is complete.
            if item.complete && !was_entered {
                let what = format!("no entry of `{CUSTODY}` records its gap `{}`, as the manifest does", gap.part);
                broken.push(Broken::altered(item.path.as_str(), what));
            }
        }
    }
    let mut absent: Vec<&str> = preserved.into_keys().filter(|path| !listed.contains(path)).collect();
    absent.sort_unstable();
    for path in absent {
        broken.push(Broken::new(Kind::Missing, path, "it was preserved, and the manifest does not list it"));
    }
    let incomplete: Vec<&ManifestItem> = manifest.items.iter().filter(|item| !item.complete).collect();
    let is_of =
        |item: &ManifestItem, path: &str| path.strip_prefix(&item.path).is_some_and(|part| part.starts_with('/'));
    gaps.retain(|(path, _)| !incomplete.iter().any(|item| is_of(item, path)));
    let mut left: Vec<(String, String)> = gaps.into_iter().collect();
    left.sort_unstable();
    for (path, _) in left {
        broken.push(Broken::new(Kind::Missing, path, "this gap was recorded, and the manifest does not list it"));
    }
}

/// Names where an item does not agree with itself.
fn well_formed(item: &ManifestItem, broken: &mut Vec<Broken>) {
    let mut names = HashSet::new();
    for file in &item.files {
        if !names.insert(file.name.as_str()) {
            broken.push(Broken::altered(MANIFEST, format!("it lists `{}/{}` twice", item.path, file.name)));
        }
    }
    if sums(item.files.iter().map(|file| (file.name.as_str(), &file.sha256))) != item.sums {
        let what = format!("`sums` of `{}` is not the digest of its files' list", item.path);
        broken.push(Broken::altered(MANIFEST, what));
    }
}
