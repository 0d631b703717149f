//! The `resource` of a GuardDuty finding: the blocks of its API model, and any block that AWS adds later.

use crate::finding::EntityKind as Kind;
use crate::sources::arn::Arn;
use crate::sources::entities::{Entities, Principal, PrincipalKind, Site};
use crate::sources::node::{Node, camel};
use serde_json::Value;

/// How deep a block that is not known here is searched for ARNs.
const SEARCH_DEPTH: usize = 8;

/// Names what the blocks of `resource` hold. A finding has several of them: the key that was used, the instance that it
/// was stolen from, the buckets that it read.
pub(super) fn read<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>, account: &'v str) {
    let cluster = resource.get("eksClusterDetails");
    let cluster_name = cluster.get("name").text();
    for (name, block) in resource.members() {
        match &*camel(name) {
            "instanceDetails" => instance(entities, &block),
            "accessKeyDetails" => access_key(entities, &block, account),
            "s3BucketDetails" => block.items().for_each(|bucket| self::bucket(entities, &bucket)),
            "eksClusterDetails" | "ecsClusterDetails" => self::cluster(entities, &block),
            "kubernetesDetails" => kubernetes(entities, &block, cluster_name),
            "containerDetails" => container(entities, &block),
            "lambdaDetails" => function(entities, &block),
            "rdsDbInstanceDetails" | "rdsLimitlessDbDetails" => {
                block.items().for_each(|database| self::database(entities, &database))
            }
            "ebsVolumeDetails" => volumes(entities, &block),
            "ebsSnapshotDetails" => entities.add_if(Kind::Snapshot, block.get("snapshotArn").text()),
            "ec2ImageDetails" => entities.add_if(Kind::Image, block.get("imageArn").text()),
            "modelDetails" => {
                block.items().for_each(|model| entities.add_if(Kind::Model, model.get("modelId").text()));
            }
            "rdsDbUserDetails" | "resourceType" => {}
            _ => search(entities, block.value(), SEARCH_DEPTH),
        }
    }
}

fn instance<'v>(entities: &mut Entities<'v>, instance: &Node<'v, '_>) {
    entities.add_if(Kind::Instance, instance.get("instanceId").text());
    for interface in instance.get("networkInterfaces").items() {
        entities.add_if(Kind::NetworkInterface, interface.get("networkInterfaceId").text());
    }
    for volume in instance.get("volumes").items() {
        entities.add_if(Kind::Volume, volume.get("volumeId").text());
    }
    entities.add_if(Kind::InstanceProfile, instance.get("iamInstanceProfile").get("arn").text());
    entities.add_if(Kind::Image, instance.get("imageId").text());
}

fn access_key<'v>(entities: &mut Entities<'v>, key: &Node<'v, '_>, account: &'v str) {
    let id = key.get("principalId").text();
    entities.add_principal(Principal {
        kind: PrincipalKind::of(key.get("userType").text(), id),
        name: key.get("userName").text(),
        id,
        key: key.get("accessKeyId").text(),
        own_account: account,
    });
}

fn bucket<'v>(entities: &mut Entities<'v>, bucket: &Node<'v, '_>) {
    let arn = bucket.get("arn").text();
    match bucket.get("name").text() {
        Some(name) => entities.add(Kind::Bucket, name, arn),
        None => entities.add_if(Kind::Bucket, arn),
    }
    for object in bucket.get("s3ObjectDetails").items() {
        match (object.get("objectArn").text(), object.get("key").text(), bucket.get("name").text()) {
            (Some(arn), _, _) => entities.add_hinted(Some(Kind::Object), arn),
            (None, Some(key), Some(bucket)) => entities.add_within(Kind::Object, bucket, key),
            (None, _, _) => {}
        }
    }
    let encryption = bucket.get("defaultServerSideEncryption");
    entities.add_if(Kind::Key, encryption.get("kmsMasterKeyArn").text());
}

fn cluster<'v>(entities: &mut Entities<'v>, cluster: &Node<'v, '_>) {
    match cluster.get("name").text() {
        Some(name) => entities.add(Kind::Cluster, name, cluster.get("arn").text()),
        None => entities.add_if(Kind::Cluster, cluster.get("arn").text()),
    }
    let task = cluster.get("taskDetails");
    let arn = task.get("arn").text();
    // The ARN of a task had no cluster in it until 2021.
    let old = arn.and_then(|arn| arn.rsplit_once(":task/")).map(|(_, id)| id).filter(|id| !id.contains('/'));
    match (old, cluster.get("name").text()) {
        (Some(id), Some(cluster)) => entities.add_within(Kind::Task, cluster, id),
        _ => entities.add_if(Kind::Task, arn),
    }
    task.get("containers").items().for_each(|container| self::container(entities, &container));
}

