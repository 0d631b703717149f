//! The papers of a case, as bytes.

use base64ct::{Base64, Encoding as _};
use incident::evidence::{CustodyEntry, Manifest, Seal, SignedSeal};
use incident::ports::Vault;
use incident::{Digest, Failure, IncidentId};

pub(crate) const MANIFEST: &str = "manifest.json";

/// What lies beside the evidence, with its name and type.
pub(crate) struct Papers([(&'static str, Vec<u8>, &'static str); 4]);

impl Papers {
    pub(crate) fn of(manifest: String, chain: &[CustodyEntry], signed: &SignedSeal) -> Result<Self, Failure> {
        let mut log = String::new();
        for entry in chain {
            let line = serde_json::to_string(entry);
            log +=
                &line.map_err(|error| Failure::needs_operator("the custody log cannot be written").because(error))?;
            log.push('\n');
        }
        let signature = Base64::decode_vec(&signed.signature)
            .map_err(|_| Failure::needs_operator("the signature that was recorded is no base64"))?;
        Ok(Self([
            (MANIFEST, manifest.into_bytes(), "application/json"),
            ("custody.jsonl", log.into_bytes(), "application/jsonl"),
            ("seal.json", seal(&signed.seal)?.into_bytes(), "application/json"),
            ("seal.json.sig", signature, "application/octet-stream"),
        ]))
    }

    /// Puts those into the vault that are not there as they should be.
    pub(crate) async fn publish(self, vault: &impl Vault, id: &IncidentId) -> Result<(), Failure> {
        let folder = format!("incidents/{id}");
        let names = vault.names(&folder).await?;
        for (name, bytes, content_type) in self.0 {
            let path = format!("{folder}/{name}");
            let is_there = names.iter().any(|there| there == name);
            let kept = if is_there { vault.kept(&path).await? } else { None };
            if kept.is_none_or(|kept| kept.sha256 != Digest::of(&bytes)) {
                vault.publish(&path, bytes, content_type).await?;
            }
        }
        Ok(())
    }
}

pub(crate) fn manifest(manifest: &Manifest) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(manifest);
    text.map(|text| text + "\n")
        .map_err(|error| Failure::needs_operator("the manifest cannot be written").because(error))
}

pub(crate) fn seal(seal: &Seal) -> Result<String, Failure> {
    seal.to_json().map_err(|error| Failure::needs_operator("the seal cannot be written").because(error))
}
