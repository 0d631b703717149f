//! Object versions in the buckets of incidents, read where they lie.

use super::Sdk;
use super::failure::{code_of, failed};
use super::member::{MemberRole, Members};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use incident::containment::Place;
use incident::evidence::copy::{NamedObject, ObjectReader, Read, S3Checksum, SourceVersion};
use incident::{Failure, Fault};
use jiff::Timestamp;
use std::error::Error;
use std::ops::Range;

/// How often a range is asked for before it counts as broken off. Each time only what is still missing is asked for.
const READ_ATTEMPTS: u32 = 4;

/// Objects, as this role of the member accounts may read them.
#[derive(Clone, Debug)]
pub struct Objects(Members<Client>);

impl Objects {
    /// Assumes this role where the objects are.
    pub fn connect(sdk: &Sdk, role: MemberRole) -> Self {
        Self(Members::new(sdk, role, Client::new))
    }

    async fn in_place_of(&self, object: &NamedObject) -> Result<Client, Failure> {
        let place = Place { account: object.account.clone(), region: Some(object.region.clone()) };
        self.0.at(&place).await
    }
}

impl ObjectReader for Objects {
    async fn describe(&self, object: &NamedObject) -> Result<Read<SourceVersion>, Failure> {
        let s3 = self.in_place_of(object).await?;
        let head = s3.head_object().bucket(&object.bucket).key(&object.key);
        let head = head.set_version_id(object.version_id.clone()).checksum_mode(ChecksumMode::Enabled);
        match head.send().await {
            Ok(head) => Ok(Ok(source_version(&object.bucket, &head))),
            Err(error) => {
                let failure = failed("describing an object", error);
                if failure.fault() == Fault::Transient {
                    return Err(failure);
                }
                // The answer to HEAD has no body and so no code: that to GET says what is wrong.
                let first = get(&s3, object).set_version_id(object.version_id.clone()).range("bytes=0-0");
                match first.send().await {
                    Ok(_) => Err(Failure::transient("an object can be read, but not described")),
                    Err(error) => Ok(Err(gap(error)?)),
                }
            }
        }
    }

    async fn read(
        &self,
        object: &NamedObject,
        version: &SourceVersion,
        range: Range<u64>,
    ) -> Result<Read<Vec<u8>>, Failure> {
        let s3 = self.in_place_of(object).await?;
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(wanted);
        let mut broken = None;
        for _ in 0..READ_ATTEMPTS {
            if bytes.len() >= wanted {
                break;
            }
            let from = range.start + bytes.len() as u64;
            let rest = get(&s3, object).set_version_id(version.version_id.clone()).set_if_match(version.etag.clone());
            let mut rest = match rest.range(format!("bytes={from}-{}", range.end.saturating_sub(1))).send().await {
                Ok(rest) => rest,
                Err(error) => return Ok(Err(gap(error)?)),
            };
            if !rest.content_range().is_some_and(|given| given.starts_with(&format!("bytes {from}-"))) {
                return Err(Failure::needs_operator("S3 gave another range than was asked for"));
            }
            while let Some(piece) = rest.body.next().await {
                match piece {
                    Ok(piece) => bytes.extend_from_slice(&piece),
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
        }
        match broken {
            _ if bytes.len() == wanted => Ok(Ok(bytes)),
            Some(error) => Err(Failure::transient("reading an object broke off").because(error)),
            None => Err(Failure::transient("S3 gave fewer or more bytes than were asked for")),
        }
    }
}

fn get(s3: &Client, object: &NamedObject) -> GetObjectFluentBuilder {
    s3.get_object().bucket(&object.bucket).key(&object.key)
}

fn source_version(bucket: &str, head: &HeadObjectOutput) -> SourceVersion {
    let checksums = [
        ("SHA256", head.checksum_sha256()),
        ("CRC64NVME", head.checksum_crc64_nvme()),
        ("CRC32C", head.checksum_crc32_c()),
        ("CRC32", head.checksum_crc32()),
        ("SHA1", head.checksum_sha1()),
        ("MD5", head.checksum_md5()),
        ("SHA512", head.checksum_sha512()),
        ("XXHASH128", head.checksum_xxhash128()),
        ("XXHASH3", head.checksum_xxhash3()),
        ("XXHASH64", head.checksum_xxhash64()),
    ];
    let of = head.checksum_type().map_or("FULL_OBJECT", |of| of.as_str());
    let checksum = checksums.into_iter().find_map(|(algorithm, value)| {
        let value = value?.to_owned();
        Some(S3Checksum { algorithm: algorithm.to_owned(), of: of.to_owned(), value })
    });
    // Of what was put before S3 kept checksums, the ETag is all there is. Under a key of KMS it is no digest, nor in a directory bucket.
    let is_plain = matches!(head.server_side_encryption(), None | Some(ServerSideEncryption::Aes256));
    let of_etag = || head.e_tag().filter(|_| is_plain && !bucket.ends_with("--x-s3")).and_then(S3Checksum::of_etag);
    SourceVersion {
        version_id: head.version_id().map(str::to_owned),
        etag: head.e_tag().map(str::to_owned),
        bytes: head.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
        storage_class: head.storage_class().map_or("STANDARD", |class| class.as_str()).to_owned(),
        last_modified: head.last_modified().and_then(|at| Timestamp::from_second(at.secs()).ok()),
        checksum: checksum.or_else(of_etag),
    }
}

/// Why it could not be had, by the code alone: S3's message names the object.
///
/// # Errors
/// `Transient`, where it may be had later.
fn gap<E>(error: SdkError<E, HttpResponse>) -> Result<String, Failure>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let code = code_of(&error).map(str::to_owned);
    let failure = failed("reading an object", error);
    if failure.fault() == Fault::Transient {
        return Err(failure);
    }
    let Some(code) = code else { return Err(failure) };
    Ok(format!("{} ({code})", meaning(&code)))
}

fn meaning(code: &str) -> &'static str {
    match code {
        "NoSuchKey" => "there is no such object any more",
        "NoSuchVersion" => "there is no such version any more",
        "MethodNotAllowed" => "the version is a delete marker",
        "NoSuchBucket" => "there is no such bucket any more",
        "PreconditionFailed" => "the object was written over while it was copied",
        "AccessDenied" => "S3 denies it: by the object, its bucket, or the key that it is encrypted with",
        "InvalidObjectState" => "it lies in an archive, and has to be restored first",
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            "the bucket lies in another region than was said"
        }
        "InvalidRequest" => {
            "S3 does not give it out like this: it may be encrypted with a key that only its writer has"
        }
        code if code.starts_with("KMS.") => "the key that it is encrypted with cannot be used",
        _ => "S3 refuses it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_used_is_told_from_a_denied_object() {
        assert!(meaning("KMS.DisabledException").contains("key"));
        assert!(meaning("KMS.KMSInvalidStateException").contains("key"));
        assert_ne!(meaning("AccessDenied"), meaning("KMS.DisabledException"));
    }
}
