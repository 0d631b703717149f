//! Locks, holds and links of single versions in the vault, many at once.

use super::LockedBucket;
use super::failure::{code_of, failed};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{ObjectLockLegalHold, ObjectLockLegalHoldStatus};
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use incident::Failure;
use incident::ports::{EvidenceDesk, Lock, ObjectVersion};
use jiff::{SignedDuration, Timestamp};

/// How many calls are under way at once. S3 takes thousands a second below one prefix.
const AT_ONCE: usize = 64;

impl EvidenceDesk for LockedBucket {
    async fn locks(&self, versions: &[ObjectVersion]) -> Result<Vec<Option<Lock>>, Failure> {
        each(self, versions, |bucket, version| async move { bucket.lock(&version).await }).await
    }

    async fn hold(&self, versions: &[ObjectVersion], is_held: bool) -> Result<Vec<bool>, Failure> {
        each(self, versions, move |bucket, version| async move { bucket.set_hold(&version, is_held).await }).await
    }

    async fn link(&self, version: &ObjectVersion, valid_for: SignedDuration) -> Result<String, Failure> {
        let valid_for = valid_for.unsigned_abs();
        let presigning = PresigningConfig::expires_in(valid_for)
            .map_err(|error| Failure::rejected("a link cannot be valid for so long").because(error))?;
        let get = self.client.get_object().bucket(&self.name).key(&version.path).set_version_id(version.id.clone());
        let link = get.presigned(presigning).await.map_err(|error| failed("making a link", error))?;
        Ok(link.uri().to_owned())
    }
}

impl LockedBucket {
    /// Asked for by itself: beside the answer for the object, S3 leaves out the lock for whoever may not read it, as if there were none.
    async fn lock(&self, version: &ObjectVersion) -> Result<Option<Lock>, Failure> {
        let ObjectVersion { path, id } = version;
        let retention =
            self.client.get_object_retention().bucket(&self.name).key(path).set_version_id(id.clone()).send().await;
        let retention = match retention {
            Ok(answer) => answer.retention,
            Err(error) => match code_of(&error) {
                Some("NoSuchObjectLockConfiguration") => None,
                Some("NoSuchKey" | "NoSuchVersion") => return Ok(None),
                _ => return Err(failed("asking for the lock of an object", error)),
            },
        };
        let hold =
            self.client.get_object_legal_hold().bucket(&self.name).key(path).set_version_id(id.clone()).send().await;
        let hold = match hold {
            Ok(answer) => answer.legal_hold,
            Err(error) if code_of(&error) == Some("NoSuchObjectLockConfiguration") => None,
            Err(error) => return Err(failed("asking for the hold on an object", error)),
        };
        let until = retention.as_ref().and_then(|retention| retention.retain_until_date());
        Ok(Some(Lock {
            until: until.and_then(|until| Timestamp::new(until.secs(), 0).ok()),
            mode: retention.and_then(|retention| retention.mode).map(|mode| mode.as_str().to_owned()),
            is_held: hold.and_then(|hold| hold.status) == Some(ObjectLockLegalHoldStatus::On),
        }))
    }

    async fn set_hold(&self, version: &ObjectVersion, is_held: bool) -> Result<bool, Failure> {
        let status = if is_held { ObjectLockLegalHoldStatus::On } else { ObjectLockLegalHoldStatus::Off };
        let put = self
            .client
            .put_object_legal_hold()
            .bucket(&self.name)
            .key(&version.path)
            .set_version_id(version.id.clone())
            .legal_hold(ObjectLockLegalHold::builder().status(status).build());
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if matches!(code_of(&error), Some("NoSuchKey" | "NoSuchVersion")) => Ok(false),
            Err(error) => Err(failed("holding an object", error)),
        }
    }
}

/// Does the same to each version, [`AT_ONCE`] at a time; answers in their order, or with the first failure.
async fn each<T, W>(
    bucket: &LockedBucket,
    versions: &[ObjectVersion],
    work: impl Fn(LockedBucket, ObjectVersion) -> W,
) -> Result<Vec<T>, Failure>
where
    T: Send + 'static,
    W: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let jobs: Vec<W> = versions.iter().map(|version| work(bucket.clone(), version.clone())).collect();
    iter(jobs).buffered(AT_ONCE).try_collect().await
}
