//! Findings in the AWS Security Finding Format, 2018-10-08: what Security Hub CSPM sends, whichever product made them.
//!
//! Only id, account and a type are required. Severity, workflow, region and resources are missing in real documents.

mod control;
mod insight;
mod resource;

pub(super) use resource::details;

use super::arn::Arn;
use super::entities::{Entities, Site};
use super::guardduty::{action, sequence};
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, is_marked_sample, region, severity, threat};
use crate::analysis::{Sign, category_of};
use crate::finding::{Finding, Severity};
use std::borrow::Cow;

/// The version of the format, which has been the same since it began.
const SCHEMA: &str = "2018-10-08";

/// This source.
pub(super) const SOURCE: Source = Source {
    detail_types: &["Security Hub Findings - Imported", "Security Hub Findings - Custom Action"],
    list: Some("findings"),
    claims,
    translate,
};

/// What a person sent from an insight.
pub(super) const INSIGHT: Source = Source {
    detail_types: &["Security Hub Insight Results"],
    list: None,
    claims: insight::claims,
    translate: insight::translate,
};

/// Whether a document that arrived without an envelope is in this format.
fn claims(document: &Node<'_, '_>) -> bool {
    document.get("SchemaVersion").text() == Some(SCHEMA)
        || document.has("ProductArn")
        || (document.has("AwsAccountId") && (document.has("Id") || document.has("GeneratorId")))
}

/// Translates one finding.
fn translate(finding: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let id = finding.get("Id").required()?;
    let arn = Arn::parse(&id);
    let account = finding
        .get("AwsAccountId")
        .name()
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| finding.get("AwsAccountId").refused_as_identity())?;
    let product = finding.get("ProductArn").text().and_then(product).unwrap_or("securityhub");
    let types = types(finding);
    let kind = kind(finding, product, &types)?;

    let resources = finding.get("Resources");
    let region = region([
        // A bucket's ARN has no region, and what found it may be in another one.
        resources.items().filter(resource::is_bucket).find_map(|bucket| bucket.get("Region").text()),
        finding.get("Region").text(),
        resources.items().find_map(|resource| resource.get("Region").text()),
        arn.map(|arn| arn.region),
        finding.get("ProductArn").text().and_then(Arn::parse).map(|arn| arn.region),
        envelope.region,
    ]);

    let mut entities = Entities::default();
    for resource in resources.items() {
        resource::read(&mut entities, &resource, Site { account: &account, region: region.as_deref() });
    }
    action::read(&mut entities, &finding.get("Action"), &account, None);
    sequence::read(&mut entities, &finding.get("Detection").get("Sequence"), &account);
    let fields = finding.get("ProductFields");
    resource::read_product_fields(&mut entities, &fields, &account);
    let entities = entities.finish();

    let title = finding.get("Title").text().unwrap_or(&kind);
    Ok(Finding {
        category: category_of(&Sign {
            kind: &kind,
            types: &types,
            is_check: finding.get("Compliance").get("Status").exists(),
            entities: &entities,
        }),
        source: product.to_owned(),
        format: "asff".to_owned(),
        title: title.to_owned(),
        confidence: severity::confidence(&finding.get("Confidence"), &kind),
        severity: severity::of_asff(&finding.get("Severity"))
            .or_else(|| severity::of_asff(&finding.get("FindingProviderFields").get("Severity")))
            .unwrap_or_else(|| Severity::of(severity::UNSTATED)),
        region,
        first_seen: finding.get("FirstObservedAt").moment().or_else(|| finding.get("CreatedAt").moment()),
        last_seen: finding.get("LastObservedAt").moment().or_else(|| finding.get("UpdatedAt").moment()),
        updated_at: finding.get("UpdatedAt").moment(),
        sample: is_marked_sample(title)
            || finding.get("Sample").is_true()
            || fields.get("aws/guardduty/service/additionalInfo/sample").is_true(),
        archived: is_archived(finding),
        kind: kind.into_owned(),
        account: account.into_owned(),
        entities,
        id: id.into_owned(),
    })
}

/// The product of `arn:…:product/aws/guardduty`; a finding that the account itself imports is of its product `default`.
fn product(arn: &str) -> Option<&str> {
    let (_, owned) = arn.split_once(":product/").or_else(|| arn.split_once(":productv2/"))?;
    let product = owned.rsplit('/').next().filter(|product| !product.is_empty())?;
    Some(if product == "default" { "custom" } else { product })
}

fn types<'v>(finding: &Node<'v, '_>) -> Vec<&'v str> {
    let types: Vec<&str> = finding.get("Types").texts().collect();
    if types.is_empty() { finding.get("FindingProviderFields").get("Types").texts().collect() } else { types }
}

/// The threat that the product names, else the control that failed, else the type of the taxonomy, else what made it.
fn kind<'v>(finding: &Node<'v, '_>, product: &str, types: &[&'v str]) -> Result<Cow<'v, str>, Unreadable> {
    let threat = types.iter().find_map(|entry| threat::within(entry));
    let completed = || types.iter().find_map(|entry| threat::completed(entry)).filter(|_| product == "guardduty");
    let control = || control::of(finding).filter(|_| product == "securityhub");
    let rule = || finding.get("ProductFields").get("aws/config/ConfigRuleName").text().filter(|_| product == "config");
    threat
        .or_else(|| completed().map(Cow::Owned))
        .or_else(control)
        .or_else(|| rule().map(Cow::Borrowed))
        .or_else(|| types.first().copied().map(Cow::Borrowed))
        .or_else(|| finding.get("GeneratorId").text().map(Cow::Borrowed))
        .ok_or_else(|| finding.get("Types").refused_as_identity())
}

/// Archived by the product, suppressed or resolved by a person, or a check that passed.
fn is_archived(finding: &Node<'_, '_>) -> bool {
    let is = |node: &Node<'_, '_>, states: &[&str]| {
        node.text().is_some_and(|text| states.iter().any(|state| text.eq_ignore_ascii_case(state)))
    };
    is(&finding.get("RecordState"), &["ARCHIVED"])
        || is(&finding.get("Workflow").get("Status"), &["SUPPRESSED", "RESOLVED"])
        || is(&finding.get("WorkflowState"), &["RESOLVED"])
        || is(&finding.get("Compliance").get("Status"), &["PASSED"])
        || finding.get("ProductFields").get("aws/guardduty/service/archived").is_true()
}
