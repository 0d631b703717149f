//! Locks, holds and links of single versions in the vault, many at once.

use super::LockedBucket;
use super::failure::{code_of, failed};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{ObjectLockLegalHold, ObjectLockLegalHoldStatus};
use incident::Failure;
use incident::ports::{EvidenceDesk, Lock, ObjectVersion};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

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
    async fn lock(&self, version: &ObjectVersion) -> Result<Option<Lock>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(&version.path).set_version_id(version.id.clone());
        let head = match head.send().await {
            Ok(head) => head,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => return Ok(None),
            Err(error) => return Err(failed("asking for the lock of an object", error)),
        };
        let until = head.object_lock_retain_until_date();
        Ok(Some(Lock {
            until: until.and_then(|until| Timestamp::new(until.secs(), 0).ok()),
            mode: head.object_lock_mode().map(|mode| mode.as_str().to_owned()),
            is_held: head.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On),
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
    let mut waiting = versions.iter().enumerate();
    let mut running = JoinSet::new();
    let mut done: Vec<(usize, T)> = Vec::with_capacity(versions.len());
    loop {
        while running.len() < AT_ONCE
            && let Some((place, version)) = waiting.next()
        {
            let job = work(bucket.clone(), version.clone());
            running.spawn(async move { (place, job.await) });
        }
        let Some(ended) = running.join_next().await else { break };
        let (place, answer) =
            ended.map_err(|error| Failure::transient("a call to the vault broke off").because(error))?;
        done.push((place, answer?));
    }
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}
