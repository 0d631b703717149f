//! What the findings of Macie, Access Analyzer, Config and Inspector name and mean.
#![expect(clippy::expect_used, reason = "a fixture that is not as expected fails the test")]

mod fixtures;

use fixtures::{document, finding, findings};
use incident::{Category, EntityKind as Kind};
use serde_json::{Value, json};

/// What a fixture must give: the type, the category, the score, whether it can be acted on, and everything that it names.
struct Expected {
    fixture: &'static str,
    place: usize,
    kind: &'static str,
    category: Category,
    score: u8,
    is_actionable: bool,
    named: &'static [(Kind, &'static str)],
}

#[rustfmt::skip]
const EXPECTED: &[Expected] = &[
    Expected { fixture: "macie/fixtures/bucket-made-public.json", place: 0, kind: "Policy:IAMUser/S3BucketPublic",
        category: Category::BucketExposure, score: 70, is_actionable: true, named: &[
            (Kind::Bucket, "shop-customer-data"), (Kind::Key, "1b2c3d4e-0000-4000-8000-00000000c0de"),
            (Kind::Role, "shop-checkout"), (Kind::AccessKey, "ASIAEXAMPLECHECKOUT1"),
            (Kind::Session, "AROAEXAMPLECHECKOUT01:i-0c4ec0c0ffee12345"), (Kind::Instance, "i-0c4ec0c0ffee12345"),
            (Kind::Address, "198.51.100.23"), (Kind::Domain, "attacker.example.net")] },
    Expected { fixture: "macie/fixtures/personal-data-in-public-object.json", place: 0, kind: "SensitiveData:S3Object/Personal",
        category: Category::BucketExposure, score: 40, is_actionable: true, named: &[
            (Kind::Bucket, "shop-exports"), (Kind::Object, "shop-exports/orders/2026 march.csv"),
            (Kind::Key, "1b2c3d4e-0000-4000-8000-00000000c0de")] },
    Expected { fixture: "macie/fixtures/list-in-api-form.json", place: 0, kind: "SensitiveData:S3Object/Personal",
        category: Category::Misconfiguration, score: 40, is_actionable: false, named: &[
            (Kind::Bucket, "shop-archive"), (Kind::Object, "shop-archive/orders/2025.csv")] },
    Expected { fixture: "macie/fixtures/list-in-api-form.json", place: 1, kind: "Policy:IAMUser/S3BlockPublicAccessDisabled",
        category: Category::BucketExposure, score: 1, is_actionable: false, named: &[
            (Kind::Bucket, "shop-customer-data"), (Kind::Key, "1b2c3d4e-0000-4000-8000-00000000c0de"), (Kind::User, "ada"),
            (Kind::Address, "203.0.113.7")] },
    Expected { fixture: "access_analyzer/fixtures/public-bucket.json", place: 0, kind: "ExternalAccess",
        category: Category::BucketExposure, score: 70, is_actionable: true, named: &[
            (Kind::Bucket, "shop-customer-data"), (Kind::Other, "accesspoint/reports"), (Kind::Account, "444455556666")] },
    Expected { fixture: "access_analyzer/fixtures/shared-snapshot.json", place: 0, kind: "ExternalAccess",
        category: Category::SnapshotExposure, score: 40, is_actionable: true, named: &[
            (Kind::Snapshot, "orders-2026-03"), (Kind::Account, "444455556666")] },
    Expected { fixture: "access_analyzer/fixtures/analysis-failed.json", place: 0, kind: "ExternalAccess",
        category: Category::Misconfiguration, score: 0, is_actionable: true, named: &[(Kind::Bucket, "shop-archive")] },
    Expected { fixture: "access_analyzer/fixtures/internal-access.json", place: 0, kind: "InternalAccess",
        category: Category::Misconfiguration, score: 1, is_actionable: true, named: &[
            (Kind::Bucket, "shop-customer-data"), (Kind::Account, "444455556666"), (Kind::Other, "role/reporting")] },
    Expected { fixture: "access_analyzer/fixtures/unused-permission.json", place: 0, kind: "UnusedPermission",
        category: Category::Misconfiguration, score: 1, is_actionable: true, named: &[(Kind::Role, "shop-import")] },
    Expected { fixture: "access_analyzer/fixtures/unused-key-in-api-form.json", place: 0, kind: "UnusedIAMUserAccessKey",
        category: Category::Misconfiguration, score: 1, is_actionable: true, named: &[
            (Kind::User, "ada"), (Kind::AccessKey, "AKIAEXAMPLEADA000001")] },
    Expected { fixture: "access_analyzer/fixtures/list-in-api-form.json", place: 0, kind: "ExternalAccess",
        category: Category::ResourceExposure, score: 40, is_actionable: true, named: &[
            (Kind::Other, "orders"), (Kind::Account, "444455556666"), (Kind::Other, "role/partner-import")] },
    Expected { fixture: "access_analyzer/fixtures/list-in-api-form.json", place: 1, kind: "ExternalAccess",
        category: Category::Misconfiguration, score: 40, is_actionable: false, named: &[
            (Kind::Role, "shop-deploy"), (Kind::Domain, "accounts.example.com")] },
    Expected { fixture: "config/fixtures/bucket-became-readable.json", place: 0, kind: "s3-bucket-public-read-prohibited",
        category: Category::BucketExposure, score: 40, is_actionable: true, named: &[(Kind::Bucket, "shop-customer-data")] },
    Expected { fixture: "config/fixtures/bucket-is-closed-again.json", place: 0, kind: "s3-bucket-public-read-prohibited",
        category: Category::BucketExposure, score: 40, is_actionable: false, named: &[(Kind::Bucket, "shop-customer-data")] },
    Expected { fixture: "config/fixtures/trail-switched-off.json", place: 0,
        kind: "securityhub-multi-region-cloudtrail-enabled-1a2b3c4d",
        category: Category::DefenseEvasion, score: 40, is_actionable: true, named: &[] },
    Expected { fixture: "config/fixtures/role-without-boundary-in-notification.json", place: 0, kind: "shop-roles-have-a-boundary",
        category: Category::Misconfiguration, score: 40, is_actionable: true, named: &[(Kind::Other, "AROAEXAMPLECHECKOUT01")] },
    Expected { fixture: "inspector/fixtures/port-open-to-the-internet.json", place: 0, kind: "NETWORK_REACHABILITY",
        category: Category::Misconfiguration, score: 40, is_actionable: true, named: &[
            (Kind::Instance, "i-0c4ec0c0ffee12345"), (Kind::InstanceProfile, "shop-checkout-profile"),
            (Kind::Image, "ami-0123456789abcdef0"), (Kind::SecurityGroup, "sg-0a1b2c3d4e5f60701"),
            (Kind::NetworkInterface, "eni-0a1b2c3d4e5f60711")] },
    Expected { fixture: "inspector/fixtures/image-with-exploitable-package.json", place: 0, kind: "PACKAGE_VULNERABILITY",
        category: Category::Misconfiguration, score: 98, is_actionable: true, named: &[
            (Kind::Image, "shop/checkout/sha256:84f507df84f507df84f507df84f507df84f507df84f507df84f507df84f507df")] },
    Expected { fixture: "inspector/fixtures/list-in-api-form.json", place: 0, kind: "CODE_VULNERABILITY",
        category: Category::Misconfiguration, score: 90, is_actionable: false, named: &[
            (Kind::Function, "price-feed"), (Kind::Role, "price-feed"), (Kind::SecurityGroup, "sg-0a1b2c3d4e5f60702")] },
    Expected { fixture: "inspector/fixtures/list-in-api-form.json", place: 1, kind: "PACKAGE_VULNERABILITY",
        category: Category::Misconfiguration, score: 40, is_actionable: false, named: &[(Kind::Other, "shop/storefront")] },
];

