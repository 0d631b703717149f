//! The vault, and the bucket of settings.

use super::Sdk;
use super::failure::{code_of, failed};
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
use incident::digest::Measure;
use incident::ports::{Kept, Settings, Vault};
use incident::{Digest, Failure};

/// The vault: a bucket with Object Lock.
#[derive(Clone, Debug)]
pub struct LockedBucket {
    pub(super) client: Client,
    pub(super) name: String,
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

    /// The digest and size of an object's version, or of its newest one, without holding it in memory; `None` if there is none.
    ///
    /// # Errors
    /// When the object cannot be read.
    pub async fn measure(&self, path: &str, version: Option<&str>) -> Result<Option<(Digest, u64)>, Failure> {
        let get = self.client.get_object().bucket(&self.name).key(path).set_version_id(version.map(str::to_owned));
        let mut object = match get.send().await {
            Ok(object) => object,
            Err(error) if matches!(code_of(&error), Some("NoSuchKey" | "NoSuchVersion")) => return Ok(None),
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
    async fn preserve(&self, path: &str, bytes: Vec<u8>, content_type: &str) -> Result<Kept, Failure> {
        let (sha256, size) = (Digest::of(&bytes), bytes.len() as u64);
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(path)
            .content_type(content_type)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .if_none_match("*")
            .body(bytes.into());
        match put.send().await {
            Ok(put) => match put.checksum_sha256().map(Digest::from_base64) {
                // S3 has digested what it took: another digest would mean another object.
                Some(stated) if stated.as_ref() != Some(&sha256) => {
                    Err(Failure::needs_operator(format!("the vault took `{path}` with another SHA-256 than was sent")))
                }
                Some(_) | None => Ok(Kept { sha256, bytes: size, version_id: put.version_id }),
            },
            // An earlier try got as far as this: what it preserved is the evidence.
            Err(error) if code_of(&error) == Some("PreconditionFailed") => {
                self.kept(path).await?.ok_or_else(|| Failure::transient("an object is being written"))
            }
            Err(error) if code_of(&error) == Some("ConditionalRequestConflict") => {
                Err(Failure::transient("another run is writing the same object").because(error))
            }
            Err(error) => Err(failed("putting evidence into the vault", error)),
        }
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let prefix = format!("{folder}/");
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(&prefix).delimiter("/");
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("listing the vault", error))?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            names.extend(keys.filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned)));
        }
        Ok(names)
    }

    async fn kept(&self, path: &str) -> Result<Option<Kept>, Failure> {
        let head =
            self.client.head_object().bucket(&self.name).key(path).checksum_mode(ChecksumMode::Enabled).send().await;
        let head = match head {
            Ok(head) => head,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => return Ok(None),
            Err(error) => return Err(failed("asking the vault for an object", error)),
        };
        let stated = (head.checksum_type() != Some(&ChecksumType::Composite))
            .then(|| head.checksum_sha256().and_then(Digest::from_base64))
            .flatten();
        let size = head.content_length().and_then(|length| u64::try_from(length).ok());
        if let (Some(sha256), Some(bytes)) = (stated, size) {
            return Ok(Some(Kept { sha256, bytes, version_id: head.version_id }));
        }
        // Put there by something else, or in parts: its digest is had from its content alone.
        let version_id = head.version_id;
        let measured = self.measure(path, version_id.as_deref()).await?;
        Ok(measured.map(|(sha256, bytes)| Kept { sha256, bytes, version_id }))
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
        newest(&self.client, &self.name, path, "reading from the vault").await
    }
}

/// The bucket of settings. Its versions show who told Tocsin what.
#[derive(Clone, Debug)]
pub struct SettingsBucket {
    client: Client,
    name: String,
}

impl SettingsBucket {
    /// The bucket with this name.
    pub fn connect(sdk: &Sdk, name: String) -> Self {
        Self { client: Client::new(&sdk.0), name }
    }
}

impl Settings for SettingsBucket {
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        newest(&self.client, &self.name, path, "reading the settings").await
    }
}

/// The newest version of an object, whole; `None` if there is none.
async fn newest(client: &Client, bucket: &str, path: &str, doing: &'static str) -> Result<Option<Vec<u8>>, Failure> {
    match client.get_object().bucket(bucket).key(path).send().await {
        Ok(object) => {
            let body = object.body.collect().await;
            Ok(Some(body.map_err(|error| Failure::transient(doing).because(error))?.to_vec()))
        }
        Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => Ok(None),
        // Without the right to list, S3 does not tell a missing object from a forbidden one.
        Err(error) if code_of(&error) == Some("AccessDenied") => {
            let refused = format!("{doing}: `{path}` is missing, or this role may not read it");
            Err(Failure::needs_operator(refused).because(error))
        }
        Err(error) => Err(failed(doing, error)),
    }
}
