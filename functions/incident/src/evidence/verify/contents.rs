//! The files themselves, each read once, and what lies there that nothing records.

use super::chain::Chain;
use super::{Broken, CUSTODY, CaseFiles, Kind, MANIFEST, SEAL, SIGNATURE};
use crate::evidence::custody::Deed;
use crate::evidence::manifest::Manifest;
use std::collections::HashSet;

/// Where evidence lies, below the incident's folder.
const EVIDENCE: &str = "evidence/";

/// Names every file that is not what the manifest says; answers with the size of all together.
pub(super) fn measure(files: &impl CaseFiles, manifest: &Manifest, broken: &mut Vec<Broken>) -> u64 {
    let mut total: u64 = 0;
    for item in &manifest.items {
        for file in &item.files {
            let path = format!("{}/{}", item.path, file.name);
            if !is_evidence(&path) {
                // Somebody else's file is not read for whoever wrote such a manifest.
                broken.push(Broken::altered(MANIFEST, format!("it lists `{path}`, which is outside of `{EVIDENCE}`")));
                continue;
            }
            match files.measure(&path) {
                Ok(Some((digest, bytes))) => {
                    total = total.saturating_add(bytes);
                    if bytes != file.bytes {
                        let what = format!("it has {bytes} bytes, by the manifest {}", file.bytes);
                        broken.push(Broken::altered(path, what));
                    } else if digest != file.sha256 {
                        broken.push(Broken::altered(path, "its digest is not that of the manifest"));
                    }
                }
                Ok(None) => broken.push(Broken::new(Kind::Missing, path, "the manifest lists it")),
                Err(error) => broken.push(Broken::new(Kind::Unreadable, path, error.to_string())),
            }
        }
    }
    total
}

/// Whether a path stays below the folder of evidence.
fn is_evidence(path: &str) -> bool {
    let mut parts = path.split('/');
    path.starts_with(EVIDENCE) && parts.all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']))
}

/// Names the evidence that the manifest does not list; answers with what lies beside the evidence.
pub(super) fn nothing_added(
    files: &impl CaseFiles,
    manifest: &Manifest,
    chain: &Chain,
    broken: &mut Vec<Broken>,
) -> Vec<String> {
    let paths = match files.paths() {
        Ok(paths) => paths,
        Err(error) => {
            broken.push(Broken::new(Kind::Unreadable, ".", error.to_string()));
            return Vec::new();
        }
    };
    let listed: HashSet<String> = manifest
        .items
        .iter()
        .flat_map(|item| item.files.iter().map(|file| format!("{}/{}", item.path, file.name)))
        .collect();
    let mut to_be_sealed: HashSet<&str> =
        manifest.items.iter().filter(|item| !item.complete).map(|item| item.path.as_str()).collect();
    to_be_sealed
        .extend(chain.unsealed().filter(|entry| entry.deed == Deed::Preserved).map(|entry| entry.path.as_str()));
    let mut beside = Vec::new();
    for path in paths {
        if listed.contains(&path) || matches!(path.as_str(), MANIFEST | CUSTODY | SEAL | SIGNATURE) {
            continue;
        }
        if !path.starts_with(EVIDENCE) {
            beside.push(path);
        } else if path.rsplit_once('/').is_some_and(|(folder, _)| to_be_sealed.contains(folder)) {
            broken.push(Broken::new(
                Kind::Unsealed,
                path,
                "it was preserved after the last seal, or while that was made",
            ));
        } else {
            broken.push(Broken::new(Kind::Added, path, "the manifest does not list it"));
        }
    }
    beside
}
