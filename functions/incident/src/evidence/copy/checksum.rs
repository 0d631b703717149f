//! The checksums that S3 keeps of an object, compared with what was read.

use crate::Digest;
use base64ct::{Base64, Encoding};
use crc_fast::{CrcAlgorithm, checksum, checksum_combine};
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Digest as _;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};

/// A checksum of an object as S3 shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Checksum {
    /// S3's word: `SHA256`, `CRC64NVME` …
    pub algorithm: String,
    /// `FULL_OBJECT`, or `COMPOSITE`: the checksum of its parts' checksums.
    pub of: String,
    /// In base64.
    pub value: String,
}

/// A cyclic redundancy check over what came so far. S3 has computed one of every new object since December 2024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crc {
    algorithm: CrcKind,
    value: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum CrcKind {
    Crc32,
    Crc32c,
    Crc64nvme,
}

impl CrcKind {
    fn algorithm(self) -> CrcAlgorithm {
        match self {
            Self::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
            Self::Crc32c => CrcAlgorithm::Crc32Iscsi,
            Self::Crc64nvme => CrcAlgorithm::Crc64Nvme,
        }
    }
}

impl Crc {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        let algorithm = self.algorithm.algorithm();
        self.value = checksum_combine(algorithm, self.value, checksum(algorithm, piece), piece.len() as u64);
    }

    fn base64(self) -> String {
        let bytes = self.value.to_be_bytes();
        match self.algorithm {
            CrcKind::Crc64nvme => Base64::encode_string(&bytes),
            CrcKind::Crc32 | CrcKind::Crc32c => Base64::encode_string(bytes.get(4..).unwrap_or_default()),
        }
    }
}

/// What S3 keeps of an object as a whole, counted over what came so far.
#[derive(Clone, Debug)]
pub enum Along {
    /// A cyclic redundancy check.
    Crc(Crc),
    /// SHA-1 (FIPS 180-4). Whoever makes two contents of one digest fools it, and not the SHA-256 that the copy has.
    Sha1(Sha1),
    /// MD5 (RFC 1321), as the ETag of an object that was put in one piece is one.
    Md5(Md5),
}

/// What it takes to go on in another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AlongState {
    /// Of a check.
    Crc(Crc),
    /// Of a digest: whose form it is in, and the state in base64.
    Digest {
        /// The crate, with the numbers for which it promises to read its form.
        form: String,
        /// The state.
        state: String,
    },
}

const SHA1: &str = "sha1-0.11";
const MD5: &str = "md-5-0.11";

impl Along {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        match self {
            Self::Crc(crc) => crc.take(piece),
            Self::Sha1(hash) => hash.update(piece),
            Self::Md5(hash) => hash.update(piece),
        }
    }

    /// What to record of it.
    pub fn state(&self) -> AlongState {
        match self {
            Self::Crc(crc) => AlongState::Crc(*crc),
            Self::Sha1(hash) => kept(SHA1, hash),
            Self::Md5(hash) => kept(MD5, hash),
        }
    }

    /// Goes on where another process stopped; `None` if it is in a form that this one does not understand.
    pub fn resume(state: &AlongState) -> Option<Self> {
        match state {
            AlongState::Crc(crc) => Some(Self::Crc(*crc)),
            AlongState::Digest { form, state } if form == SHA1 => resumed(state).map(Self::Sha1),
            AlongState::Digest { form, state } if form == MD5 => resumed(state).map(Self::Md5),
            AlongState::Digest { .. } => None,
        }
    }

    fn base64(&self) -> String {
        match self {
            Self::Crc(crc) => crc.base64(),
            Self::Sha1(hash) => Base64::encode_string(&hash.clone().finalize()),
            Self::Md5(hash) => Base64::encode_string(&hash.clone().finalize()),
        }
    }
}

fn kept(form: &str, hash: &impl SerializableState) -> AlongState {
    AlongState::Digest { form: form.to_owned(), state: Base64::encode_string(&hash.serialize()) }
}

fn resumed<H: SerializableState>(state: &str) -> Option<H> {
    let state = SerializedState::<H>::try_from(Base64::decode_vec(state).ok()?.as_slice()).ok()?;
    H::deserialize(&state).ok()
}

impl S3Checksum {
    /// The MD5 that the ETag is of an object that was put in one piece and lies there under no key of KMS: the caller knows of the
    /// key, the ETag tells the pieces. `None` where it is no MD5.
    ///
    /// Source: Amazon S3 API reference, "Object", `ETag`.
    pub fn of_etag(etag: &str) -> Option<Self> {
        let digits = etag.trim_matches('"');
        let pairs: Vec<&str> = (0..16).map_while(|pair| digits.get(pair * 2..pair * 2 + 2)).collect();
        let bytes: Vec<u8> = pairs.iter().map_while(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        let is_md5 = digits.len() == 32 && bytes.len() == 16;
        is_md5.then(|| Self { algorithm: "MD5".to_owned(), of: WHOLE.to_owned(), value: Base64::encode_string(&bytes) })
    }

    /// What has to be counted along to compare it, beside the SHA-256 that always is.
    pub fn along(&self) -> Option<Along> {
        let crc = |algorithm: CrcKind| Along::Crc(Crc { algorithm, value: checksum(algorithm.algorithm(), &[]) });
        let along = match self.algorithm.as_str() {
            "CRC32" => crc(CrcKind::Crc32),
            "CRC32C" => crc(CrcKind::Crc32c),
            "CRC64NVME" => crc(CrcKind::Crc64nvme),
            "SHA1" => Along::Sha1(Sha1::new()),
            "MD5" => Along::Md5(Md5::new()),
            _ => return None,
        };
        (self.of == WHOLE).then_some(along)
    }

    /// Whether it can be compared with what was read. A composite one cannot: it is of the parts that the object was once written in,
    /// and nothing of the object tells where they ended. It is recorded, as is one of a kind that is not counted here (XXHash).
    pub fn is_comparable(&self) -> bool {
        self.of == WHOLE && (self.algorithm == "SHA256" || self.along().is_some())
    }

    /// Whether what was read is not what S3 has; `None` where this one cannot be compared.
    pub fn differs(&self, sha256: &Digest, along: Option<&Along>) -> Option<bool> {
        match (self.of.as_str(), self.algorithm.as_str(), along) {
            (WHOLE, "SHA256", _) => Some(self.value != sha256.base64()),
            (WHOLE, _, Some(along)) => Some(self.value != along.base64()),
            _ => None,
        }
    }
}

/// S3's word for a checksum of an object as a whole.
const WHOLE: &str = "FULL_OBJECT";

#[cfg(test)]
mod tests;