fn kubernetes<'v>(entities: &mut Entities<'v>, details: &Node<'v, '_>, cluster: Option<&'v str>) {
    let workload = details.get("kubernetesWorkloadDetails");
    match (workload.get("namespace").text(), workload.get("name").text()) {
        (Some(namespace), Some(name)) => entities.add_within(Kind::Pod, namespace, name),
        (None, Some(name)) => entities.add(Kind::Pod, name, None),
        (_, None) => {}
    }
    workload.get("containers").items().for_each(|container| self::container(entities, &container));
    // A Kubernetes user is no IAM user, unless the cluster maps one: then its name is the ARN, or its id ends with the one of
    // the role (`aws-iam-authenticator:account:AROA…`) and the name of the session is apart.
    let user = details.get("kubernetesUserDetails");
    let name = user.get("username").text();
    entities.add_arn(name);
    // A kubelet calls as its node (Kubernetes documentation, "Using Node Authorization").
    if let (Some(cluster), Some(node)) = (cluster, name.and_then(|name| name.strip_prefix("system:node:"))) {
        entities.add_within(Kind::Node, cluster, node);
    }
    let role = user.get("uid").text().and_then(|uid| uid.rsplit(':').next()).filter(|id| id.starts_with("AROA"));
    if let (Some(role), Some(session)) = (role, user.get("sessionName").texts().next()) {
        entities.add(Kind::Session, format!("{role}:{session}"), None);
    }
}

fn container<'v>(entities: &mut Entities<'v>, container: &Node<'v, '_>) {
    entities.add_if(Kind::Container, container.get("id").text().or_else(|| container.get("name").text()));
    entities.add_if(Kind::Image, container.get("image").text());
}

fn function<'v>(entities: &mut Entities<'v>, function: &Node<'v, '_>) {
    let arn = function.get("functionArn").text();
    match function.get("functionName").text() {
        Some(name) => entities.add(Kind::Function, name, arn),
        None => entities.add_if(Kind::Function, arn),
    }
    entities.add_if(Kind::Role, function.get("role").text());
}

fn database<'v>(entities: &mut Entities<'v>, database: &Node<'v, '_>) {
    match (database.get("dbInstanceIdentifier").text(), database.get("dbInstanceArn").text()) {
        (Some(id), arn) => entities.add(Kind::Database, id, arn),
        (None, arn) => entities.add_if(Kind::Database, arn),
    }
    // An instance is cut off with its cluster, which therefore gets no ARN; so is a shard group, of whose cluster the ARN lacks
    // only the name.
    let cluster = database.get("dbClusterIdentifier").text();
    let (group, arn) = (database.get("dbShardGroupIdentifier").text(), database.get("dbShardGroupArn").text());
    match (cluster, arn.and_then(Arn::parse)) {
        (Some(cluster), Some(of_group)) => {
            let site = Site { account: of_group.account, region: Some(of_group.region) };
            entities.add_typed(Some("AWS::RDS::DBCluster"), cluster, site);
            group.into_iter().for_each(|group| entities.add(Kind::Database, group, None));
        }
        _ => {
            match group {
                Some(group) => entities.add(Kind::Database, group, arn),
                None => entities.add_if(Kind::Database, arn),
            }
            entities.add_if(Kind::Database, cluster);
        }
    }
}

fn volumes<'v>(entities: &mut Entities<'v>, details: &Node<'v, '_>) {
    for list in ["scannedVolumeDetails", "skippedVolumeDetails"] {
        for volume in details.get(list).items() {
            entities.add_if(Kind::Volume, volume.get("volumeArn").text());
            entities.add_if(Kind::Snapshot, volume.get("snapshotArn").text());
            entities.add_if(Kind::Key, volume.get("kmsKeyArn").text());
        }
    }
}

/// Names every ARN in a block of unknown make.
fn search<'v>(entities: &mut Entities<'v>, value: Option<&'v Value>, depth: usize) {
    let (Some(value), Some(depth)) = (value, depth.checked_sub(1)) else { return };
    match value {
        Value::String(text) => entities.add_arn(Some(text)),
        Value::Array(list) => list.iter().for_each(|value| search(entities, Some(value), depth)),
        Value::Object(members) => members.values().for_each(|value| search(entities, Some(value), depth)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
