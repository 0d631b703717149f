//! What sources name and what actions take: the id of a target is in the form that the action's document asks for.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a document or an action that is not as expected fails the test"
)]

mod fixtures;

use fixtures::{document, finding, findings, folder};
use incident::containment::guard::{Guard, Window};
use incident::containment::{ActionId, Plan, Playbooks, Step};
use incident::{Category, Finding};
use regex_lite::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";
const TASK: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "1b2c3d4e-0000-4000-8000-00000000c0de";

/// What no source names in a way that something could be done to it: a person orders these by hand. AWS sends no finding about a
/// user of a user pool, and the findings that name a machine do not say that its subnet is meant.
const BY_HAND: [&str; 1] = ["disable-pool-user"];

/// Everything that the library could do about this finding, whether a person has to be asked or not.
fn steps(finding: &Finding) -> Vec<Step> {
    let all: Vec<&str> = ActionId::all().map(ActionId::as_str).collect();
    let rest = "ask_first = []\nevidence_first = []\n";
    let everything = format!("title = 'x'\ntrigger = ['malware']\nwaves = [{all:?}]\n{rest}");
    let nothing = format!("title = 'x'\ntrigger = []\nwaves = []\n{rest}");
    let playbooks = Playbooks::parse(&[("all.toml", &everything), ("rest.toml", &nothing)]).expect("it is a playbook");
    let found: Vec<_> = finding.located().collect();
    let playbook = playbooks.for_category(Category::Malware);
    let plan = Plan::of(playbook, &found, &Guard::Open, &Window::default(), 60);
    plan.first_passes().cloned().chain(plan.withheld.iter().map(|withheld| withheld.step.clone())).collect()
}

/// The pattern of the parameter that names the target, as the action's document has it.
fn pattern(action: ActionId) -> Regex {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/actions").join(action.as_str());
    let text = fs::read_to_string(file.join("action.toml")).expect("the action is there");
    let described: toml::Table = toml::from_str(&text).expect("the action is TOML");
    Regex::new(described["pattern"].as_str().expect("an action has a pattern")).expect("the pattern is one")
}

