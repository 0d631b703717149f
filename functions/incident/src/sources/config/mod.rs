//! Compliance changes of AWS Config rules: the event that Config sends when a resource begins or ceases to comply.
//!
//! It has no identifier that lasts, so the rule and the resource together are one: every repeat and every later change of
//! the same pair is the same finding.

use super::arn::{Arn, is_resource_id, is_unique_id};
use super::entities::{Entities, Site};
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, region, resource_type, severity};
use crate::analysis::{Sign, category_of, category_of_lapse};
use crate::finding::{EntityKind as Kind, Finding, Severity};
use std::borrow::Cow;

/// The name of this source and of its format.
const NAME: &str = "config";

/// This source.
pub(super) const SOURCE: Source =
    Source { detail_types: &["Config Rules Compliance Change"], list: None, claims, translate };

/// Whether a document that arrived without an envelope is a compliance change: Config also sends it to a topic as it is.
fn claims(document: &Node<'_, '_>) -> bool {
    document.get("messageType").text() == Some("ComplianceChangeNotification")
        || (document.get("newEvaluationResult").is_object()
            && (document.get("configRuleARN").exists() || document.get("configRuleName").exists()))
}

/// Translates one compliance change.
fn translate(change: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let rule = change.get("configRuleARN");
    let arn = rule.text().and_then(Arn::parse);
    let name = change.get("configRuleName").required().or_else(|refusal| rule.name().ok_or(refusal))?;
    let resource = change.get("resourceId").required()?;
    let account = change
        .get("awsAccountId")
        .name()
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| change.get("awsAccountId").refused_as_identity())?;
    let named = change.get("resourceType").text();
    let region = region([change.get("awsRegion").text(), arn.map(|arn| arn.region), envelope.region]);

    let mut entities = Entities::default();
    if let Some(id) = change.get("resourceId").text() {
        name_resource(&mut entities, named, id, Site { account: &account, region: region.as_deref() });
    }
    let entities = entities.finish();

    let (new, old) = (change.get("newEvaluationResult"), change.get("oldEvaluationResult"));
    let verdict = new.get("complianceType").text();
    let sign = Sign { kind: &name, types: &[], is_check: true, entities: &entities };
    let had_complied = old.get("complianceType").text() == Some("COMPLIANT");
    // A rule of an organisation has the same name in every region; only its ARN tells its results apart.
    let place = rule
        .text()
        .map_or_else(|| Cow::Owned(format!("{}/{name}", region.as_deref().unwrap_or_default())), Cow::Borrowed);
    Ok(Finding {
        category: if had_complied { category_of_lapse(&sign) } else { category_of(&sign) },
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        title: format!("`{resource}`: {} `{name}`", verdict_in_words(verdict)),
        confidence: severity::confidence(&change.get("confidence"), &name),
        // Config weighs nothing; Security Hub gives its results the same middle.
        severity: Severity::of(severity::UNSTATED),
        region,
        first_seen: new.get("evaluationResultIdentifier").get("orderingTimestamp").moment(),
        last_seen: new.get("resultRecordedTime").moment().or_else(|| change.get("notificationCreationTime").moment()),
        updated_at: new.get("resultRecordedTime").moment().or_else(|| change.get("notificationCreationTime").moment()),
        sample: false,
        // A result that is gone belongs to a rule or a resource that is gone.
        archived: !new.exists() || matches!(verdict, Some("COMPLIANT" | "NOT_APPLICABLE" | "INSUFFICIENT_DATA")),
        id: format!("{place}/{}/{resource}", named.unwrap_or("Other")),
        entities,
        kind: name.into_owned(),
        account: account.into_owned(),
    })
}

/// Config knows some resources by an id that their own service does not take: roles and users by their unique id,
/// databases by their resource id. Such an id is kept, but not as a name that something could be done to.
fn name_resource<'v>(entities: &mut Entities<'v>, named: Option<&str>, id: &'v str, site: Site<'_>) {
    let kind = named.and_then(resource_type::kind);
    let is_foreign_to_its_service = match kind {
        Some(Kind::Role | Kind::User | Kind::InstanceProfile) => is_unique_id(id),
        Some(Kind::Database) => is_resource_id(id),
        _ => false,
    };
    match kind {
        Some(Kind::Account) => entities.add_account(Some(id), site.account),
        _ if is_foreign_to_its_service => entities.add(Kind::Other, id, None),
        _ => entities.add_typed(named, id, site),
    }
}

fn verdict_in_words(verdict: Option<&str>) -> &'static str {
    match verdict {
        Some("COMPLIANT") => "complies with",
        Some("NOT_APPLICABLE") => "is no longer subject to",
        Some("INSUFFICIENT_DATA") => "could not be checked against",
        _ => "does not comply with",
    }
}

#[cfg(test)]
mod tests {
    use super::name_resource;
    use crate::finding::EntityKind::{self, *};
    use crate::sources::entities::{Entities, Site};

    #[test]
    fn names_a_resource_only_by_what_its_service_knows_it_by() {
        let site = Site { account: "111122223333", region: Some("eu-central-1") };
        for (named, id, expected) in [
            (Some("AWS::S3::Bucket"), "shop-exports", Some((Bucket, "shop-exports"))),
            (Some("AWS::EC2::Instance"), "i-0a1b2c3d4e5f60718", Some((Instance, "i-0a1b2c3d4e5f60718"))),
            (Some("AWS::IAM::Role"), "AROAEXAMPLECHECKOUT01", Some((Other, "AROAEXAMPLECHECKOUT01"))),
            (Some("AWS::IAM::User"), "AIDAEXAMPLEADA000001", Some((Other, "AIDAEXAMPLEADA000001"))),
            (Some("AWS::IAM::Role"), "shop-checkout", Some((Role, "shop-checkout"))),
            (
                Some("AWS::RDS::DBInstance"),
                "db-ABCDEFGHIJKLMNOPQRSTUVWXY2",
                Some((Other, "db-ABCDEFGHIJKLMNOPQRSTUVWXY2")),
            ),
            (Some("AWS::RDS::DBInstance"), "db-orders", Some((Database, "db-orders"))),
            (Some("AWS::::Account"), "111122223333", None),
            (Some("AWS::::Account"), "444455556666", Some((Account, "444455556666"))),
            (
                Some("AWS::SecretsManager::Secret"),
                "arn:aws:secretsmanager:eu-central-1:111122223333:secret:psp-AbCdEf",
                Some((Secret, "psp-AbCdEf")),
            ),
            (None, "arn:aws:sns:eu-central-1:111122223333:orders", Some((Other, "orders"))),
        ] {
            let mut entities = Entities::default();
            name_resource(&mut entities, named, id, site);
            let named = entities.finish();
            let named: Option<(EntityKind, &str)> = named.first().map(|entity| (entity.kind, entity.id.as_str()));
            assert_eq!(named, expected, "{id}");
        }
    }

    #[test]
    fn a_snapshot_of_a_database_is_told_from_one_of_a_volume_by_its_arn() {
        let arn_of = |named, id| {
            let mut entities = Entities::default();
            let site = Site { account: "111122223333", region: Some("eu-central-1") };
            name_resource(&mut entities, Some(named), id, site);
            entities.finish().remove(0).arn
        };
        assert_eq!(
            arn_of("AWS::RDS::DBClusterSnapshot", "orders-2026").as_deref(),
            Some("arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:orders-2026")
        );
        assert_eq!(arn_of("AWS::EC2::Snapshot", "snap-0a1b2c3d4e5f60718"), None);
    }
}
