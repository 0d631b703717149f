//! Results of an insight, which a person sent by a custom action: not findings themselves, but the values that findings
//! have in common, such as the users with most of them. What they are a sign of only that person knows, so the finding is
//! of no category, and another person decides.

use crate::digest::Digest;
use crate::finding::{Category, EntityKind as Kind, Finding, Severity};
use crate::sources::arn::Arn;
use crate::sources::entities::Entities;
use crate::sources::node::Node;
use crate::sources::unreadable::Unreadable;
use crate::sources::{Envelope, region, severity};
use std::borrow::Cow;

/// Whether a document that arrived without an envelope is one.
pub(super) fn claims(document: &Node<'_, '_>) -> bool {
    document.get("insightArn").exists() && document.get("insightResults").exists()
}

/// Translates the results of one action: one finding, which names every value that is an entity.
pub(super) fn translate(sent: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let insight = sent.get("insightArn").required()?;
    let arn = Arn::parse(&insight);
    let account = envelope
        .account
        .clone()
        .or_else(|| arn.map(|arn| Cow::Borrowed(arn.account)).filter(|account| !account.is_empty()))
        .ok_or_else(|| sent.get("insightArn").refused_as_identity())?;
    let by = sent.get("resultType").text().unwrap_or_default();
    let results = sent.get("insightResults");
    let digest = || {
        let text = results.value().map(ToString::to_string).unwrap_or_default();
        Digest::of_parts(&[&account, &insight, by, &text]).as_str().to_owned()
    };
    let mut entities = Entities::default();
    for result in results.items() {
        for (value, _) in result.members() {
            name(&mut entities, by, value, &account);
        }
    }
    let entities = entities.finish();
    Ok(Finding {
        id: envelope.id.map_or_else(digest, str::to_owned),
        source: "securityhub".to_owned(),
        format: "asff".to_owned(),
        kind: "Security Hub Insight Results".to_owned(),
        title: sent.get("insightName").text().unwrap_or("The results of an insight").to_owned(),
        severity: Severity::of(severity::UNSTATED),
        confidence: severity::UNSTATED_CONFIDENCE,
        region: region([envelope.region, arn.map(|arn| arn.region)]),
        first_seen: envelope.time,
        last_seen: envelope.time,
        updated_at: envelope.time,
        sample: false,
        archived: false,
        entities,
        category: Category::Unclassified,
        account: account.into_owned(),
    })
}

/// Names a value of the attribute that the insight groups by (Security Hub API reference, `AwsSecurityFindingFilters`).
/// Attributes that describe (a title, a severity, a type) name nothing.
fn name<'v>(entities: &mut Entities<'v>, by: &str, value: &'v str, account: &str) {
    match by {
        "ResourceId" => {
            let key = value.strip_prefix("AWS::IAM::AccessKey:");
            let member = value.strip_prefix("AWS::::Account:");
            match (key, member) {
                (Some(key), _) => entities.add_if(Kind::AccessKey, Some(key)),
                (None, Some(member)) => entities.add_account(Some(member), account),
                (None, None) => entities.add_hinted(None, value),
            }
        }
        "AwsAccountId" => entities.add_account(Some(value), account),
        "ResourceAwsIamAccessKeyUserName" | "ResourceAwsIamAccessKeyPrincipalName" | "ResourceAwsIamUserUserName" => {
            entities.add_if(Kind::User, Some(value));
        }
        "ResourceAwsEc2InstanceImageId" | "ResourceContainerImageId" | "ResourceContainerImageName" => {
            entities.add_if(Kind::Image, Some(value));
        }
        "ResourceAwsEc2InstanceIamInstanceProfileArn" => entities.add_if(Kind::InstanceProfile, Some(value)),
        "ResourceAwsEc2InstanceVpcId" | "ResourceAwsEc2InstanceSubnetId" => entities.add_if(Kind::Other, Some(value)),
        "ResourceContainerName" => entities.add_if(Kind::Container, Some(value)),
        "NetworkSourceIpV4" | "NetworkSourceIpV6" | "NetworkDestinationIpV4" | "NetworkDestinationIpV6" => {
            entities.add_public_address(Some(value));
        }
        "NetworkSourceDomain" | "NetworkDestinationDomain" => entities.add_domain(Some(value)),
        _ => entities.add_arn(Some(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::translate;
    use crate::finding::EntityKind::{self, *};
    use crate::sources::Envelope;
    use crate::sources::node::Node;
    use serde_json::json;
    use std::borrow::Cow;

    #[test]
    fn the_attribute_says_what_the_values_are() {
        for (by, value, expected) in [
            ("ResourceId", "arn:aws:s3:::shop-customer-data", Some((Bucket, "shop-customer-data"))),
            ("ResourceId", "AWS::IAM::AccessKey:AKIAEXAMPLELABELLING", Some((AccessKey, "AKIAEXAMPLELABELLING"))),
            ("ResourceId", "AWS::::Account:444455556666", Some((Account, "444455556666"))),
            ("AwsAccountId", "111122223333", None),
            ("AwsAccountId", "444455556666", Some((Account, "444455556666"))),
            ("ResourceAwsIamAccessKeyUserName", "labelling", Some((User, "labelling"))),
            ("ResourceAwsEc2InstanceImageId", "ami-0123456789abcdef0", Some((Image, "ami-0123456789abcdef0"))),
            ("NetworkSourceIpV4", "198.51.100.23", Some((Address, "198.51.100.23"))),
            ("NetworkSourceIpV4", "10.0.0.5", None),
            ("NetworkDestinationDomain", "drop.example.net", Some((Domain, "drop.example.net"))),
            ("SeverityLabel", "HIGH", None),
        ] {
            let sent = json!({"insightArn": "arn:aws:securityhub:::insight/securityhub/default/9", "resultType": by,
                "insightResults": [{value: 2}]});
            let envelope = Envelope { account: Some(Cow::Borrowed("111122223333")), ..Envelope::default() };
            let found = translate(&Node::root(&sent), &envelope).expect("it is read").entities;
            let found: Vec<(EntityKind, &str)> = found.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{by} {value}");
        }
    }
}
