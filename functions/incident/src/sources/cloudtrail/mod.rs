//! Calls of AWS APIs, as CloudTrail records them: in EventBridge events, and in log files (`{"Records": […]}`).
//!
//! Only the calls of `calls.tsv` are findings; any other record is kept unclassified. A call of the table whose condition
//! does not hold (a policy that lets in nobody new, a detector that is switched on) is archived: recorded, never acted on.
//! A call that failed changed nothing, but somebody tried: it keeps its category, is of low severity and little confidence.

mod calls;
mod condition;
mod policy;
mod principal;
mod resource;

use super::entities::{Entities, Site};
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, region, unclassified};
use crate::finding::{Finding, Severity};
use std::net::IpAddr;

/// The name of this source and of its format.
const NAME: &str = "cloudtrail";

/// This source.
pub(super) const SOURCE: Source = Source {
    detail_types: &["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"],
    list: None,
    claims,
    translate,
};

/// The score of a call that failed.
const FAILED: u8 = 20;

/// How sure it is that a call means harm, if it succeeded: it is certain that it happened, not that it was wrong. And if it
/// failed.
const CONFIDENCE: u8 = 60;
const CONFIDENCE_OF_FAILED: u8 = 30;

/// Whether a document that arrived without an envelope is a record of a call in the table.
fn claims(document: &Node<'_, '_>) -> bool {
    let (source, name) = (document.get("eventSource"), document.get("eventName"));
    source.text().zip(name.text()).is_some_and(|(source, name)| calls::find(source, name).is_some())
}

/// Translates one record.
fn translate(record: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let source = record.get("eventSource").required()?;
    let name = record.get("eventName").required()?;
    let Some(call) = calls::find(&source, &name) else { return unclassified::of(record, envelope) };
    // A call of another account's principal is recorded in both accounts; the recipient is the one it was about.
    let stated = record.get("recipientAccountId");
    let account = stated
        .name()
        .or_else(|| envelope.account.clone())
        .or_else(|| record.get("userIdentity").get("accountId").name())
        .ok_or_else(|| stated.refused_as_identity())?;
    let id = record.get("eventID").text().or(envelope.id);

    let mut entities = Entities::default();
    principal::read(&mut entities, &record.get("userIdentity"), &account);
    let region = region([record.get("awsRegion").text(), envelope.region]);
    resource::read(&mut entities, record, Site { account: &account, region: region.as_deref() });
    // AWS itself calls from `AWS Internal` or the name of a service.
    let address = record.get("sourceIPAddress").text().filter(|address| address.parse::<IpAddr>().is_ok());
    entities.add_public_address(address);
    let entities = entities.finish();

    let failed = has_failed(record);
    let at = record.get("eventTime").moment().or(envelope.time);
    Ok(Finding {
        id: id.map_or_else(|| unclassified::digest(record), str::to_owned),
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        kind: format!("{}:{name}", source.trim_end_matches(".amazonaws.com")),
        title: if failed { format!("Attempt that failed: {}", call.title) } else { call.title.to_owned() },
        severity: if failed { Severity::of(FAILED) } else { call.severity.clone() },
        confidence: if failed { CONFIDENCE_OF_FAILED } else { CONFIDENCE },
        region,
        first_seen: at,
        last_seen: at,
        updated_at: at,
        sample: false,
        archived: !call.condition.holds(record, &account),
        entities,
        category: call.category,
        account: account.into_owned(),
    })
}

/// A sign-in that failed carries no error code.
fn has_failed(record: &Node<'_, '_>) -> bool {
    record.get("errorCode").exists() || record.get("responseElements").get("consoleLogin").text() == Some("Failure")
}

#[cfg(test)]
mod tests;
