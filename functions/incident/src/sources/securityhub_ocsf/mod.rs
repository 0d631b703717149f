//! Findings in the Open Cybersecurity Schema Framework: what Security Hub sends since 2025, and Security Lake stores.
//!
//! Versions 0.1 to 1.6 and the finding classes 2001 (security, until 1.0), 2002 (vulnerability), 2003 (compliance), 2004
//! (detection), 2006 (data security) and 2007 (application posture). Only the finding's id, a type and an account are
//! required.

mod resource;

use super::arn::Arn;
use super::entities::{Entities, Site};
use super::node::Node;
use super::unreadable::{Code, Unreadable};
use super::{Envelope, Source, is_marked_sample, region, severity, threat};
use crate::analysis::{Sign, category_of};
use crate::finding::Finding;
use std::borrow::Cow;

/// This source.
pub(super) const SOURCE: Source =
    Source { detail_types: &["Findings Imported V2"], list: Some("findings"), claims, translate };

/// Whether a document that arrived without an envelope is an OCSF event, be it a finding or not.
fn claims(document: &Node<'_, '_>) -> bool {
    document.get("class_uid").exists()
        || document.get("finding_info").is_object()
        || (document.get("finding").is_object() && document.get("metadata").is_object())
}

/// Translates one finding.
fn translate(finding: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let class = finding.get("class_uid");
    if class.code().is_some_and(|class| !matches!(class, 2001..=2004 | 2006 | 2007)) {
        return Err(class.refused(Code::NotAFinding, "an OCSF event of this class is no finding"));
    }
    let info = finding.get(if finding.get("finding_info").exists() { "finding_info" } else { "finding" });
    let id = match info.get("uid").name().or_else(|| finding.get("metadata").get("uid").name()) {
        Some(id) => id,
        None => return Err(info.get("uid").refused_as_identity()),
    };
    let arn = Arn::parse(&id);
    let account = account(finding, arn, envelope)?;
    let types: Vec<&str> = info.get("types").texts().collect();
    let kind = kind(finding, &info, &types)?;

    let resources = finding.get("resources");
    let region = region([
        // A bucket's ARN has no region, and what found it may be in another one.
        resources.items().filter(resource::is_bucket).find_map(|bucket| bucket.get("region").text()),
        finding.get("cloud").get("region").text(),
        resources.items().find_map(|resource| resource.get("region").text()),
        arn.map(|arn| arn.region),
        envelope.region,
    ]);

    let mut entities = Entities::default();
    resource::read(&mut entities, finding, Site { account: &account, region: region.as_deref() });
    let entities = entities.finish();

    let title = info.get("title").text().or_else(|| finding.get("message").text()).unwrap_or(&kind);
    let seen = |names: [&'static str; 4]| names.iter().find_map(|name| info.get(name).moment());
    Ok(Finding {
        category: category_of(&Sign { kind: &kind, types: &types, is_check: is_check(finding), entities: &entities }),
        source: source(finding),
        format: "ocsf".to_owned(),
        title: title.to_owned(),
        confidence: severity::confidence(&finding.get("confidence_score"), &kind),
        severity: severity::of_ocsf(&finding.get("severity_id"), &finding.get("severity")),
        region,
        first_seen: seen(["first_seen_time_dt", "first_seen_time", "created_time_dt", "created_time"])
            .or_else(|| finding.get("time").moment()),
        last_seen: seen(["last_seen_time_dt", "last_seen_time", "modified_time_dt", "modified_time"])
            .or_else(|| finding.get("time").moment()),
        updated_at: ["modified_time_dt", "modified_time"].iter().find_map(|name| info.get(name).moment()),
        sample: is_marked_sample(title) || finding.get("unmapped").get("sample").is_true(),
        archived: is_archived(finding),
        kind: kind.into_owned(),
        account: account.into_owned(),
        entities,
        id: id.clone().into_owned(),
    })
}

fn account<'a>(
    finding: &Node<'a, '_>,
    arn: Option<Arn<'a>>,
    envelope: &Envelope<'a>,
) -> Result<Cow<'a, str>, Unreadable> {
    let cloud = finding.get("cloud");
    let owner = || {
        let mut resources = finding.get("resources");
        if !resources.exists() {
            resources = finding.get("resource");
        }
        resources.items().find_map(|resource| resource.get("owner").get("account").get("uid").name())
    };
    cloud
        .get("account")
        .get("uid")
        .name()
        .or_else(|| cloud.get("account_uid").name())
        .or_else(owner)
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| cloud.get("account").get("uid").refused_as_identity())
}

/// The threat that the product names, else the control that failed, else the product's own type or code for it, else
/// the class.
fn kind<'v>(finding: &Node<'v, '_>, info: &Node<'v, '_>, types: &[&'v str]) -> Result<Cow<'v, str>, Unreadable> {
    let threat = types.iter().find_map(|entry| threat::within(entry));
    threat
        .or_else(|| finding.get("compliance").get("control").text().map(Cow::Borrowed))
        .or_else(|| finding.get("metadata").get("event_code").text().map(Cow::Borrowed))
        .or_else(|| types.first().copied().map(Cow::Borrowed))
        .or_else(|| finding.get("class_name").text().map(Cow::Borrowed))
        .ok_or_else(|| info.get("types").refused_as_identity())
}

/// The product, by its ARN in Security Hub or by its name: `Security Hub` is `securityhub`.
fn source(finding: &Node<'_, '_>) -> String {
    let metadata = finding.get("metadata");
    let product = metadata.get("product");
    let of_arn = product.get("uid").text().filter(|uid| uid.starts_with("arn:")).and_then(|uid| uid.rsplit('/').next());
    let folded = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    of_arn
        .map(str::to_owned)
        .or_else(|| product.get("name").text().map(folded))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "securityhub".to_owned())
}

/// Whether a check found it: a compliance or vulnerability finding (2003, 2002), or the result of a scanner, which says
/// whether it passed.
fn is_check(finding: &Node<'_, '_>) -> bool {
    matches!(finding.get("class_uid").code(), Some(2002 | 2003)) || finding.get("status_code").exists()
}

/// Suppressed, resolved, archived or deleted; closed by this very event; or a check that passed.
fn is_archived(finding: &Node<'_, '_>) -> bool {
    let is_one = |node: &Node<'_, '_>, ids: &[u32]| node.code().is_some_and(|id| ids.contains(&id));
    let says = |node: &Node<'_, '_>, words: &[&str]| {
        node.text().is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    let compliance = finding.get("compliance");
    is_one(&finding.get("status_id"), &[3, 4, 5, 6])
        || is_one(&finding.get("state_id"), &[3, 4])
        || says(&finding.get("status"), &["suppressed", "resolved", "archived", "deleted"])
        || says(&finding.get("state"), &["suppressed", "resolved"])
        || is_one(&finding.get("activity_id"), &[3])
        || is_one(&compliance.get("status_id"), &[1])
        || says(&compliance.get("status"), &["pass", "passed"])
        || says(&finding.get("status_code"), &["pass", "passed"])
}
