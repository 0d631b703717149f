//! What the newer sources read: API calls, alarms, scans, insights, attack sequences, evidence in OCSF, and what nobody claims.
#![expect(clippy::expect_used, reason = "a fixture that is not as expected fails the test")]

mod fixtures;

use fixtures::{document, finding, findings};
use incident::{Category, EntityKind, Finding};
use serde_json::json;

fn named(finding: &Finding) -> Vec<(EntityKind, &str)> {
    let mut named: Vec<_> = finding.entities.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
    named.sort_unstable();
    named
}

#[test]
fn what_no_source_claims_is_kept_with_its_account_and_its_arns() {
    let event = json!({
        "id": "0e1b2c3d-0001-4000-8000-000000000001", "detail-type": "A New Finding", "source": "aws.newservice",
        "account": "111122223333", "region": "eu-west-1", "time": "2026-03-02T12:00:00Z",
        "resources": ["arn:aws:s3:::shop-customer-data"],
        "detail": {"deep": [{"role": "arn:aws:iam::111122223333:role/shop-checkout"}]},
    });
    let kept = finding(&event);
    assert_eq!((kept.format.as_str(), kept.source.as_str()), ("unclassified", "aws.newservice"));
    assert_eq!((kept.id.as_str(), kept.kind.as_str()), ("0e1b2c3d-0001-4000-8000-000000000001", "A New Finding"));
    assert_eq!((kept.category, kept.severity.score), (Category::Unclassified, 40));
    assert_eq!(named(&kept), [(EntityKind::Role, "shop-checkout"), (EntityKind::Bucket, "shop-customer-data")]);
    // Several documents in one event of a kind that is not known do not share the event's id.
    let many = json!({
        "id": "1", "detail-type": "New Findings", "source": "aws.newservice", "account": "111122223333",
        "detail": {"findings": [{"a": 1}, {"a": 2}]},
    });
    let ids: std::collections::HashSet<_> = findings(&many).into_iter().map(|finding| finding.id).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn calls_that_matter_are_read_from_events_and_from_log_files() {
    for (fixture, category, score, actionable) in [
        ("trail-stopped", Category::DefenseEvasion, 70, true),
        ("invocation-logging-removed", Category::DefenseEvasion, 70, true),
        ("bucket-policy-public", Category::BucketExposure, 70, true),
        ("snapshot-shared", Category::SnapshotExposure, 70, true),
        ("object-encrypted-with-customer-key", Category::Ransomware, 70, true),
        ("key-deletion-refused", Category::Ransomware, 20, true),
        ("root-signed-in", Category::CredentialCompromise, 40, true),
    ] {
        let event = document(&format!("cloudtrail/fixtures/{fixture}.json"));
        let read = finding(&event);
        assert_eq!((read.category, read.severity.score), (category, score), "{fixture}");
        assert_eq!(read.is_actionable(), actionable, "{fixture}");
        assert_eq!(Some(read.id.as_str()), event["detail"]["eventID"].as_str());
        assert_eq!(finding(&event["detail"]), read, "{fixture} from a file");
    }
    let log: Vec<_> = findings(&document("cloudtrail/fixtures/log-file.json"))
        .into_iter()
        .map(|finding| (finding.kind.clone(), finding.is_actionable()))
        .collect();
    let expected = [("guardduty:DeleteDetector", true), ("guardduty:UpdateDetector", false)];
    assert_eq!(log, expected.map(|(kind, acts)| (kind.to_owned(), acts)));
}

#[test]
fn alarms_scans_and_insights_are_read() {
    let alarm = document("cloudwatch/fixtures/compromised-credentials.json");
    let read = finding(&alarm);
    assert_eq!((read.category, read.severity.score), (Category::AccountTakeover, 70));
    assert_eq!(named(&read), [(EntityKind::UserPool, "eu-central-1_Example01")]);
    assert_eq!(read.last_seen.map(|at| at.to_string()).as_deref(), Some("2026-03-02T09:05:00.12Z"));
    let mut back = alarm.clone();
    back["detail"]["state"] = json!({"value": "OK", "timestamp": "2026-03-02T09:25:00.120+0000"});
    let back = finding(&back);
    assert!(!back.is_actionable() && back.id != read.id);
    let in_expression = finding(&document("cloudwatch/fixtures/login-attempts.json"));
    assert_eq!(
        (in_expression.category, in_expression.kind.as_str()),
        (Category::AccountTakeover, "AWS/WAFV2/BlockedRequests")
    );
    assert_eq!(named(&in_expression), [(EntityKind::WebAcl, "shop")]);

    let infected = finding(&document("guardduty_scan/fixtures/object-with-threat.json"));
    assert_eq!((infected.category, infected.is_actionable()), (Category::Malware, true));
    assert_eq!(
        named(&infected),
        [(EntityKind::Bucket, "shop-uploads"), (EntityKind::Object, "shop-uploads/returns/label.pdf")]
    );
    assert!(!finding(&document("guardduty_scan/fixtures/object-without-threat.json")).is_actionable());
    let point = finding(&document("guardduty_scan/fixtures/recovery-point-with-threat.json"));
    assert_eq!((point.category, point.is_actionable()), (Category::Malware, true));
    assert!(named(&point).contains(&(EntityKind::Image, "ami-0123456789abcdef0")));

    let insight = finding(&document("securityhub_asff/fixtures/insight-results.json"));
    assert_eq!((insight.category, insight.is_actionable()), (Category::Unclassified, true));
    assert_eq!(named(&insight), [(EntityKind::User, "labelling"), (EntityKind::Bucket, "shop-customer-data")]);
}

/// Every shape of the API model that names something: users, sessions, clusters, tasks, workloads, containers, images,
/// models, endpoints, indicators.
#[test]
fn a_whole_attack_sequence_names_everything_in_it() {
    use EntityKind::*;
    let read = finding(&document("guardduty/fixtures/attack-sequence-compromised-cluster.json"));
    assert_eq!((read.category, read.severity.score), (Category::ContainerCompromise, 92));
    assert_eq!(
        named(&read),
        [
            (Instance, "i-0c4ec0c0ffee12345"),
            (Instance, "i-0c4ec0c0ffee12346"),
            (NetworkInterface, "eni-0a1b2c3d4e5f60711"),
            (InstanceProfile, "shop-nodes"),
            (Role, "shop-nodes"),
            (Session, "AROAEXAMPLENODES00001:i-0c4ec0c0ffee12345"),
            (AccessKey, "AKIAEXAMPLELABELLING"),
            (AccessKey, "ASIAEXAMPLENODES0001"),
            (User, "labelling"),
            (Bucket, "shop-customer-data"),
            (Object, "shop-customer-data/exports/2026-03-01.csv"),
            (Cluster, "shop"),
            (Cluster, "shop-batch"),
            (Pod, "checkout/cart"),
            (Task, "shop-batch/0123456789abcdef0123456789abcdef"),
            (Container, "containerd://0123abcd"),
            (Container, "containerd://4567cdef"),
            (Endpoint, "recommender"),
            (Model, "ranking-import"),
            (Image, "111122223333.dkr.ecr.eu-central-1.amazonaws.com/cart:7"),
            (Image, "ami-0123456789abcdef0"),
            (Address, "198.51.100.23"),
            (Address, "203.0.113.9"),
            (Domain, "drop.example.net"),
            (Domain, "pool.example.org"),
            (Account, "444455556666"),
            (Other, "autoScalingGroup:0:autoScalingGroupName/shop-nodes"),
            (Other, "guardrail/gr0example"),
            (Other, "vpc/vpc-0a1b2c3d"),
        ]
    );
}

#[test]
fn members_of_guardduty_that_name_something_are_read() {
    use EntityKind::*;
    for (resource, service, expected) in [
        (
            json!({"recoveryPointDetails": {"recoveryPointArn": "arn:aws:ec2:eu-central-1::snapshot/snap-0a1b2c3d4e5f60718"}}),
            json!({"malwareScanDetails": {"threats": [{"itemDetails": [
                {"resourceArn": "arn:aws:s3:::shop-uploads/returns/label.pdf", "additionalInfo": {"versionId": "v"}}]}]}}),
            &[
                (Snapshot, "snap-0a1b2c3d4e5f60718"),
                (Bucket, "shop-uploads"),
                (Object, "shop-uploads/returns/label.pdf"),
            ][..],
        ),
        (
            json!({"ec2ImageDetails": {"imageArn": "arn:aws:ec2:eu-central-1::image/ami-0123456789abcdef0"}}),
            json!({"ebsVolumeScanDetails": {"scanDetections": {"threatDetectedByName": {"threatNames": [{"filePaths": [
                {"volumeArn": "arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a1b2c3d4e5f60718"}]}]}}}}),
            &[(Volume, "vol-0a1b2c3d4e5f60718"), (Image, "ami-0123456789abcdef0")],
        ),
        (
            json!({"bedrockGuardrailDetails": {"guardrailArn": "arn:aws:bedrock:eu-central-1:111122223333:guardrail/gr0example"},
                "modelDetails": [{"modelId": "example.large-v1:0"}]}),
            json!({}),
            &[(Model, "example.large-v1:0"), (Other, "guardrail/gr0example")],
        ),
        (
            json!({"kubernetesDetails": {"kubernetesUserDetails": {"username": "deployer", "sessionName": ["ada"],
                "uid": "aws-iam-authenticator:111122223333:AROAEXAMPLEDEPLOYER01"}}}),
            json!({"action": {"kubernetesApiCallAction": {"resource": "pods", "subresource": "exec", "verb": "create",
                "namespace": "checkout", "resourceName": "cart-7", "sourceIPs": ["198.51.100.23"]}}}),
            &[(Session, "AROAEXAMPLEDEPLOYER01:ada"), (Pod, "checkout/cart-7"), (Address, "198.51.100.23")],
        ),
        (
            json!({"rdsLimitlessDbDetails": {"dbShardGroupIdentifier": "orders-shards", "dbClusterIdentifier": "orders"}}),
            json!({"action": {"rdsLoginAttemptAction": {"remoteIpDetails": {"ipAddressV6": "2001:db8::9"}}}}),
            &[(Database, "orders"), (Database, "orders-shards"), (Address, "2001:db8::9")],
        ),
    ] {
        let document = json!({"id": "1", "type": "Execution:EC2/MaliciousFile", "accountId": "111122223333",
            "resource": resource, "service": service});
        assert_eq!(named(&finding(&document)), expected, "{document}");
    }
}

#[test]
fn evidence_and_observables_in_ocsf_are_read_in_every_version() {
    use EntityKind::*;
    for version in ["1.0.0", "1.1.0", "1.3.0", "1.5.0", "1.6.0"] {
        for class in [2002, 2003, 2004, 2006] {
            let document = json!({
                "class_uid": class, "metadata": {"version": version, "product": {"name": "GuardDuty"}},
                "cloud": {"account": {"uid": "111122223333"}, "region": "eu-central-1"},
                "finding_info": {"uid": "1", "types": ["Recon:EC2/Portscan"]},
                "evidences": [{
                    "container": {"uid": "0123abcd", "image": {"name": "shop/cart:7"}},
                    "databucket": {"uid": "arn:aws:s3:::shop-customer-data"},
                    "device": {"instance_uid": "i-0c4ec0c0ffee12345"},
                    "url": {"hostname": "drop.example.net"},
                    "resources": [{"uid": "arn:aws:kms:eu-central-1:111122223333:key/0-1-2"}],
                }],
                "observables": [
                    {"type_id": 10, "value": "arn:aws:iam::111122223333:user/labelling"},
                    {"type_id": 19, "value": "AKIAEXAMPLELABELLING"},
                    {"type_id": 2, "value": "198.51.100.23"},
                    {"type_id": 4, "value": "root"},
                ],
            });
            let expected = [
                (Instance, "i-0c4ec0c0ffee12345"),
                (AccessKey, "AKIAEXAMPLELABELLING"),
                (User, "labelling"),
                (Bucket, "shop-customer-data"),
                (Container, "0123abcd"),
                (Key, "0-1-2"),
                (Image, "shop/cart:7"),
                (Address, "198.51.100.23"),
                (Domain, "drop.example.net"),
            ];
            assert_eq!(named(&finding(&document)), expected, "{version} {class}");
            for (member, value) in [
                ("status_id", json!(3)),
                ("status_id", json!(4)),
                ("status", json!("Archived")),
                ("status_id", json!("5")),
                ("activity_id", json!(3)),
            ] {
                let mut closed = document.clone();
                closed[member] = value;
                assert!(!finding(&closed).is_actionable(), "{member} of {version} {class}");
            }
        }
    }
}

#[test]
fn a_version_that_was_archived_is_newer_though_nothing_more_was_seen() {
    for (fixture, place) in [
        ("guardduty/fixtures/instance-credential-exfiltration.json", "/detail/service/archived"),
        ("securityhub_asff/fixtures/instance-credential-exfiltration.json", "/detail/findings/0/RecordState"),
        ("securityhub_ocsf/fixtures/instance-credential-exfiltration.json", "/detail/findings/0/status"),
    ] {
        let event = document(fixture);
        let active = finding(&event);
        let mut later = event.clone();
        let state = later.pointer_mut(place).expect("the fixture has a state");
        *state = if state.is_boolean() { json!(true) } else { json!("Archived") };
        let archived = finding(&later);
        assert!(active.updated_at.is_some() && active.is_actionable() && !archived.is_actionable(), "{fixture}");
        assert_eq!(active.last_seen, archived.last_seen);
        assert!(archived.version() > active.version(), "{fixture}");
        // Whoever reopens it writes it anew.
        let reopened =
            Finding { updated_at: active.updated_at.map(|at| at + jiff::SignedDuration::from_secs(1)), ..active };
        assert!(reopened.version() > archived.version(), "{fixture}");
    }
}
