//! Tables: which calls count, who called, and what the call was about.

use super::translate;
use crate::finding::EntityKind::{self, *};
use crate::finding::{Category, Finding, SeverityLabel};
use crate::sources::Envelope;
use crate::sources::node::Node;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

fn record(service: &str, name: &str, parameters: Value) -> Value {
    json!({
        "eventID": "e-1", "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "recipientAccountId": ACCOUNT, "awsRegion": "eu-central-1", "requestParameters": parameters,
    })
}

fn read(record: &Value) -> Finding {
    translate(&Node::root(record), &Envelope::default()).expect("it is read")
}

fn named(finding: &Finding) -> Vec<(EntityKind, &str)> {
    let mut named: Vec<_> = finding.entities.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
    named.sort_unstable();
    named
}

#[test]
fn a_call_counts_if_its_condition_holds_and_is_archived_if_not() {
    let everybody = "http://acs.amazonaws.com/groups/global/AllUsers";
    let open = json!({"Statement": {"Effect": "Allow", "Principal": "*"}});
    let closed = json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}}});
    let foreign = json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}}});
    let blocked = |policy: bool| {
        json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true,
            "BlockPublicPolicy": policy, "RestrictPublicBuckets": true}})
    };
    let expiring = |days: u32, status: &str| json!({"LifecycleConfiguration": {"Rule": {"Expiration": {"Days": days}, "Status": status}}});
    let volume = |with: Value| json!({"snapshotId": "snap-1", "createVolumePermission": with});
    for (service, name, parameters, counts) in [
        ("cloudtrail", "StopLogging", json!({"name": "main"}), true),
        ("cloudtrail", "PutEventSelectors", json!({"eventSelectors": [{"includeManagementEvents": false}]}), true),
        ("cloudtrail", "PutEventSelectors", json!({"eventSelectors": [{"readWriteType": "ReadOnly"}]}), true),
        (
            "cloudtrail",
            "PutEventSelectors",
            json!({"eventSelectors": [{"includeManagementEvents": true, "readWriteType": "All"}]}),
            false,
        ),
        (
            "cloudtrail",
            "PutEventSelectors",
            json!({"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}]}),
            true,
        ),
        (
            "cloudtrail",
            "PutEventSelectors",
            json!({"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}]}),
            false,
        ),
        ("guardduty", "UpdateDetector", json!({"enable": false}), true),
        ("guardduty", "UpdateDetector", json!({"features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]}), true),
        ("guardduty", "UpdateDetector", json!({"findingPublishingFrequency": "SIX_HOURS"}), false),
        (
            "bedrock",
            "PutModelInvocationLoggingConfiguration",
            json!({"loggingConfig": {"textDataDeliveryEnabled": false, "imageDataDeliveryEnabled": true}}),
            true,
        ),
        (
            "bedrock",
            "PutModelInvocationLoggingConfiguration",
            json!({"loggingConfig": {"s3Config": {"bucketName": "b"}, "textDataDeliveryEnabled": true}}),
            false,
        ),
        ("s3", "PutBucketPolicy", json!({"bucketName": "b", "bucketPolicy": open}), true),
        ("s3", "PutBucketPolicy", json!({"bucketName": "b", "bucketPolicy": closed}), false),
        ("s3", "PutBucketPolicy", json!(null), false),
        ("kms", "PutKeyPolicy", json!({"policy": foreign.to_string()}), true),
        ("kms", "PutKeyPolicy", json!({"policy": closed.to_string()}), false),
        ("s3", "PutBucketAcl", json!({"x-amz-acl": ["public-read"]}), true),
        ("s3", "PutBucketAcl", json!({"x-amz-acl": ["private"]}), false),
        ("s3", "PutBucketAcl", json!({"x-amz-grant-read": [format!("uri=\"{everybody}\"")]}), true),
        (
            "s3",
            "PutBucketAcl",
            json!({"AccessControlPolicy": {"AccessControlList": {"Grant": [{"Grantee": {"URI": everybody}}]}}}),
            true,
        ),
        ("s3", "PutBucketPublicAccessBlock", blocked(false), true),
        ("s3", "PutBucketPublicAccessBlock", blocked(true), false),
        ("s3", "DeleteAccountPublicAccessBlock", json!({}), true),
        ("s3", "PutBucketLifecycle", expiring(1, "Enabled"), true),
        ("s3", "PutBucketLifecycle", expiring(1, "Disabled"), false),
        ("s3", "PutBucketLifecycle", expiring(365, "Enabled"), false),
        ("s3", "PutBucketVersioning", json!({"VersioningConfiguration": {"Status": "Suspended"}}), true),
        ("s3", "PutBucketVersioning", json!({"VersioningConfiguration": {"Status": "Enabled"}}), false),
        ("s3", "PutObject", json!({"x-amz-server-side-encryption-customer-algorithm": "AES256"}), true),
        ("s3", "PutObject", json!({"x-amz-server-side-encryption": "aws:kms"}), false),
        ("ec2", "ModifySnapshotAttribute", volume(json!({"add": {"items": [{"group": "all"}]}})), true),
        ("ec2", "ModifySnapshotAttribute", volume(json!({"remove": {"items": [{"group": "all"}]}})), false),
        ("ec2", "ModifySnapshotAttribute", volume(json!({"add": {"items": [{"userId": ACCOUNT}]}})), false),
        (
            "ec2",
            "ModifyImageAttribute",
            json!({"launchPermission": {"add": {"items": [{"userId": "444455556666"}]}}}),
            true,
        ),
        ("ec2", "ModifyImageAttribute", json!({"description": {"value": "x"}}), false),
        ("rds", "ModifyDBSnapshotAttribute", json!({"attributeName": "restore", "valuesToAdd": ["all"]}), true),
        ("rds", "ModifyDBClusterSnapshotAttribute", json!({"valuesToRemove": ["all"]}), false),
        ("iam", "CreateAccessKey", json!({"userName": "ada"}), false),
    ] {
        let finding = read(&record(service, name, parameters.clone()));
        assert_eq!(finding.is_actionable(), counts, "{name} {parameters}");
        assert_eq!(finding.kind, format!("{service}:{name}"));
        assert_ne!(finding.category, Category::Unclassified);
    }
}

#[test]
fn the_root_user_counts_where_others_do_not() {
    let mut call = record("iam", "CreateAccessKey", json!(null));
    call["userIdentity"] = json!({"type": "Root", "accountId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root")});
    let finding = read(&call);
    assert!(finding.is_actionable());
    assert_eq!(finding.severity.label, SeverityLabel::Critical);
    assert_eq!(named(&finding), [(RootUser, ACCOUNT)]);
    // The key that was made is the one to deactivate.
    call["responseElements"] = json!({"accessKey": {"accessKeyId": "AKIAEXAMPLEROOTKEY01", "status": "Active"}});
    assert_eq!(named(&read(&call)), [(AccessKey, "AKIAEXAMPLEROOTKEY01"), (RootUser, ACCOUNT)]);
    call["requestParameters"] = json!({"userName": "ada"});
    assert!(!read(&call).is_actionable());
}

#[test]
fn a_call_that_failed_is_an_attempt() {
    for failure in [("errorCode", json!("AccessDenied")), ("responseElements", json!({"ConsoleLogin": "Failure"}))] {
        let mut call = record("cloudtrail", "StopLogging", json!({"name": "main"}));
        call[failure.0] = failure.1;
        let finding = read(&call);
        assert_eq!((finding.severity.label, finding.category), (SeverityLabel::Low, Category::DefenseEvasion));
        assert!(finding.title.starts_with("Attempt"), "{}", finding.title);
    }
}

#[test]
fn every_kind_of_caller_is_named() {
    let role =
        json!({"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/shop", "userName": "shop"}});
    let user =
        json!({"sessionIssuer": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ada", "userName": "ada"}});
    for (identity, expected) in [
        (
            json!({"type": "Root", "accountId": ACCOUNT, "arn": "arn:aws:iam::111122223333:root"}),
            &[(RootUser, ACCOUNT)][..],
        ),
        (
            json!({"type": "IAMUser", "userName": "ada", "accessKeyId": "AKIAEXAMPLEADA", "accountId": ACCOUNT,
                "arn": "arn:aws:iam::111122223333:user/ada", "principalId": "AIDAEXAMPLEADA"}),
            &[(AccessKey, "AKIAEXAMPLEADA"), (User, "ada")],
        ),
        (
            json!({"type": "AssumedRole", "principalId": "AROAEXAMPLESHOP:i-0c4ec0c0ffee12345", "accountId": ACCOUNT,
                "accessKeyId": "ASIAEXAMPLESHOP", "sessionContext": role,
                "arn": "arn:aws:sts::111122223333:assumed-role/shop/i-0c4ec0c0ffee12345"}),
            &[
                (Instance, "i-0c4ec0c0ffee12345"),
                (Role, "shop"),
                (Session, "AROAEXAMPLESHOP:i-0c4ec0c0ffee12345"),
                (AccessKey, "ASIAEXAMPLESHOP"),
            ],
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/shop/ada"}),
            &[(Role, "shop"), (Session, "shop/ada")],
        ),
        (
            json!({"type": "FederatedUser", "principalId": "111122223333:ada", "accountId": ACCOUNT,
                "arn": "arn:aws:sts::111122223333:federated-user/ada", "sessionContext": user}),
            &[(Session, "ada"), (User, "ada")],
        ),
        (json!({"type": "WebIdentityUser", "userName": "ada@example.com"}), &[(Session, "ada@example.com")]),
        (
            json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, "accountId": ACCOUNT}),
            &[(IdentityUser, "u-1")],
        ),
        // A role that a person of Identity Center takes through an application tells who that is.
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/shop/ada",
                "onBehalfOf": {"userId": "u-1"}}),
            &[(Role, "shop"), (Session, "shop/ada"), (IdentityUser, "u-1")],
        ),
        (
            json!({"type": "AWSAccount", "accountId": "444455556666", "principalId": "AROAX:y"}),
            &[(Account, "444455556666")],
        ),
        (
            json!({"type": "AssumedRole", "accountId": "444455556666", "accessKeyId": "ASIAEXAMPLEOTHER",
                "sessionContext": role}),
            &[(Account, "444455556666")],
        ),
        (json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"}), &[]),
        (json!(null), &[]),
    ] {
        let mut call = record("cloudtrail", "StopLogging", json!(null));
        call["userIdentity"] = identity;
        assert_eq!(named(&read(&call)), expected, "{}", call["userIdentity"]);
    }
}

#[test]
fn the_resource_is_named_from_parameters_and_resources() {
    for (service, name, parameters, expected) in [
        ("cloudtrail", "DeleteTrail", json!({"name": "main"}), &[(Trail, "main")][..]),
        (
            "cloudtrail",
            "UpdateTrail",
            json!({"name": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main"}),
            &[(Trail, "main")],
        ),
        ("logs", "DeleteLogGroup", json!({"logGroupName": "/aws/bedrock/calls"}), &[(LogGroup, "/aws/bedrock/calls")]),
        ("kms", "DisableKey", json!({"keyId": "0-1-2"}), &[(Key, "0-1-2")]),
        ("kms", "DisableKey", json!({"keyId": "alias/orders"}), &[]),
        (
            "ec2",
            "DeleteFlowLogs",
            json!({"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}),
            &[(Other, "fl-1")],
        ),
        (
            "rds",
            "ModifyDBSnapshotAttribute",
            json!({"dBSnapshotIdentifier": "orders-1", "valuesToAdd": ["all", "444455556666"]}),
            &[(Snapshot, "orders-1"), (Account, "444455556666")],
        ),
        (
            "rds",
            "ModifyDBClusterSnapshotAttribute",
            json!({"dBClusterSnapshotIdentifier": "orders-2", "valuesToAdd": ["all"]}),
            &[(Snapshot, "orders-2")],
        ),
        ("guardduty", "UpdateDetector", json!({"detectorId": "d0", "enable": false}), &[(Detector, "d0")]),
        ("guardduty", "DeleteDetector", json!({"detectorId": "d0"}), &[(Detector, "d0")]),
        (
            "config",
            "StopConfigurationRecorder",
            json!({"configurationRecorderName": "default"}),
            &[(Recorder, "default")],
        ),
        ("config", "DeleteDeliveryChannel", json!({"deliveryChannelName": "default"}), &[(Other, "default")]),
        (
            "bedrock",
            "DeleteModelInvocationLoggingConfiguration",
            json!(null),
            &[(InvocationLog, "111122223333:eu-central-1")],
        ),
        ("s3", "CopyObject", json!({"bucketName": "b", "key": "a/c"}), &[(Bucket, "b"), (Object, "b/a/c")]),
        ("guardduty", "DeleteMembers", json!({"accountIds": ["444455556666"]}), &[(Account, "444455556666")]),
    ] {
        assert_eq!(named(&read(&record(service, name, parameters))), expected, "{name}");
    }
    let mut call = record("kms", "DisableKey", json!({"keyId": "alias/orders"}));
    call["resources"] = json!([{"ARN": "arn:aws:kms:eu-central-1:111122223333:key/0-1-2", "type": "AWS::KMS::Key"}]);
    call["sourceIPAddress"] = json!("198.51.100.23");
    assert_eq!(named(&read(&call)), [(Key, "0-1-2"), (Address, "198.51.100.23")]);
    for address in ["cloudformation.amazonaws.com", "AWS Internal", "10.0.0.5"] {
        call["sourceIPAddress"] = json!(address);
        assert_eq!(named(&read(&call)), [(Key, "0-1-2")], "{address}");
    }
}

#[test]
fn a_call_that_is_in_no_table_is_kept_unclassified() {
    let finding = read(&record("s3", "ListBuckets", json!(null)));
    assert_eq!((finding.format.as_str(), finding.source.as_str()), ("unclassified", "s3.amazonaws.com"));
    assert_eq!((finding.id.as_str(), finding.category), ("e-1", Category::Unclassified));
}
