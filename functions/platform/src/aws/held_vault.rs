//! The vault, as it takes copies of objects: in parts, each checked by its digest, under legal hold once they are whole.

use super::failure::{code_of, failed};
use super::s3::LockedBucket;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, ObjectLockLegalHoldStatus, Part,
};
use base64ct::{Base64, Encoding};
use incident::digest::Measure;
use incident::evidence::copy::{HeldVault, Stated, Stored};
use incident::{Digest, Failure};
use std::error::Error;

const CONTENT_TYPE: &str = "application/octet-stream";

impl HeldVault for LockedBucket {
    async fn put(&self, path: &str, bytes: Vec<u8>, sha256: &Digest) -> Result<Stored, Failure> {
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(path)
            .content_type(CONTENT_TYPE)
            .checksum_sha256(sha256.base64())
            .object_lock_legal_hold_status(ObjectLockLegalHoldStatus::On)
            .if_none_match("*")
            .body(bytes.into());
        match put.send().await {
            Ok(put) => Ok(Stored::New(put.version_id)),
            Err(error) => not_stored("putting a copy into the vault", error),
        }
    }

    async fn begin(&self, path: &str) -> Result<String, Failure> {
        let begin = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(path)
            .content_type(CONTENT_TYPE)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .object_lock_legal_hold_status(ObjectLockLegalHoldStatus::On);
        let begun = begin.send().await.map_err(|error| failed("beginning a copy in the vault", error))?;
        begun.upload_id.ok_or_else(|| Failure::transient("an upload was begun without a name"))
    }

    async fn put_part(
        &self,
        path: &str,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
        sha256: &Digest,
    ) -> Result<bool, Failure> {
        let put = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(path)
            .upload_id(upload)
            .part_number(number.cast_signed())
            .checksum_sha256(sha256.base64())
            .body(bytes.into());
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if code_of(&error) == Some("NoSuchUpload") => Ok(false),
            Err(error) => Err(failed("putting a part of a copy into the vault", error)),
        }
    }

    async fn complete(&self, path: &str, upload: &str, composite: &str, bytes: u64) -> Result<Stored, Failure> {
        let Some(parts) = self.parts(path, upload).await? else { return Ok(Stored::Gone) };
        if composite_of(&parts).as_deref() != Some(composite) {
            // Another run may have put parts of its own: nothing is made of a mixture.
            return Ok(Stored::Gone);
        }
        let parts = parts.into_iter().map(|part| {
            let sum = part.checksum_sha256;
            let number = part.part_number;
            CompletedPart::builder().set_part_number(number).set_e_tag(part.e_tag).set_checksum_sha256(sum).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self
            .client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(path)
            .upload_id(upload)
            .multipart_upload(parts)
            .mpu_object_size(bytes.cast_signed())
            .if_none_match("*");
        match complete.send().await {
            Ok(done) if done.checksum_sha256.as_deref().is_some_and(|sum| sum != composite) => {
                Err(Failure::needs_operator("S3 made another object of the parts than was sent"))
            }
            Ok(done) => Ok(Stored::New(done.version_id)),
            // A part was put once more after the parts were listed.
            Err(error) if code_of(&error) == Some("InvalidPart") => {
                Err(Failure::transient("a part of an upload changed").because(error))
            }
            Err(error) => not_stored("completing a copy in the vault", error),
        }
    }

    async fn abandon(&self, path: &str, upload: &str) -> Result<(), Failure> {
        let abort = self.client.abort_multipart_upload().bucket(&self.name).key(path).upload_id(upload);
        match abort.send().await {
            Ok(_) => Ok(()),
            Err(error) if code_of(&error) == Some("NoSuchUpload") => Ok(()),
            Err(error) => Err(failed("dropping an upload", error)),
        }
    }

    async fn stated(&self, path: &str) -> Result<Option<Stated>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(path).checksum_mode(ChecksumMode::Enabled);
        match head.send().await {
            Ok(head) => Ok(Some(Stated {
                version_id: head.version_id,
                bytes: head.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
                checksum: head.checksum_sha256,
            })),
            // Without the right to list, S3 answers 403 to the question for what is not there.
            Err(error) if error.raw_response().is_some_and(|raw| matches!(raw.status().as_u16(), 403 | 404)) => {
                Ok(None)
            }
            Err(error) => Err(failed("looking into the vault", error)),
        }
    }
}

impl LockedBucket {
    /// The parts of an upload, by number; `None` if there is no such upload.
    async fn parts(&self, path: &str, upload: &str) -> Result<Option<Vec<Part>>, Failure> {
        let list = self.client.list_parts().bucket(&self.name).key(path).upload_id(upload);
        let mut pages = list.into_paginator().send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => parts.extend(page.parts.unwrap_or_default()),
                Err(error) if code_of(&error) == Some("NoSuchUpload") => return Ok(None),
                Err(error) => return Err(failed("listing the parts of a copy", error)),
            }
        }
        parts.sort_by_key(|part| part.part_number);
        Ok(Some(parts))
    }
}

/// The composite checksum of these parts, if they are numbered without a gap and each has a checksum.
fn composite_of(parts: &[Part]) -> Option<String> {
    let mut sums = Measure::default();
    for (number, part) in (1..).zip(parts) {
        if part.part_number != Some(number) {
            return None;
        }
        sums.take(&Base64::decode_vec(part.checksum_sha256.as_deref()?).ok()?);
    }
    Some(format!("{}-{}", sums.finish().0.base64(), parts.len()))
}

fn not_stored<E>(doing: &'static str, error: SdkError<E, HttpResponse>) -> Result<Stored, Failure>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match code_of(&error) {
        Some("PreconditionFailed") => Ok(Stored::Taken),
        Some("NoSuchUpload") => Ok(Stored::Gone),
        Some("ConditionalRequestConflict") => {
            Err(Failure::transient("another run is writing the same copy").because(error))
        }
        _ => Err(failed(doing, error)),
    }
}
