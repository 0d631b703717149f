//! Findings of IAM Access Analyzer: external, internal and unused access, as its events write them and as its API does
//! (`ListFindings`, `GetFinding`, and both in version 2).
//!
//! The analyzer proves what a policy allows. That somebody used it, it does not say.

mod access;

use super::arn::Arn;
use super::entities::Entities;
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, region, resource_type, severity};
use crate::finding::{EntityKind as Kind, Finding};
use access::Access;
use std::borrow::Cow;

/// The name of this source and of its format.
const NAME: &str = "access-analyzer";

/// This source.
pub(super) const SOURCE: Source = Source {
    detail_types: &["Access Analyzer Finding", "Internal Access Finding", "Unused Access Finding for IAM entities"],
    list: None,
    claims,
    translate,
};

/// Whether a document that arrived without an envelope is a finding, or the response (`finding`) that holds one.
fn claims(document: &Node<'_, '_>) -> bool {
    let is_finding = |node: &Node<'_, '_>| {
        node.get("resource").text().is_some()
            && node.get("resourceType").text().is_some_and(|kind| kind.starts_with("AWS::"))
            && (node.get("analyzedAt").exists() || node.get("findingType").exists())
    };
    is_finding(document) || is_finding(&document.get("finding"))
}

/// Translates one finding.
fn translate(document: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let within = document.get("finding");
    let finding = if within.is_object() { within } else { *document };
    let id = match finding.get("findingId").name() {
        Some(id) => id,
        None => finding.get("id").required()?,
    };
    let resource = finding.get("resource").required()?;
    let arn = Arn::parse(&resource);
    let account = account(&finding, arn, envelope)?;
    let named = finding.get("resourceType").text();
    let kind = named.and_then(resource_type::kind).or_else(|| arn.and_then(|arn| arn.entity()).map(|(kind, _)| kind));
    let access = Access::of(&finding);

    let mut entities = Entities::default();
    if let Some(resource) = finding.get("resource").text() {
        entities.add_hinted(kind, resource);
    }
    access::name(&mut entities, &finding, &account);
    for detail in finding.get("findingDetails").items() {
        for (_, detail) in detail.members() {
            access::name(&mut entities, &detail, &account);
            entities.add_if(Kind::AccessKey, detail.get("accessKeyId").text());
        }
    }
    let entities = entities.finish();
    let said = access.said();
    Ok(Finding {
        category: access.category(&entities, named),
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        title: format!("`{resource}` {said}"),
        confidence: severity::confidence(&finding.get("confidence"), &access.kind),
        severity: access.severity(),
        region: region([finding.get("region").text(), arn.map(|arn| arn.region), envelope.region]),
        first_seen: finding.get("createdAt").moment(),
        last_seen: finding.get("updatedAt").moment().or_else(|| finding.get("analyzedAt").moment()),
        updated_at: finding.get("updatedAt").moment(),
        sample: false,
        archived: finding.get("isDeleted").is_true()
            || matches!(finding.get("status").text(), Some("ARCHIVED" | "RESOLVED")),
        entities,
        id: id.into_owned(),
        kind: access.kind.into_owned(),
        account: account.into_owned(),
    })
}

/// The account that owns the resource. An internal finding's `accountId` is that of the principal, so the resource's ARN
/// goes before it.
fn account<'a>(
    finding: &Node<'a, '_>,
    arn: Option<Arn<'a>>,
    envelope: &Envelope<'a>,
) -> Result<Cow<'a, str>, Unreadable> {
    finding
        .get("resourceOwnerAccount")
        .name()
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| finding.get("accountId").name())
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| finding.get("accountId").refused_as_identity())
}