fn call(service: &str, name: &str, parameters: Value) -> Value {
    json!({"eventID": "e-1", "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "recipientAccountId": ACCOUNT, "awsRegion": REGION, "requestParameters": parameters})
}

fn call_by(identity: Value) -> Value {
    let mut call = call("cloudtrail", "StopLogging", Value::Null);
    call["userIdentity"] = identity;
    call
}

fn threat(resource: Value, action: Value) -> Value {
    json!({"id": "1", "type": "Execution:Runtime/NewBinaryExecuted", "accountId": ACCOUNT, "region": REGION,
        "resource": resource, "service": {"serviceName": "guardduty", "action": action}})
}

fn imported(resources: Value) -> Value {
    json!({"SchemaVersion": "2018-10-08", "Id": "1", "AwsAccountId": ACCOUNT, "Region": REGION, "GeneratorId": "x",
        "Types": ["TTPs/Execution"], "Resources": resources})
}

fn of_type(kind: &str, id: &str) -> Value {
    imported(json!([{"Type": kind, "Id": id}]))
}

fn detected(kind: &str, id: &str) -> Value {
    json!({"class_uid": 2004, "finding_info": {"uid": "1", "title": "x", "types": ["x"]}, "metadata": {"version": "1.1.0"},
        "cloud": {"account": {"uid": ACCOUNT}, "region": REGION}, "resources": [{"type": kind, "uid": id}]})
}

fn lapse(kind: &str, id: &str) -> Value {
    json!({"messageType": "ComplianceChangeNotification", "configRuleName": "x", "awsAccountId": ACCOUNT, "awsRegion": REGION,
        "resourceType": kind, "resourceId": id, "newEvaluationResult": {"complianceType": "NON_COMPLIANT"}})
}

fn access_to(kind: &str, arn: &str) -> Value {
    json!({"id": "1", "analyzedAt": "2026-03-02T09:21:40Z", "resource": arn, "resourceType": kind,
        "resourceOwnerAccount": ACCOUNT, "isPublic": true})
}

fn alarm(namespace: &str, dimensions: Value) -> Value {
    json!({"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "account": ACCOUNT, "region": REGION,
        "time": "2026-03-02T09:21:40Z", "id": "1", "detail": {"alarmName": "x", "state": {"value": "ALARM",
        "timestamp": "2026-03-02T09:21:40.000+0000"}, "configuration": {"metrics": [{"metricStat": {"metric":
        {"namespace": namespace, "name": "x", "dimensions": dimensions}}}]}}})
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// Whose Kubernetes API was called, and by whom.
fn cluster_called_by(user: &str) -> Value {
    json!({"eksClusterDetails": {"name": "shop", "arn": arn("eks", "cluster/shop")},
        "kubernetesDetails": {"kubernetesUserDetails": {"username": user}}})
}

/// A document, the action that it calls for, and the target of that.
fn table() -> Vec<(Value, &'static str, String)> {
    let share = json!({"attributeName": "restore", "valuesToAdd": ["all"]});
    let shared = |member: &str, id: &str| {
        let mut parameters = share.clone();
        parameters[member] = json!(id);
        parameters
    };
    let person = json!({"userId": "544894e8-80c1-707f-60e3-3ba6510dfac1",
        "identityStoreArn": "arn:aws:identitystore::444455556666:identitystore/d-1234567890"});
    let user = json!({"type": "IAMUser", "userName": "ada", "accessKeyId": "AKIAEXAMPLEADA000001", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/team/ada"), "principalId": "AIDAEXAMPLEADA000001"});
    let task = |task: &str| {
        json!({"ecsClusterDetails": {"name": "shop", "arn": arn("ecs", "cluster/shop"),
            "taskDetails": {"arn": arn("ecs", &format!("task/{task}"))}}})
    };
    let pod = json!({"eksClusterDetails": {"name": "shop", "arn": arn("eks", "cluster/shop")}, "kubernetesDetails":
        {"kubernetesWorkloadDetails": {"type": "pods", "namespace": "orders", "name": "checkout-7d9f-x2"}}});
    let limitless = json!({"rdsLimitlessDbDetails": {"dbClusterIdentifier": "orders",
        "dbShardGroupIdentifier": "orders-shards", "dbShardGroupArn": arn("rds", "shard-group:shardgroup-0123")}});
    let node = "ip-10-0-1-2.ec2.internal";
    let called = |resource: &str| json!({"kubernetesApiCallAction": {"resource": resource, "resourceName": node}});
    let notebook = |name: &str| {
        imported(json!([{"Type": "AwsSageMakerNotebookInstance", "Id": arn("sagemaker", "notebook-instance/lab"),
            "Details": {"AwsSageMakerNotebookInstance": {"NotebookInstanceName": name}}}]))
    };
    let whole = |kind: &str, service: &str, resource: &str| of_type(kind, &arn(service, resource));
    vec![
        (
            call("guardduty", "UpdateDetector", json!({"detectorId": TASK, "enable": false})),
            "restore-detector",
            TASK.to_owned(),
        ),
        (call("guardduty", "DeleteDetector", json!({"detectorId": TASK})), "restore-detector", TASK.to_owned()),
        (of_type("AwsGuardDutyDetector", TASK), "restore-detector", TASK.to_owned()),
        (whole("AwsGuardDutyDetector", "guardduty", &format!("detector/{TASK}")), "restore-detector", TASK.to_owned()),
        (
            call("config", "StopConfigurationRecorder", json!({"configurationRecorderName": "default"})),
            "restore-recorder",
            "default".to_owned(),
        ),
        (lapse("AWS::Config::ConfigurationRecorder", "default"), "restore-recorder", "default".to_owned()),
        (call("cloudtrail", "StopLogging", json!({"name": "main"})), "restore-trail", "main".to_owned()),
        (
            call("cloudtrail", "UpdateTrail", json!({"name": arn("cloudtrail", "trail/main")})),
            "restore-trail",
            "main".to_owned(),
        ),
        (
            call("cloudtrail", "PutEventSelectors", json!({"trailName": "main", "eventSelectors": []})),
            "restore-trail",
            "main".to_owned(),
        ),
        (whole("AwsCloudTrailTrail", "cloudtrail", "trail/main"), "restore-trail", "main".to_owned()),
        (
            call("bedrock", "DeleteModelInvocationLoggingConfiguration", Value::Null),
            "restore-invocation-log",
            format!("{ACCOUNT}:{REGION}"),
        ),
        (
            call("bedrock", "PutModelInvocationLoggingConfiguration", json!({"loggingConfig": {}})),
            "restore-invocation-log",
            format!("{ACCOUNT}:{REGION}"),
        ),
        (threat(task(&format!("shop/{TASK}")), Value::Null), "stop-task", format!("shop/{TASK}")),
        (threat(task(TASK), Value::Null), "stop-task", format!("shop/{TASK}")),
        (whole("AwsEcsTask", "ecs", &format!("task/shop/{TASK}")), "stop-task", format!("shop/{TASK}")),
        (threat(pod, Value::Null), "isolate-pod", "shop/orders/checkout-7d9f-x2".to_owned()),
        (
            threat(cluster_called_by("system:node:ip-10-0-1-2.ec2.internal"), Value::Null),
            "isolate-node",
            "shop/ip-10-0-1-2.ec2.internal".to_owned(),
        ),
        (
            threat(cluster_called_by("system:anonymous"), called("nodes")),
            "isolate-node",
            "shop/ip-10-0-1-2.ec2.internal".to_owned(),
        ),
        (notebook("Lab"), "stop-notebook", "Lab".to_owned()),
        (lapse("AWS::SageMaker::NotebookInstance", "lab"), "stop-notebook", "lab".to_owned()),
        (whole("Other", "sagemaker", "training-job/ranking-7"), "stop-training", "ranking-7".to_owned()),
        (whole("Other", "sagemaker", "endpoint/ranking"), "quarantine-endpoint", "ranking".to_owned()),
        (whole("Other", "sagemaker", "model/ranking"), "deny-model-artifacts", "ranking".to_owned()),
        (lapse("AWS::SageMaker::Model", "ranking"), "deny-model-artifacts", "ranking".to_owned()),
        (
            whole("AwsSecretsManagerSecret", "secretsmanager", "secret:shop/psp-AbCdEf"),
            "rotate-secret",
            "shop/psp-AbCdEf".to_owned(),
        ),
        (whole("AwsKmsKey", "kms", &format!("key/{KEY}")), "revoke-grants", KEY.to_owned()),
        (call("kms", "DisableKey", json!({"keyId": KEY})), "revoke-grants", KEY.to_owned()),
        (
            call("kms", "PutKeyPolicy", json!({"keyId": arn("kms", &format!("key/{KEY}"))})),
            "revoke-grants",
            KEY.to_owned(),
        ),
        (
            call("ec2", "ModifySnapshotAttribute", json!({"snapshotId": "snap-0a1b2c3d4e5f60718"})),
            "unshare-snapshot",
            "snap-0a1b2c3d4e5f60718".to_owned(),
        ),
        (
            access_to("AWS::EC2::Snapshot", &format!("arn:aws:ec2:{REGION}::snapshot/snap-0a1b2c3d4e5f60718")),
            "unshare-snapshot",
            "snap-0a1b2c3d4e5f60718".to_owned(),
        ),
        (
            call("rds", "ModifyDBSnapshotAttribute", shared("dBSnapshotIdentifier", "orders-2026")),
            "unshare-db-snapshot",
            "orders-2026".to_owned(),
        ),
        (
            call("rds", "ModifyDBClusterSnapshotAttribute", shared("dBClusterSnapshotIdentifier", "orders-2026")),
            "unshare-db-snapshot",
            "orders-2026".to_owned(),
        ),
        (lapse("AWS::RDS::DBSnapshot", "orders-2026"), "unshare-db-snapshot", "orders-2026".to_owned()),
        (detected("AWS::RDS::DBSnapshot", "orders-2026"), "unshare-db-snapshot", "orders-2026".to_owned()),
        (
            access_to("AWS::RDS::DBClusterSnapshot", &arn("rds", "cluster-snapshot:rds:orders-2026")),
            "unshare-db-snapshot",
            "rds:orders-2026".to_owned(),
        ),
        (whole("AwsRdsDbInstance", "rds", "db:orders-1"), "isolate-database", "orders-1".to_owned()),
        (whole("AwsRdsDbCluster", "rds", "cluster:orders"), "isolate-database", "orders".to_owned()),
        (of_type("AwsRdsDbInstance", "orders-1"), "isolate-database", "orders-1".to_owned()),
        (threat(limitless, Value::Null), "isolate-database", "orders".to_owned()),
        (whole("AwsLambdaFunction", "lambda", "function:price:$LATEST"), "stop-function", "price".to_owned()),
        (detected("AWS::Lambda::Function", "price:7"), "stop-function", "price".to_owned()),
        (call_by(user.clone()), "lock-user", "ada".to_owned()),
        (call_by(user.clone()), "deactivate-service-credentials", "ada".to_owned()),
        (call_by(user), "deactivate-access-key", "AKIAEXAMPLEADA000001".to_owned()),
        (
            call_by(json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": person})),
            "lock-identity-user",
            "544894e8-80c1-707f-60e3-3ba6510dfac1".to_owned(),
        ),
        (alarm("AWS/WAFV2", json!({"WebACL": "shop", "Rule": "ALL"})), "limit-rate", "shop".to_owned()),
        (
            whole("AwsWafv2WebAcl", "wafv2", "regional/webacl/shop/0f0e0d0c-0000-4000-8000-00000000c0de"),
            "limit-rate",
            "shop".to_owned(),
        ),
        (
            threat(
                Value::Null,
                json!({"networkConnectionAction": {"remoteIpDetails": {"ipAddressV6": "::ffff:198.51.100.23"}}}),
            ),
            "block-address",
            "198.51.100.23".to_owned(),
        ),
        (
            whole("AwsEc2Subnet", "ec2", "subnet/subnet-0a1b2c3d4e5f60718"),
            "close-subnet",
            "subnet-0a1b2c3d4e5f60718".to_owned(),
        ),
        (
            call("guardduty", "DeleteMembers", json!({"accountIds": ["444455556666"]})),
            "deny-account",
            "444455556666".to_owned(),
        ),
    ]
}

#[test]
fn what_a_source_names_is_the_target_of_its_action() {
    for (document, action, target) in table() {
        let named: Vec<Step> = steps(&finding(&document));
        let of_action: Vec<&str> =
            named.iter().filter(|step| step.action.as_str() == action).map(|step| step.target.as_str()).collect();
        assert_eq!(of_action, [target.as_str()], "{action}: {document}");
    }
}

#[test]
fn every_target_has_the_form_that_its_action_takes() {
    let mut documents: Vec<(String, Value)> = Vec::new();
    for source in fs::read_dir(folder()).expect("the sources are there").flatten().filter(|entry| entry.path().is_dir())
    {
        for fixture in fs::read_dir(source.path().join("fixtures")).expect("a source has fixtures").flatten() {
            let (source, fixture) = (source.file_name(), fixture.file_name());
            let path = format!("{}/fixtures/{}", source.to_string_lossy(), fixture.to_string_lossy());
            documents.push((path.clone(), document(&path)));
        }
    }
    documents.extend(table().into_iter().map(|(document, action, _)| (action.to_owned(), document)));
    let mut reached = BTreeSet::new();
    for (place, document) in &documents {
        for step in findings(document).iter().flat_map(steps) {
            let pattern = pattern(step.action);
            assert!(pattern.is_match(&step.target), "{place}: {} does not take `{}`", step.action, step.target);
            reached.insert(step.action.as_str());
        }
    }
    let unreached: Vec<&str> = ActionId::all().map(ActionId::as_str).filter(|name| !reached.contains(name)).collect();
    assert_eq!(unreached, BY_HAND, "what no source names is ordered by hand");
}

#[test]
fn nothing_is_done_to_what_is_only_called_like_a_target() {
    for (document, action) in [
        // Models of Bedrock have no artifacts here, and a package of models is none of them.
        (
            of_type("Other", "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-pro-v1:0"),
            "deny-model-artifacts",
        ),
        (of_type("Other", &arn("sagemaker", "model-package/ranking/7")), "deny-model-artifacts"),
        // A database of another service, and what Config calls one of RDS.
        (of_type("AwsRedshiftCluster", &arn("redshift", "cluster:sales")), "isolate-database"),
        (of_type("AwsRdsDbInstance", &arn("rds", "db:db-ABCDEFGHIJKLMNOPQRSTUVWXY2")), "isolate-database"),
        (of_type("AwsIamUser", &format!("arn:aws:iam::{ACCOUNT}:user/AIDAEXAMPLEADA000001")), "lock-user"),
        (of_type("AwsKmsKey", &arn("kms", "alias/orders")), "revoke-grants"),
        (of_type("AwsKmsKey", "alias/orders"), "revoke-grants"),
        (
            call("ec2", "ModifySnapshotAttribute", json!({"snapshotId": "snap-0a1b2c3d4e5f60718"})),
            "unshare-db-snapshot",
        ),
        (call("rds", "ModifyDBSnapshotAttribute", json!({"dBSnapshotIdentifier": "orders"})), "unshare-snapshot"),
        // Web ACLs of WAF Classic are known by id.
        (of_type("AwsWafWebAcl", "0f0e0d0c-0000-4000-8000-00000000c0de"), "limit-rate"),
        (call_by(json!({"type": "AssumedRole", "accessKeyId": "ASIAEXAMPLEADA000001"})), "deactivate-access-key"),
        // A pod of no namespace, and one beside a cluster that has no pods.
        (
            threat(
                json!({"eksClusterDetails": {"name": "shop"}, "kubernetesDetails":
                {"kubernetesWorkloadDetails": {"name": "checkout"}}}),
                Value::Null,
            ),
            "isolate-pod",
        ),
        (
            threat(
                json!({"ecsClusterDetails": {"arn": arn("ecs", "cluster/shop")}, "kubernetesDetails":
                {"kubernetesWorkloadDetails": {"namespace": "orders", "name": "checkout"}}}),
                Value::Null,
            ),
            "isolate-pod",
        ),
    ] {
        let named: Vec<Step> = steps(&finding(&document));
        assert!(named.iter().all(|step| step.action.as_str() != action), "{action}: {named:?}");
    }
}

#[test]
fn a_bucket_is_locked_in_its_own_region() {
    let bucket = |own: Value| json!({"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::shop-exports", "Region": own});
    let role = json!({"Type": "AwsIamRole", "Id": format!("arn:aws:iam::{ACCOUNT}:role/shop"), "Region": "us-east-1"});
    let mut stored = detected("AWS::S3::Bucket", "arn:aws:s3:::shop-exports");
    stored["resources"][0]["region"] = json!("eu-west-1");
    for (document, region) in [
        (imported(json!([role, bucket(json!("eu-west-1"))])), Some("eu-west-1")),
        (imported(json!([bucket(Value::Null)])), Some(REGION)),
        (stored, Some("eu-west-1")),
        (lapse("AWS::S3::Bucket", "shop-exports"), Some(REGION)),
        (call("s3", "PutBucketPolicy", json!({"bucketName": "shop-exports"})), Some(REGION)),
    ] {
        let steps: Vec<Step> = steps(&finding(&document));
        let of = |action: &str| steps.iter().find(|step| step.action.as_str() == action);
        assert_eq!(of("lock-bucket").map(|step| step.region.as_deref()), Some(region), "{document}");
        // A role is the same in every region.
        assert!(of("revoke-role-sessions").is_none_or(|step| step.region.is_none()));
    }
}

#[test]
fn what_lies_elsewhere_is_acted_on_there() {
    let person = json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {
        "userId": "544894e8-80c1-707f-60e3-3ba6510dfac1",
        "identityStoreArn": "arn:aws:identitystore::444455556666:identitystore/d-1234567890"}});
    let trail = "arn:aws:cloudtrail:us-east-1:444455556666:trail/organization";
    for (document, action, place) in [
        (call_by(person), "lock-identity-user", ("444455556666", Some(REGION))),
        (
            call("cloudtrail", "StopLogging", json!({"name": trail})),
            "restore-trail",
            ("444455556666", Some("us-east-1")),
        ),
    ] {
        let steps: Vec<Step> = steps(&finding(&document));
        let step = steps.iter().find(|step| step.action.as_str() == action).expect("it is planned");
        assert_eq!((step.account.as_str(), step.region.as_deref()), place, "{action}");
    }
}
