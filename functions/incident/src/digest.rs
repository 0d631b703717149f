//! SHA-256 digests: of evidence, of custody entries, of the exact text that a lawyer approves.

use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 digest in lower-case hexadecimal (FIPS 180-4), 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::new_with_prefix(bytes))
    }

    /// The digest of several parts, each preceded by its length, so that no two lists of parts share one.
    pub fn of_parts(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::from_hash(hash)
    }

    /// The digest that S3 states as a checksum: base64 of 32 bytes. `None` for anything else, such as the checksum of the parts'
    /// checksums (`…-3`) of an object that was uploaded in parts.
    pub fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let decoded = Base64::decode(text, &mut bytes).ok()?;
        (decoded.len() == 32).then(|| Self::from_bytes(decoded))
    }

    /// The 32 bytes that the characters stand for; `None` of a text that is no digest.
    pub fn bytes(&self) -> Option<[u8; 32]> {
        let is_lower_hex = self.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if self.0.len() != 64 || !is_lower_hex {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(self.0.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(bytes)
    }

    fn from_hash(hash: Sha256) -> Self {
        Self::from_bytes(&hash.finalize())
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// In base64, as S3 writes its checksums.
    pub fn base64(&self) -> String {
        Base64::encode_string(&self.bytes().unwrap_or_default())
    }

    /// The 64 hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `length` characters: for names that people read, never for comparison of contents.
    pub fn short(&self, length: usize) -> String {
        self.0.chars().take(length).collect()
    }
}

/// Digests what arrives in pieces, so that no large object has to lie in memory.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    hash: Sha256,
    bytes: u64,
}

impl Measure {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }

    /// The size, in bytes, of all pieces so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What it takes to go on in another process.
    pub fn state(&self) -> MeasureState {
        let hash = format!("{LIBRARY}:{}", Base64::encode_string(&self.hash.serialize()));
        MeasureState { hash, bytes: self.bytes }
    }

    /// Goes on where another process stopped; `None` if its library kept the hash in a form of its own.
    pub fn resume(state: &MeasureState) -> Option<Self> {
        let hash = Base64::decode_vec(state.hash.strip_prefix(LIBRARY)?.strip_prefix(':')?).ok()?;
        let hash = SerializedState::<Sha256>::try_from(hash.as_slice()).ok()?;
        Some(Self { hash: Sha256::deserialize(&hash).ok()?, bytes: state.bytes })
    }

    /// The digest and the size, in bytes, of all pieces.
    pub fn finish(self) -> (Digest, u64) {
        (Digest::from_hash(self.hash), self.bytes)
    }
}

/// Whose form a hash is kept in: the crate promises to read it for as long as its first two numbers are these.
const LIBRARY: &str = "sha2-0.11";

/// A digest of pieces, of which more are to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureState {
    hash: String,
    bytes: u64,
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it fails")]
mod tests {
    use super::Digest;

    /// FIPS 180-4's example `abc`, by `openssl dgst -sha256 -binary | base64`.
    const ABC: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

    #[test]
    fn what_s3_states_is_the_same_digest() {
        assert_eq!(Digest::from_base64(ABC), Some(Digest::of(b"abc")));
        for other in ["", "ungWv48=", &format!("{ABC}-3"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"] {
            assert_eq!(Digest::from_base64(other), None, "{other}");
        }
    }

    #[test]
    fn a_digest_stands_for_32_bytes() {
        assert_eq!(Digest::of(b"abc").bytes().unwrap().get(..3), Some([0xba, 0x78, 0x16].as_slice()));
        let not_hex: Digest = serde_json::from_str(&format!("\"{}\"", "g".repeat(64))).unwrap();
        assert_eq!(not_hex.bytes(), None);
    }
}
