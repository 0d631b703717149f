//! The bucket that lists of people lie in.

use super::Sdk;
use super::failure::{code_of, failed};
use aws_sdk_s3::Client;
use incident::Failure;
use incident::notification::delivery::{ListVersion, Lists};
use std::ops::Range;

/// A versioned bucket of this account.
#[derive(Clone, Debug)]
pub struct ListBucket {
    client: Client,
    name: String,
}

impl ListBucket {
    /// The bucket with this name.
    pub fn connect(sdk: &Sdk, name: String) -> Self {
        Self { client: Client::new(&sdk.0), name }
    }
}

impl Lists for ListBucket {
    fn bucket(&self) -> &str {
        &self.name
    }

    async fn newest(&self, key: &str) -> Result<Option<ListVersion>, Failure> {
        // Not HEAD, whose answer has no code: a GET of one byte tells a missing list from a forbidden one.
        let first = self.client.get_object().bucket(&self.name).key(key).range("bytes=0-0");
        let object = match first.send().await {
            Ok(object) => object,
            Err(error) if matches!(code_of(&error), Some("NoSuchKey" | "InvalidRange")) => return Ok(None),
            Err(error) => return Err(failed("looking for a list of people", error)),
        };
        let bytes =
            object.content_range().and_then(|range| range.rsplit('/').next()).and_then(|size| size.parse().ok());
        let pinned = object.version_id().zip(object.e_tag()).zip(bytes);
        let ((version_id, etag), bytes) =
            pinned.ok_or_else(|| Failure::needs_operator("the bucket of lists keeps no versions"))?;
        let (version_id, etag) = (version_id.to_owned(), etag.to_owned());
        Ok(Some(ListVersion { key: key.to_owned(), version_id, etag, bytes }))
    }

    async fn read(&self, list: &ListVersion, range: Range<u64>) -> Result<Vec<u8>, Failure> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let get = self.client.get_object().bucket(&self.name).key(&list.key).version_id(&list.version_id);
        let get = get.if_match(&list.etag).range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let object = match get.send().await {
            Ok(object) => object,
            Err(error) if matches!(code_of(&error), Some("NoSuchKey" | "NoSuchVersion" | "PreconditionFailed")) => {
                return Err(Failure::needs_operator("the version of the list that was approved is gone").because(error));
            }
            Err(error) => return Err(failed("reading a list of people", error)),
        };
        let body = object.body.collect().await;
        let bytes = body.map_err(|error| Failure::transient("reading a list broke off").because(error))?.to_vec();
        if bytes.len() == wanted { Ok(bytes) } else { Err(Failure::transient("S3 gave another part of a list")) }
    }

    async fn keep_secret(&self, key: &str) -> Result<Vec<u8>, Failure> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Failure::transient("the system gave no random bytes"))?;
        let put = self.client.put_object().bucket(&self.name).key(key).if_none_match("*").body(secret.to_vec().into());
        match put.send().await {
            Ok(_) => Ok(secret.to_vec()),
            Err(error) if matches!(code_of(&error), Some("PreconditionFailed" | "ConditionalRequestConflict")) => {
                self.secret(key).await?.ok_or_else(|| Failure::transient("a secret is being written"))
            }
            Err(error) => Err(failed("keeping the secret of a delivery", error)),
        }
    }

    async fn secret(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(object) => {
                let body = object.body.collect().await;
                Ok(Some(body.map_err(|error| Failure::transient("reading a secret").because(error))?.to_vec()))
            }
            Err(error) if code_of(&error) == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(failed("reading the secret of a delivery", error)),
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure> {
        let put = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        put.body(bytes.into()).send().await.map(|_| ()).map_err(|error| failed("writing a postal file", error))
    }
}
