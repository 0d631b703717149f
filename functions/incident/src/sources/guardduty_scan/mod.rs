//! Results of GuardDuty's malware scans: of new objects (Malware Protection for S3), and of recovery points, which AWS
//! Backup reports (Malware Protection for Backup). Neither needs GuardDuty itself, so neither has a finding of its own.
//!
//! Only a scan that found threats is a finding to act on; every other result is archived: recorded, never acted on.

use super::arn::Arn;
use super::entities::Entities;
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, region};
use crate::analysis::{Sign, category_of};
use crate::digest::Digest;
use crate::finding::{EntityKind as Kind, Finding, Severity};
use std::borrow::Cow;

/// The name of this format.
const NAME: &str = "guardduty-scan";

/// This source.
pub(super) const SOURCE: Source = Source {
    detail_types: &["GuardDuty Malware Protection Object Scan Result", "Scan Job State Change"],
    list: None,
    claims,
    translate,
};

/// GuardDuty's own severity of the same discovery, 8 of 10, and how sure a signature is.
const SEVERITY: u8 = 80;
const CONFIDENCE: u8 = 70;

/// Whether a document that arrived without an envelope is the result of a scan.
fn claims(document: &Node<'_, '_>) -> bool {
    (document.get("s3ObjectDetails").is_object() && document.get("scanStatus").exists())
        || (document.get("scanJobId").exists() && document.get("malwareScanner").exists())
}

/// Translates one result. The same object with the same result is the same finding, however often it is scanned.
fn translate(scan: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let object = scan.get("s3ObjectDetails");
    let point = scan.get("recoveryPointArn");
    let is_backup = scan.get("scanJobId").exists() || point.exists();
    let account = scan
        .get("accountId")
        .name()
        .or_else(|| envelope.account.clone())
        .or_else(|| point.text().and_then(Arn::parse).map(|arn| Cow::Borrowed(arn.account)))
        .filter(|account| !account.is_empty())
        .ok_or_else(|| scan.get("accountId").refused_as_identity())?;
    let details = scan.get("scanResultDetails");
    let nested = scan.get("scanResult");
    let result = details.get("scanResultStatus").text().or_else(|| nested.get("scanResultStatus").text());
    let found = result == Some("THREATS_FOUND");

    let mut entities = Entities::default();
    let (id, kind, title) = if is_backup {
        let job = scan.get("scanJobId").required()?;
        entities.add_if(Kind::Other, point.text());
        // What the point is a copy of has the same files.
        entities.add_if(Kind::Other, scan.get("resourceArn").text());
        entities.add_if(Kind::Other, scan.get("backupVaultArn").text());
        (format!("{job}/{}", result.unwrap_or("none")), kind_of_point(scan), "Malware was found in a recovery point")
    } else {
        let bucket = object.get("bucketName").required()?;
        let key = object.get("objectKey").required()?;
        let version = object.get("versionId").text().or_else(|| object.get("eTag").text()).unwrap_or_default();
        let id = Digest::of_parts(&[&account, &bucket, &key, version, result.unwrap_or_default()]);
        entities.add_within(Kind::Object, &bucket, &key);
        entities.add(Kind::Bucket, bucket, None);
        (id.as_str().to_owned(), "Object:S3/MaliciousFile", "Malware was found in an object")
    };
    let entities = entities.finish();
    let at = scan.get("completionDate").moment().or(envelope.time);
    Ok(Finding {
        id,
        source: "guardduty".to_owned(),
        format: NAME.to_owned(),
        kind: kind.to_owned(),
        title: if found { title.to_owned() } else { "A malware scan ended without a threat".to_owned() },
        severity: Severity::of(if found { SEVERITY } else { 0 }),
        confidence: CONFIDENCE,
        region: region([envelope.region, point.text().and_then(Arn::parse).map(|arn| arn.region)]),
        first_seen: at,
        last_seen: at,
        updated_at: at,
        sample: false,
        archived: !found,
        category: category_of(&Sign { kind, types: &[], is_check: false, entities: &entities }),
        entities,
        account: account.into_owned(),
    })
}

/// The type that GuardDuty gives to the same discovery where it is enabled (user guide, "Malware Protection for Backup
/// finding types").
fn kind_of_point(scan: &Node<'_, '_>) -> &'static str {
    match scan.get("resourceType").text() {
        Some("S3") => "Execution:S3/MaliciousFile!RecoveryPoint",
        _ => "Execution:EC2/MaliciousFile!RecoveryPoint",
    }
}
