//! Macie findings, schema 1.0: policy findings about buckets and sensitive data findings about objects, as its events and
//! its API (`GetFindings`) write them.

mod actor;

use super::entities::Entities;
use super::node::Node;
use super::threat::is_threat;
use super::unreadable::Unreadable;
use super::{Envelope, Source, is_marked_sample, region, severity};
use crate::analysis::{Sign, category_of};
use crate::finding::{Category, EntityKind as Kind, Finding};

/// The name of this source and of its format.
const NAME: &str = "macie";

/// This source.
pub(super) const SOURCE: Source = Source { detail_types: &["Macie Finding"], list: None, claims, translate };

/// Whether a document that arrived without an envelope is a Macie finding. GuardDuty writes the same fields and the same
/// form of type, but none of these members.
fn claims(document: &Node<'_, '_>) -> bool {
    let is_named =
        ["resourcesAffected", "classificationDetails", "policyDetails"].iter().any(|name| document.get(name).exists());
    is_named && document.get("type").text().is_some_and(is_threat)
}

/// Translates one finding.
fn translate(finding: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let id = finding.get("id").required()?;
    let kind = finding.get("type").required()?;
    let account = finding
        .get("accountId")
        .name()
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| finding.get("accountId").refused_as_identity())?;

    let policy = finding.get("policyDetails");
    let affected = finding.get("resourcesAffected");
    let mut entities = Entities::default();
    bucket(&mut entities, &affected.get("s3Bucket"));
    object(&mut entities, &affected.get("s3Object"), &affected.get("s3Bucket"));
    actor::read(&mut entities, &policy.get("actor"), &account);
    let entities = entities.finish();

    let title = finding.get("title").text().unwrap_or(&kind);
    let action = policy.get("action");
    let call = action.get("apiCallDetails");
    let category = category_of(&Sign { kind: &kind, types: &[], is_check: false, entities: &entities });
    Ok(Finding {
        // Sensitive data is no breach where it lies guarded; where everybody can read it, it is.
        category: if kind.starts_with("SensitiveData:") && is_public(&affected) {
            Category::BucketExposure
        } else {
            category
        },
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        title: title.to_owned(),
        confidence: severity::confidence(&finding.get("confidence"), &kind),
        severity: severity::of_macie(&finding.get("severity")),
        region: region([finding.get("region").text(), envelope.region]),
        first_seen: call.get("firstSeen").moment().or_else(|| finding.get("createdAt").moment()),
        last_seen: call.get("lastSeen").moment().or_else(|| finding.get("updatedAt").moment()),
        updated_at: finding.get("updatedAt").moment(),
        sample: finding.get("sample").is_true() || is_marked_sample(title),
        archived: finding.get("archived").is_true(),
        entities,
        id: id.into_owned(),
        kind: kind.into_owned(),
        account: account.into_owned(),
    })
}

fn bucket<'v>(entities: &mut Entities<'v>, bucket: &Node<'v, '_>) {
    let arn = bucket.get("arn").text();
    match bucket.get("name").text() {
        Some(name) => entities.add(Kind::Bucket, name, arn),
        None => entities.add_if(Kind::Bucket, arn),
    }
    entities.add_if(Kind::Key, bucket.get("defaultServerSideEncryption").get("kmsMasterKeyId").text());
}

/// `path` is the bucket and the key; without it the two are put together.
fn object<'v>(entities: &mut Entities<'v>, object: &Node<'v, '_>, bucket: &Node<'v, '_>) {
    let arn = object.get("bucketArn").text();
    entities.add_if(Kind::Bucket, arn);
    let holder = bucket.get("name").text().or_else(|| arn.and_then(|arn| arn.rsplit(':').next()));
    match (object.get("path").text(), holder, object.get("key").text()) {
        (Some(path), _, _) => entities.add(Kind::Object, path, None),
        (None, Some(bucket), Some(key)) => entities.add_within(Kind::Object, bucket, key),
        (None, _, _) => {}
    }
    entities.add_if(Kind::Key, object.get("serverSideEncryption").get("kmsMasterKeyId").text());
}

/// Whether everybody can reach the object, or its whole bucket.
fn is_public(affected: &Node<'_, '_>) -> bool {
    let bucket = affected.get("s3Bucket");
    affected.get("s3Object").get("publicAccess").is_true()
        || bucket.get("publicAccess").get("effectivePermission").text() == Some("PUBLIC")
}
