//! The checksums that S3 keeps of an object, compared with what was read.

use crate::Digest;
use base64ct::{Base64, Encoding};
use crc_fast::{CrcAlgorithm, checksum, checksum_combine};
use serde::{Deserialize, Serialize};

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

impl S3Checksum {
    /// What has to be counted along to compare it.
    pub fn crc(&self) -> Option<Crc> {
        let algorithm = match self.algorithm.as_str() {
            "CRC32" => CrcKind::Crc32,
            "CRC32C" => CrcKind::Crc32c,
            "CRC64NVME" => CrcKind::Crc64nvme,
            _ => return None,
        };
        (self.of == "FULL_OBJECT").then_some(Crc { algorithm, value: checksum(algorithm.algorithm(), &[]) })
    }

    /// Whether what was read is not what S3 has; `None` where this one cannot be compared: it is of the parts that the object
    /// was once written in, or of a kind that is not counted here (SHA-1, MD5).
    pub fn differs(&self, sha256: &Digest, crc: Option<Crc>) -> Option<bool> {
        match (self.of.as_str(), self.algorithm.as_str(), crc) {
            ("FULL_OBJECT", "SHA256", _) => Some(self.value != sha256.base64()),
            ("FULL_OBJECT", _, Some(crc)) => Some(self.value != crc.base64()),
            _ => None,
        }
    }
}
