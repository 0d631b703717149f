//! The vault, and a reader of other buckets.

use super::Sdk;
use super::failure::{code_of, failed};
use super::member::{MemberRole, Members};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::ChecksumAlgorithm;
use incident::containment::Place;
use incident::digest::Measure;
use incident::ports::{BucketReader, Collected, Gap, Vault};
use incident::{Digest, Failure};
use serde_json::{Value, json};
use std::error::Error;

/// How many object versions one list holds: about 10 MB. A longer list says that it was cut.
const VERSIONS_LISTED: usize = 50_000;

/// The vault: a bucket with Object Lock.
#[derive(Clone, Debug)]
pub struct LockedBucket {
    client: Client,
    name: String,
}

impl LockedBucket {
    /// The vault with this name.
    pub fn connect(sdk: &Sdk, name: String) -> Self {
        Self { client: Client::new(&sdk.0), name }
    }

    /// The paths below a prefix.
    ///
    /// # Errors
    /// When the bucket cannot be listed.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let mut pages = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        let mut paths = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("listing the vault", error))?;
            paths.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        Ok(paths)
    }

    /// The digest and size of an object, without holding it in memory; `None` if there is none.
    ///
    /// # Errors
    /// When the object cannot be read.
    pub async fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Failure> {
        let mut object = match self.client.get_object().bucket(&self.name).key(path).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(failed("reading from the vault", error)),
        };
        let mut measure = Measure::default();
        while let Some(piece) = object.body.next().await {
            measure.take(&piece.map_err(|error| Failure::transient("reading from the vault").because(error))?);
        }
        Ok(Some(measure.finish()))
    }
}

impl Vault for LockedBucket {
    async fn preserve(&self, path: &str, bytes: Vec<u8>) -> Result<(Digest, u64), Failure> {
        let measured = (Digest::of(&bytes), bytes.len() as u64);
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(path)
            .content_type("application/json")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .if_none_match("*")
            .body(bytes.into());
        match put.send().await {
            Ok(_) => Ok(measured),
            // An earlier try got as far as this: what it preserved is the evidence.
            Err(error) if code_of(&error) == Some("PreconditionFailed") => {
                let kept = self.read(path).await?.ok_or_else(|| Failure::transient("an object is being written"))?;
                Ok((Digest::of(&kept), kept.len() as u64))
            }
            Err(error) if code_of(&error) == Some("ConditionalRequestConflict") => {
                Err(Failure::transient("another run is writing the same object").because(error))
            }
            Err(error) => Err(failed("putting evidence into the vault", error)),
        }
    }

