//! The seal: how a case stood at one moment, in one small document that KMS signs. Whoever holds the public key can check
//! everything else from it: `openssl dgst -sha256 -verify key.pem -signature seal.json.sig seal.json`.

use super::custody::Head;
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format's name and version.
pub const FORMAT: &str = "tocsin-seal/1";

/// How it is signed: KMS's name for ECDSA on P-256 over SHA-256 (FIPS 186-5).
pub const ALGORITHM: &str = "ECDSA_SHA_256";

/// `seal.json`. The signature, in DER, lies beside it in `seal.json.sig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// `tocsin-seal/1`.
    pub format: String,
    /// The incident.
    pub incident: IncidentId,
    /// Of the exact bytes of `manifest.json`.
    pub manifest_sha256: Digest,
    /// How many entries of the custody log it covers. Whatever was entered later is sealed the next time.
    pub custody_entries: u64,
    /// The hash of the last of them.
    pub custody_head: Digest,
    /// When it was made, in UTC.
    pub sealed_at: Timestamp,
    /// The ARN of the key that signs it.
    pub key: String,
    /// `ECDSA_SHA_256`.
    pub algorithm: String,
}

impl Seal {
    /// The seal over a manifest and the log up to `head`.
    pub fn over(incident: IncidentId, manifest: Digest, head: &Head, sealed_at: Timestamp, key: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            incident,
            manifest_sha256: manifest,
            custody_entries: head.sequence,
            custody_head: head.hash.clone(),
            sealed_at,
            key,
            algorithm: ALGORITHM.to_owned(),
        }
    }

    /// The bytes that are signed: those of `seal.json`.
    ///
    /// # Errors
    /// None that is known: a seal is text and numbers.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// What is recorded of the last seal: by it, a repeat over the same evidence is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealRecord {
    /// Of the manifest.
    pub manifest_sha256: Digest,
    /// When the manifest was written, which is part of it.
    pub manifest_at: Timestamp,
    /// The seal; `None` until it is signed.
    pub signed: Option<SignedSeal>,
}

/// A seal with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedSeal {
    /// The seal.
    pub seal: Seal,
    /// Base64 of its signature in DER. Another signature of the same seal would be other bytes.
    pub signature: String,
}
