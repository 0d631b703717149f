//! GuardDuty findings, schema 2.0: as its events write them (`accountId`) and as its API does (`AccountId`).
//!
//! Only id, type and account are required. Everything else is taken where it is, in whatever form it has.

pub(super) mod action;
mod malware;
mod resource;
pub(super) mod sequence;

use super::arn::Arn;
use super::entities::Entities;
use super::node::Node;
use super::severity;
use super::threat::is_threat;
use super::unreadable::Unreadable;
use super::{Envelope, Source, is_marked_sample, region};
use crate::analysis::{Sign, category_of};
use crate::finding::Finding;
use serde_json::Value;
use std::borrow::Cow;

/// The name of this source and of its format.
pub(super) const NAME: &str = "guardduty";

/// This source.
pub(super) const SOURCE: Source = Source { detail_types: &["GuardDuty Finding"], list: None, claims, translate };

/// Whether a document that arrived without an envelope is a GuardDuty finding. Macie writes the same fields and the same
/// form of type, so what only Macie writes rules it out.
fn claims(document: &Node<'_, '_>) -> bool {
    let is_named = document.get("arn").text().is_some_and(|arn| arn.contains(":guardduty:"))
        || document.get("service").get("serviceName").text() == Some(NAME)
        || document.get("service").get("detectorId").exists();
    let is_shaped = document.get("type").text().is_some_and(is_threat)
        && (document.get("accountId").exists() || document.get("severity").exists());
    let is_macie = ["resourcesAffected", "classificationDetails", "policyDetails"]
        .iter()
        .any(|member| document.get(member).exists());
    (is_named || is_shaped) && !is_macie
}

/// Translates one finding.
fn translate(finding: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let id = finding.get("id").required()?;
    let kind = finding.get("type").required()?;
    let arn = finding.get("arn").text().and_then(Arn::parse);
    let account = finding
        .get("accountId")
        .name()
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| finding.get("accountId").refused_as_identity())?;

    let service = finding.get("service");
    let mut entities = Entities::default();
    resource::read(&mut entities, &finding.get("resource"), &account);
    let cluster = finding.get("resource");
    let cluster = cluster.get("eksClusterDetails").get("name").text();
    action::read(&mut entities, &service.get("action"), &account, cluster);
    sequence::read(&mut entities, &service.get("detection").get("sequence"), &account);
    malware::read(&mut entities, &service);
    let entities = entities.finish();

    let title = finding.get("title").text().unwrap_or(&kind);
    Ok(Finding {
        category: category_of(&Sign { kind: &kind, types: &[], is_check: false, entities: &entities }),
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        title: title.to_owned(),
        confidence: severity::confidence(&finding.get("confidence"), &kind),
        severity: severity::of_ten(&finding.get("severity")),
        region: region([finding.get("region").text(), arn.map(|arn| arn.region), envelope.region]),
        first_seen: service.get("eventFirstSeen").moment().or_else(|| finding.get("createdAt").moment()),
        last_seen: service.get("eventLastSeen").moment().or_else(|| finding.get("updatedAt").moment()),
        updated_at: finding.get("updatedAt").moment(),
        sample: is_sample(&service.get("additionalInfo")) || is_marked_sample(title),
        archived: service.get("archived").is_true(),
        entities,
        id: id.into_owned(),
        kind: kind.into_owned(),
        account: account.into_owned(),
    })
}

/// A sample says so in `additionalInfo.sample`, and since 2021 also in the JSON that `additionalInfo.value` holds.
fn is_sample(info: &Node<'_, '_>) -> bool {
    let within = || {
        let text = info.get("value").text().filter(|text| text.contains("\"sample\""))?;
        let held: Value = serde_json::from_str(text).ok()?;
        Some(Node::root(&held).get("sample").is_true())
    };
    info.get("sample").is_true() || within().unwrap_or(false)
}
