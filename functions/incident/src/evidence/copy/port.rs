//! What the copying needs of the world.
#![expect(async_fn_in_trait, reason = "handlers are generic over the ports and run on one thread")]

use super::{NamedObject, SourceVersion};
use crate::Digest;
use crate::fault::Failure;
use std::ops::Range;

/// What was read, or why it could not be had, in words that hold nothing personal.
pub type Read<T> = Result<T, String>;

/// Reads object versions where they lie, and changes nothing there.
pub trait ObjectReader {
    /// The version that is meant.
    async fn describe(&self, object: &NamedObject) -> Result<Read<SourceVersion>, Failure>;
    /// These bytes of that version. `Transient` where it broke off.
    async fn read(
        &self,
        object: &NamedObject,
        version: &SourceVersion,
        range: Range<u64>,
    ) -> Result<Read<Vec<u8>>, Failure>;
}

/// The vault, as it takes copies of objects: each under legal hold from the moment that it is there, and never over another.
pub trait HeldVault {
    /// Puts a small object.
    async fn put(&self, path: &str, bytes: Vec<u8>, sha256: &Digest) -> Result<Stored, Failure>;
    /// Begins an upload in parts; its name.
    async fn begin(&self, path: &str) -> Result<String, Failure>;
    /// Puts a part, which S3 checks by its digest; `false` if the upload is gone.
    async fn put_part(
        &self,
        path: &str,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
        sha256: &Digest,
    ) -> Result<bool, Failure>;
    /// Makes the object of its parts, if they are those of this composite checksum. `Gone` also where they are not: then there
    /// is nothing to go on with.
    async fn complete(&self, path: &str, upload: &str, composite: &str, bytes: u64) -> Result<Stored, Failure>;
    /// Drops an upload and its parts; it may be gone already.
    async fn abandon(&self, path: &str, upload: &str) -> Result<(), Failure>;
    /// What lies there; `None` if nothing does.
    async fn stated(&self, path: &str) -> Result<Option<Stated>, Failure>;
}

/// What became of a copy that was to be put into the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is there, as this version.
    New(Option<String>),
    /// There is an object of that path already.
    Taken,
    /// The upload is gone.
    Gone,
}

/// An object in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Its newest version.
    pub version_id: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 that S3 keeps of it, in base64, or the composite one.
    pub checksum: Option<String>,
}
