//! How far the copy of one object has come.

use super::checksum::{Along, AlongState, S3Checksum};
use crate::Digest;
use crate::digest::{Measure, MeasureState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version that is copied: found when the copy begins, and the same until it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceVersion {
    /// `None` in a bucket that was never versioned: there the ETag pins the content.
    pub version_id: Option<String>,
    /// As S3 shows it, in quotation marks.
    pub etag: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Its storage class.
    pub storage_class: String,
    /// When it was written.
    pub last_modified: Option<Timestamp>,
    /// What S3 keeps of its content.
    pub checksum: Option<S3Checksum>,
}

/// The record of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCopy {
    /// The version; `None` where none could be found.
    pub source: Option<SourceVersion>,
    /// How far.
    pub state: CopyState,
}

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CopyState {
    /// The version is pinned.
    Begun,
    /// Some of it is in the vault, as parts of an upload.
    Uploading(Upload),
    /// All of it is in the vault.
    Copied {
        /// Of its content.
        sha256: Digest,
        /// The version in the vault.
        version_id: Option<String>,
        /// When, in UTC.
        at: Timestamp,
    },
    /// It could not be had.
    Missing {
        /// Why.
        reason: String,
        /// Whether what was read is not what S3 says that it keeps: a person must look.
        is_altered: bool,
        /// When that was found, in UTC.
        at: Timestamp,
    },
}

/// An upload in parts. The parts themselves are listed by S3, since ten thousand do not fit into a record: `parts_hash` says
/// which they must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// S3's name of it.
    pub id: String,
    /// How many parts are there.
    pub parts: u32,
    /// The hash of the object so far.
    hash: MeasureState,
    /// The hash of the parts' digests so far: S3's composite checksum.
    parts_hash: MeasureState,
    /// What S3 keeps of the object, counted along. Until it could be a digest too, it was called after the checks.
    #[serde(default, alias = "crc")]
    along: Option<AlongState>,
}

/// The hashes of an upload while it runs.
#[derive(Clone, Debug)]
pub struct Running {
    parts: u32,
    hash: Measure,
    parts_hash: Measure,
    along: Option<Along>,
}

impl CopyState {
    /// Whether nothing more will come of it.
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Begun | Self::Uploading(_) => false,
            Self::Copied { .. } | Self::Missing { .. } => true,
        }
    }
}

impl Running {
    /// The hashes before the first byte.
    pub fn start(source: &SourceVersion) -> Self {
        let along = source.checksum.as_ref().and_then(S3Checksum::along);
        Self { parts: 0, hash: Measure::default(), parts_hash: Measure::default(), along }
    }

    /// The hashes where an upload stopped; `None` if they were kept by a library that this one does not understand.
    pub fn resume(upload: &Upload) -> Option<Self> {
        let (hash, parts_hash) = (Measure::resume(&upload.hash)?, Measure::resume(&upload.parts_hash)?);
        let along = match &upload.along {
            Some(state) => Some(Along::resume(state)?),
            None => None,
        };
        Some(Self { parts: upload.parts, hash, parts_hash, along })
    }

    /// What to record of it.
    pub fn kept(&self, id: &str) -> Upload {
        Upload {
            id: id.to_owned(),
            parts: self.parts,
            hash: self.hash.state(),
            parts_hash: self.parts_hash.state(),
            along: self.along.as_ref().map(Along::state),
        }
    }

    /// Takes the next part; answers its digest.
    pub fn take(&mut self, part: &[u8]) -> Digest {
        let digest = Digest::of(part);
        self.parts += 1;
        self.hash.take(part);
        self.parts_hash.take(&digest.bytes().unwrap_or_default());
        if let Some(along) = &mut self.along {
            along.take(part);
        }
        digest
    }

    /// How many parts there are.
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// How many bytes there are.
    pub fn bytes(&self) -> u64 {
        self.hash.bytes()
    }

    /// The digest of all that came.
    pub fn sha256(&self) -> Digest {
        self.hash.clone().finish().0
    }

    /// The checksum that S3 keeps of an upload in these parts: the digest of their digests, with their number.
    pub fn composite(&self) -> String {
        format!("{}-{}", self.parts_hash.clone().finish().0.base64(), self.parts)
    }

    /// Whether what came is not what S3 says that it keeps.
    pub fn is_altered(&self, source: &SourceVersion) -> bool {
        let differs = |checksum: &S3Checksum| checksum.differs(&self.sha256(), self.along.as_ref());
        self.bytes() != source.bytes || source.checksum.as_ref().and_then(differs) == Some(true)
    }
}
