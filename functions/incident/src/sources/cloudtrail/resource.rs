//! What a call was about: `requestParameters`, which keep the names of the API, and `resources`.

use super::condition::shared_with;
use crate::finding::EntityKind as Kind;
use crate::sources::entities::{Entities, Site};
use crate::sources::node::Node;
use crate::sources::resource_type;

/// The parameters of the calls in the table, as CloudTrail writes them, that name a resource.
const PARAMETERS: [(&str, Kind); 9] = [
    ("trailName", Kind::Trail),
    ("eventDataStore", Kind::Other),
    ("detectorId", Kind::Detector),
    ("configurationRecorderName", Kind::Recorder),
    ("deliveryChannelName", Kind::Other),
    ("logGroupName", Kind::LogGroup),
    ("snapshotId", Kind::Snapshot),
    ("imageId", Kind::Image),
    ("bucketName", Kind::Bucket),
];

/// Names the resources of one record, which was made at `site`.
pub(super) fn read<'v>(entities: &mut Entities<'v>, record: &Node<'v, '_>, site: Site<'v>) {
    let account = site.account;
    for resource in record.get("resources").items() {
        let arn = resource.get("ARN").text().or_else(|| resource.get("arn").text());
        let kind = resource.get("type").text().and_then(resource_type::kind);
        arn.into_iter().for_each(|arn| entities.add_hinted(kind, arn));
    }
    let parameters = record.get("requestParameters");
    for (name, kind) in PARAMETERS {
        entities.add_if(kind, parameters.get(name).text());
    }
    for (name, named) in [
        ("dBSnapshotIdentifier", "AWS::RDS::DBSnapshot"),
        ("dBClusterSnapshotIdentifier", "AWS::RDS::DBClusterSnapshot"),
    ] {
        parameters.get(name).text().into_iter().for_each(|id| entities.add_typed(Some(named), id, site));
    }
    match record.get("eventSource").text() {
        Some("cloudtrail.amazonaws.com") => entities.add_if(Kind::Trail, parameters.get("name").text()),
        Some("kms.amazonaws.com") => {
            // An alias is no id of a key; the key itself is among the resources.
            let key = parameters.get("keyId").text().filter(|key| !key.contains("alias/"));
            entities.add_if(Kind::Key, key);
        }
        // Each region has one log of its models' invocations, without an id.
        Some("bedrock.amazonaws.com") => {
            let log = site.region.map(|region| format!("{account}:{region}"));
            log.into_iter().for_each(|log| entities.add(Kind::InvocationLog, log, None));
        }
        _ => {}
    }
    if let (Some(bucket), Some(key)) = (parameters.get("bucketName").text(), parameters.get("key").text()) {
        entities.add_within(Kind::Object, bucket, key);
    }
    let answer = record.get("responseElements");
    entities.add_if(Kind::AccessKey, answer.get("accessKey").get("accessKeyId").text());
    let flow_logs = parameters.get("deleteFlowLogsRequest");
    for log in flow_logs.get("flowLogId").items() {
        entities.add_if(Kind::Other, log.get("content").text());
    }
    parameters.get("accountIds").texts().for_each(|member| entities.add_account(Some(member), account));
    let is_account = |receiver: &str| receiver.bytes().all(|digit| digit.is_ascii_digit());
    shared_with(&parameters, |receiver| entities.add_account(Some(receiver).filter(|it| is_account(it)), account));
}