#[test]
fn every_finding_names_all_that_a_responder_needs_and_nothing_else() {
    for expected in EXPECTED {
        let place = format!("{}, finding {}", expected.fixture, expected.place);
        let finding = findings(&document(expected.fixture)).remove(expected.place);
        let mut named: Vec<(Kind, &str)> =
            finding.entities.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
        let mut all = expected.named.to_vec();
        named.sort_unstable();
        all.sort_unstable();
        assert_eq!(named, all, "{place}");
        assert_eq!((finding.kind.as_str(), finding.category), (expected.kind, expected.category), "{place}");
        assert_eq!(
            (finding.severity.score, finding.is_actionable()),
            (expected.score, expected.is_actionable),
            "{place}"
        );
        assert_eq!(
            (finding.account.as_str(), finding.region.is_some()),
            ("111122223333", has_region(expected)),
            "{place}"
        );
        assert!(finding.first_seen.is_some() && finding.last_seen >= finding.first_seen, "{place}");
        assert!(finding.confidence > 0 && !finding.title.is_empty(), "{place}");
    }
}

/// IAM is global, and what its API says of a user or a role outside of an event names no region.
fn has_region(expected: &Expected) -> bool {
    let is_of_iam = matches!(expected.named.first(), Some((Kind::User | Kind::Role, _)));
    !(is_of_iam && expected.fixture.starts_with("access_analyzer/") && expected.fixture.ends_with("api-form.json"))
}

