//! A finding of a service and its copy in Security Hub are one finding, or name the same resource.
#![expect(clippy::expect_used, reason = "a fixture that is not as expected fails the test")]

mod fixtures;

use fixtures::{document, finding};
use incident::{Category, EntityKind as Kind, Finding, IncidentId};
use serde_json::{Value, json};

/// A finding as Security Hub CSPM and Security Hub carry it, with the id that they give it.
fn copies(product: &str, asff_id: &str, ocsf_id: &str, types: &str) -> [Value; 2] {
    let resource = "arn:aws:s3:::shop-customer-data";
    [
        json!({
            "SchemaVersion": "2018-10-08", "Id": asff_id, "AwsAccountId": "111122223333", "Types": [types],
            "ProductArn": format!("arn:aws:securityhub:eu-central-1::product/aws/{product}"),
            "Resources": [{"Type": "AwsS3Bucket", "Id": resource}],
        }),
        json!({
            "class_uid": 2004, "cloud": {"account": {"uid": "111122223333"}, "region": "eu-central-1"},
            "finding_info": {"uid": ocsf_id, "types": [types]},
            "metadata": {"product": {"uid": format!("arn:aws:securityhub:eu-central-1::productv2/aws/{product}")}},
            "resources": [{"type": "AwsS3Bucket", "uid": resource}],
        }),
    ]
}

#[test]
fn a_copy_in_security_hub_is_the_same_finding() {
    for (fixture, product, asff_id, ocsf_id, types) in [
        (
            "macie/fixtures/bucket-made-public.json",
            "macie",
            "5a0c1e2d3f4b5a69788796a5b4c3d2e1",
            "arn:aws:macie2:eu-central-1:111122223333:finding/5a0c1e2d3f4b5a69788796a5b4c3d2e1",
            "Software and Configuration Checks/AWS Security Best Practices/Policy:IAMUser-S3BucketPublic",
        ),
        (
            "inspector/fixtures/port-open-to-the-internet.json",
            "inspector",
            "arn:aws:inspector2:eu-central-1:111122223333:finding/11111111111111111111111111111111",
            "arn:aws:inspector2:eu-central-1:111122223333:finding/11111111111111111111111111111111",
            "Software and Configuration Checks/AWS Security Best Practices/Network Reachability",
        ),
        (
            "access_analyzer/fixtures/unused-permission.json",
            "access-analyzer",
            "arn:aws:access-analyzer:eu-central-1:111122223333:analyzer/unused/finding/0a1b2c3d-0005-4000-8000-00000000aa05",
            "0a1b2c3d-0005-4000-8000-00000000aa05",
            "Software and Configuration Checks/AWS Security Best Practices/Unused Permission",
        ),
    ] {
        let native = finding(&document(fixture));
        for copy in copies(product, asff_id, ocsf_id, types) {
            let copy = finding(&copy);
            assert_eq!((&copy.source, copy.identity()), (&native.source, native.identity()), "{product}");
            assert_eq!(IncidentId::opened_by(&copy), IncidentId::opened_by(&native), "{product}");
            assert_eq!(copy.category, native.category, "{product} {}", copy.format);
        }
    }
}

#[test]
fn a_copy_that_does_not_carry_the_id_names_the_same_resource() {
    let native = finding(&document("config/fixtures/bucket-became-readable.json"));
    let rule = "arn:aws:config:eu-central-1:111122223333:config-rule/config-rule-a1b2c3";
    let id = format!("{rule}/finding/45e070df80cb50b68fa6a43594fc6fda1e517932");
    let [mut copy, _] = copies("config", &id, &id, "Software and Configuration Checks");
    copy["ProductFields"] = json!({"aws/config/ConfigRuleArn": rule, "aws/config/ConfigRuleName": native.kind});
    let copy = finding(&copy);
    assert_ne!(copy.identity(), native.identity());
    assert_eq!((&copy.source, &copy.kind, copy.category), (&native.source, &native.kind, native.category));
    let names = |finding: &Finding| -> Vec<_> {
        finding.entities.iter().map(|entity| (entity.kind, entity.id.clone())).collect()
    };
    assert_eq!(names(&copy), names(&native));

    // What is about the account itself names no resource, in either form.
    let native = finding(&document("config/fixtures/trail-switched-off.json"));
    let [mut copy, _] = copies("config", &id, &id, "Software and Configuration Checks");
    copy["Resources"] = json!([{"Type": "Other", "Id": "AWS::::Account:111122223333"}]);
    assert_eq!(names(&finding(&copy)), names(&native));
}

#[test]
fn a_copy_that_stands_for_all_access_to_a_resource_names_the_resource_and_the_outsider() {
    let native = finding(&document("access_analyzer/fixtures/shared-snapshot.json"));
    let resource = "arn:aws:rds:eu-central-1:111122223333:snapshot:orders-2026-03";
    let id = format!("arn:aws:access-analyzer:eu-central-1:111122223333:analyzer/shop-organization/{resource}");
    let types = "Software and Configuration Checks/AWS Security Best Practices/External Access Granted";
    let [mut copy, _] = copies("access-analyzer", &id, &id, types);
    copy["Resources"] = json!([{
        "Type": "AwsRdsDbSnapshot", "Id": resource, "Details": {"Other": {"External Principal": "444455556666"}},
    }]);
    let copy = finding(&copy);
    assert_ne!(copy.identity(), native.identity());
    assert_eq!((&copy.source, copy.category), (&native.source, Category::SnapshotExposure));
    let named: Vec<_> = copy.entities.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
    assert_eq!(named, [(Kind::Snapshot, "orders-2026-03"), (Kind::Account, "444455556666")]);
}