    async fn publish(&self, path: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure> {
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(path)
            .content_type(content_type)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(bytes.into());
        put.send().await.map(|_| ()).map_err(|error| failed("writing to the vault", error))
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.client.get_object().bucket(&self.name).key(path).send().await {
            Ok(object) => {
                let body = object.body.collect().await;
                Ok(Some(body.map_err(|error| Failure::transient("reading from the vault").because(error))?.to_vec()))
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => Ok(None),
            // Without the right to list, S3 does not tell a missing object from a forbidden one.
            Err(error) if code_of(&error) == Some("AccessDenied") => {
                let doing = format!("`{path}` is missing in the vault, or this role may not read it");
                Err(Failure::needs_operator(doing).because(error))
            }
            Err(error) => Err(failed("reading from the vault", error)),
        }
    }
}

/// Reads the buckets of incidents.
#[derive(Clone, Debug)]
pub struct Buckets(Members<Client>);

impl Buckets {
    /// Buckets as this role of the member accounts may read them.
    pub fn connect(sdk: &Sdk, role: MemberRole) -> Self {
        Self(Members::new(sdk, role, Client::new))
    }
}

impl BucketReader for Buckets {
    async fn configuration(&self, place: &Place, bucket: &str) -> Result<Collected, Failure> {
        let s3 = self.0.at(place).await?;
        let policy = s3.get_bucket_policy().bucket(bucket).send().await;
        let policy = match absent(policy.map(|answer| answer.policy), &["NoSuchBucketPolicy"])? {
            Ok(policy) => policy.flatten(),
            Err(gap) => return Ok(Err(gap)),
        };
        let block = s3.get_public_access_block().bucket(bucket).send().await;
        let block = match absent(
            block.map(|a| a.public_access_block_configuration),
            &["NoSuchPublicAccessBlockConfiguration"],
        )? {
            Ok(block) => block.flatten(),
            Err(gap) => return Ok(Err(gap)),
        };
        let acl = match absent(s3.get_bucket_acl().bucket(bucket).send().await, &[])? {
            Ok(acl) => acl,
            Err(gap) => return Ok(Err(gap)),
        };
        let grants = acl.as_ref().map(|acl| acl.grants()).unwrap_or_default();
        let grants: Vec<Value> = grants
            .iter()
            .map(|grant| {
                let grantee = grant.grantee();
                json!({
                    "permission": grant.permission().map(|permission| permission.as_str()),
                    "type": grantee.map(|grantee| grantee.r#type().as_str()),
                    "id": grantee.and_then(|grantee| grantee.id()),
                    "uri": grantee.and_then(|grantee| grantee.uri()),
                })
            })
            .collect();
        Ok(Ok(json!({
            "bucket": bucket,
            "policy": policy,
            "public_access_block": block.map(|block| json!({
                "BlockPublicAcls": block.block_public_acls,
                "IgnorePublicAcls": block.ignore_public_acls,
                "BlockPublicPolicy": block.block_public_policy,
                "RestrictPublicBuckets": block.restrict_public_buckets,
            })),
            "acl": {
                "owner": acl.as_ref().and_then(|acl| acl.owner()).and_then(|owner| owner.id()),
                "grants": grants,
            },
        })))
    }

    async fn versions(&self, place: &Place, bucket: &str) -> Result<Collected, Failure> {
        let s3 = self.0.at(place).await?;
        let mut versions: Vec<Value> = Vec::new();
        let (mut key, mut version) = (None, None);
        loop {
            let list = s3.list_object_versions().bucket(bucket).set_key_marker(key).set_version_id_marker(version);
            let page = match absent(list.send().await, &[])? {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Err(Gap("S3 lists no versions".to_owned()))),
                Err(gap) => return Ok(Err(gap)),
            };
            versions.extend(page.versions().iter().map(|version| {
                json!({
                    "key": version.key(), "version_id": version.version_id(), "latest": version.is_latest(),
                    "bytes": version.size(), "etag": version.e_tag(),
                    "modified": version.last_modified().map(ToString::to_string),
                })
            }));
            versions.extend(page.delete_markers().iter().map(|marker| {
                json!({
                    "key": marker.key(), "version_id": marker.version_id(), "latest": marker.is_latest(),
                    "delete_marker": true, "modified": marker.last_modified().map(ToString::to_string),
                })
            }));
            let complete = page.next_key_marker.is_none();
            if complete || versions.len() >= VERSIONS_LISTED {
                return Ok(Ok(json!({"bucket": bucket, "versions": versions, "complete": complete})));
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

/// `None` where the thing does not exist (one of `codes`), a gap where the bucket cannot be read at all.
fn absent<T, E>(answer: Result<T, SdkError<E, HttpResponse>>, codes: &[&str]) -> Result<Result<Option<T>, Gap>, Failure>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match answer {
        Ok(found) => Ok(Ok(Some(found))),
        Err(error) => match code_of(&error) {
            Some(code) if codes.contains(&code) => Ok(Ok(None)),
            Some(
                code @ ("NoSuchBucket"
                | "AccessDenied"
                | "PermanentRedirect"
                | "AuthorizationHeaderMalformed"
                | "InvalidBucketName"),
            ) => Ok(Err(Gap(format!("S3 answered `{code}`")))),
            _ => Err(failed("reading a bucket", error)),
        },
    }
}