#[test]
fn every_kind_of_caller_that_macie_knows_is_named() {
    let caller = |kind: &str, block: Value| {
        let mut event = document("macie/fixtures/bucket-made-public.json");
        event["detail"]["policyDetails"]["actor"] = json!({"userIdentity": {"type": kind, "assumedRole": null}});
        event["detail"]["policyDetails"]["actor"]["userIdentity"][kind_member(kind)] = block;
        let mut named: Vec<_> =
            finding(&event).entities.into_iter().map(|entity| (entity.kind, entity.id)).skip(2).collect();
        named.sort_unstable();
        named
    };
    let session = |account: &str| {
        json!({
            "accountId": account, "accessKeyId": "ASIAEXAMPLECHECKOUT2", "principalId": format!("{account}:ada"),
            "arn": format!("arn:aws:sts::{account}:federated-user/ada"),
            "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": format!("arn:aws:iam::{account}:user/ada")}},
        })
    };
    for (kind, block, expected) in [
        (
            "FederatedUser",
            session("111122223333"),
            &[(Kind::Session, "ada"), (Kind::AccessKey, "ASIAEXAMPLECHECKOUT2"), (Kind::User, "ada")][..],
        ),
        // Nothing here can be done to a principal of another account.
        (
            "FederatedUser",
            session("444455556666"),
            &[(Kind::Account, "444455556666"), (Kind::Other, "federated-user/ada")],
        ),
        (
            "AssumedRole",
            json!({"accountId": "111122223333", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/ada"}),
            &[(Kind::Role, "deploy"), (Kind::Session, "deploy/ada")],
        ),
        (
            "IAMUser",
            json!({"accountId": "111122223333", "userName": "ada", "principalId": "AIDAEXAMPLEADA000001"}),
            &[(Kind::User, "ada")],
        ),
        (
            "Root",
            json!({"accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"}),
            &[(Kind::RootUser, "111122223333")],
        ),
        ("AWSAccount", json!({"accountId": "444455556666", "principalId": "X"}), &[(Kind::Account, "444455556666")]),
        ("AWSAccount", json!({"accountId": "111122223333", "principalId": "X"}), &[]),
        ("AWSService", json!({"invokedBy": "cloudformation.amazonaws.com"}), &[]),
    ] {
        let mut expected: Vec<(Kind, String)> = expected.iter().map(|(kind, id)| (*kind, (*id).to_owned())).collect();
        expected.sort_unstable();
        assert_eq!(caller(kind, block), expected, "{kind}");
    }
}

/// The member that describes a caller of this kind.
fn kind_member(kind: &str) -> &'static str {
    match kind {
        "FederatedUser" => "federatedUser",
        "AssumedRole" => "assumedRole",
        "IAMUser" => "iamUser",
        "Root" => "root",
        "AWSAccount" => "awsAccount",
        _ => "awsService",
    }
}

#[test]
fn every_change_of_one_rule_for_one_resource_is_one_finding() {
    let id = |fixture: &str| finding(&document(fixture)).id;
    let opened = id("config/fixtures/bucket-became-readable.json");
    assert_eq!(opened, id("config/fixtures/bucket-is-closed-again.json"));
    assert_eq!(
        opened,
        "arn:aws:config:eu-central-1:111122223333:config-rule/config-rule-a1b2c3/AWS::S3::Bucket/shop-customer-data"
    );
    let mut event = document("config/fixtures/bucket-became-readable.json");
    event["detail"]["resourceId"] = json!("shop-exports");
    assert_ne!(opened, finding(&event).id);
    event["detail"]["configRuleARN"] = Value::Null;
    assert_eq!(finding(&event).id, "eu-central-1/s3-bucket-public-read-prohibited/AWS::S3::Bucket/shop-exports");
}

#[test]
fn what_config_no_longer_holds_against_a_resource_is_archived() {
    for (verdict, is_archived) in [
        (json!("NON_COMPLIANT"), false),
        (json!("COMPLIANT"), true),
        (json!("NOT_APPLICABLE"), true),
        (json!("INSUFFICIENT_DATA"), true),
        (json!("SOMETHING_NEW"), false),
    ] {
        let mut event = document("config/fixtures/bucket-became-readable.json");
        event["detail"]["newEvaluationResult"]["complianceType"] = verdict.clone();
        assert_eq!(finding(&event).archived, is_archived, "{verdict}");
    }
    let mut event = document("config/fixtures/bucket-became-readable.json");
    event["detail"]["newEvaluationResult"] = Value::Null;
    assert!(finding(&event).archived);
}

#[test]
fn a_deleted_or_resolved_access_finding_is_archived() {
    for (member, value) in [("isDeleted", json!(true)), ("status", json!("ARCHIVED")), ("status", json!("RESOLVED"))] {
        let mut event = document("access_analyzer/fixtures/public-bucket.json");
        event["detail"][member] = value;
        assert!(finding(&event).archived, "{member}");
    }
    let mut response = document("access_analyzer/fixtures/public-bucket.json");
    let bare = finding(&response);
    response = json!({"finding": response["detail"]});
    assert_eq!(finding(&response), bare);
}
