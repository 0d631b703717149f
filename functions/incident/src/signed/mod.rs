//! Documents that a person signed elsewhere: a detached signature, ECDSA on P-256 over SHA-256 (FIPS 186-5), as
//! `openssl dgst -sha256 -sign` and `aws kms sign --signing-algorithm ECDSA_SHA_256` make it.

mod document;
mod load;

pub(crate) use document::{Checked, each, is_account, moment, read_json, refuse};
pub use document::{DocumentError, Period};
pub use load::{Distrust, Why};
pub(crate) use load::{Fetched, fetch};

use base64ct::{Base64, Encoding as _};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;

/// The first byte of a DER `SEQUENCE` (X.690). Base64 of one begins with `M`.
const SEQUENCE: u8 = 0x30;

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key cannot be read.
    #[error("the public key is neither PEM nor base64 of a P-256 key (SubjectPublicKeyInfo)")]
    Key,
    /// The signature cannot be read.
    #[error("the signature is neither DER nor base64 of an ECDSA signature in DER")]
    Form,
    /// Another document or another key was signed with.
    #[error("the signature is not one of this document by this key")]
    Mismatch,
}

/// The key that signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5480): PEM (RFC 7468), or base64 of its DER as `aws kms get-public-key` gives it.
    /// Line breaks may be spaces, as in a stack's parameter.
    ///
    /// # Errors
    /// [`SignatureError::Key`].
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let text = text.trim();
        let body = text.strip_prefix("-----BEGIN PUBLIC KEY-----").unwrap_or(text);
        let body = body.strip_suffix("-----END PUBLIC KEY-----").unwrap_or(body);
        let der = from_base64(body.as_bytes()).ok_or(SignatureError::Key)?;
        VerifyingKey::from_public_key_der(&der).map(Self).map_err(|_| SignatureError::Key)
    }

    /// Checks a signature, in DER or in base64 of it, over exactly these bytes.
    ///
    /// # Errors
    /// [`SignatureError::Form`] or [`SignatureError::Mismatch`].
    pub fn verify(&self, document: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let decoded;
        let der = if signature.first() == Some(&SEQUENCE) {
            signature
        } else {
            decoded = from_base64(signature).ok_or(SignatureError::Form)?;
            &decoded
        };
        self.verify_der(document, der)
    }

    /// As [`Self::verify`], of a signature that must be in DER: nothing may be appended to it.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_der(&self, document: &[u8], der: &[u8]) -> Result<(), SignatureError> {
        let signature = DerSignature::try_from(der).map_err(|_| SignatureError::Form)?;
        self.0.verify(document, &signature).map_err(|_| SignatureError::Mismatch)
    }
}

/// Base64 (RFC 4648, section 4) with white space anywhere.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Base64::decode_vec(std::str::from_utf8(&text).ok()?).ok()
}
