//! Amazon Resource Names: which kind of entity one names, and by which id the entity's own service knows it.

use crate::finding::EntityKind;
use std::borrow::Cow;

/// The parts of an ARN (AWS General Reference, "Amazon Resource Names").
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arn<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`, if it has the six parts of an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let (_partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next().filter(|resource| !resource.is_empty())?;
        Some(Self { service, region, account, resource })
    }

    /// The ARN of a resource whose parts are all known, though the document does not put them together.
    pub(crate) fn written(service: &str, region: &str, account: &str, resource: &str) -> String {
        let partition = match region.split_once('-') {
            Some(("cn", _)) => "aws-cn",
            Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The type and the rest of a `type/rest` or `type:rest` resource.
    fn typed(&self) -> (&'a str, &'a str) {
        self.resource.split_once(['/', ':']).unwrap_or((self.resource, ""))
    }

    /// What the ARN names: its kind and its id. `None` for a service that is not known here, and for a resource that lacks
    /// its type; a known service's resource of no kind of ours is [`EntityKind::Other`].
    pub(crate) fn entity(&self) -> Option<(EntityKind, Cow<'a, str>)> {
        let (kind, rest) = self.typed();
        let of = |entity: EntityKind, id: &'a str| {
            if id.is_empty() { Some(self.other()) } else { Some((entity, Cow::Borrowed(id))) }
        };
        match (self.service, kind) {
            ("ec2", "instance") => of(EntityKind::Instance, rest),
            ("ec2", "network-interface") => of(EntityKind::NetworkInterface, rest),
            ("ec2", "volume") => of(EntityKind::Volume, rest),
            ("ec2", "snapshot") => of(EntityKind::Snapshot, rest),
            ("ec2", "image") => of(EntityKind::Image, rest),
            ("ec2", "security-group") => of(EntityKind::SecurityGroup, rest),
            ("ec2", "subnet") => of(EntityKind::Subnet, rest),
            // Config writes what IAM and RDS know something by within, which their APIs do not take as its name.
            ("iam", _) if is_unique_id(last(rest)) => Some(self.other()),
            ("rds", _) if is_resource_id(rest) => Some(self.other()),
            ("iam", "root") => of(EntityKind::RootUser, self.account),
            ("iam", "user") => of(EntityKind::User, last(rest)),
            ("iam", "role") => of(EntityKind::Role, last(rest)),
            ("iam", "instance-profile") => of(EntityKind::InstanceProfile, last(rest)),
            ("sts", "assumed-role" | "federated-user") => of(EntityKind::Session, rest),
            ("s3", _) => Some(self.stored()),
            ("lambda", "function") => of(EntityKind::Function, first(rest, ':')),
            ("rds", "db" | "cluster" | "shard-group" | "dbinstance" | "dbcluster") => of(EntityKind::Database, rest),
            ("rds", "snapshot" | "cluster-snapshot" | "dbclustersnapshot" | "dbsnapshot") => {
                of(EntityKind::Snapshot, rest)
            }
            ("redshift", "cluster") => of(EntityKind::Database, rest),
            ("dynamodb", "table") => of(EntityKind::Table, first(rest, '/')),
            ("eks" | "ecs" | "elasticmapreduce", "cluster") => of(EntityKind::Cluster, first(rest, '/')),
            // Until 2021 the ARN of a task had no cluster in it, without which nothing can be done to a task.
            ("ecs", "task") if rest.contains('/') => of(EntityKind::Task, rest),
            ("ecr", "repository") => of(EntityKind::Image, rest),
            ("sagemaker", "endpoint") => of(EntityKind::Endpoint, rest),
            ("sagemaker", "model") => of(EntityKind::Model, rest),
            ("sagemaker", "notebook-instance") => of(EntityKind::Notebook, rest),
            ("bedrock", kind) if is_bedrock_model(kind) => of(EntityKind::Model, rest),
            ("secretsmanager", "secret") => of(EntityKind::Secret, rest),
            ("kms", "key") => of(EntityKind::Key, rest),
            ("cloudtrail", "trail") => of(EntityKind::Trail, rest),
            ("logs", "log-group") => of(EntityKind::LogGroup, first(rest, ':')),
            ("sagemaker", "training-job") => of(EntityKind::TrainingJob, rest),
            ("wafv2", "regional" | "global") if rest.starts_with("webacl/") => {
                of(EntityKind::WebAcl, first(rest.trim_start_matches("webacl/"), '/'))
            }
            ("cognito-idp", "userpool") => of(EntityKind::UserPool, rest),
            ("identitystore", "user") => of(EntityKind::IdentityUser, rest),
            // Findings and filters of a detector have its ARN in theirs.
            ("guardduty", "detector") if !rest.contains('/') => of(EntityKind::Detector, rest),
            ("config", "configuration-recorder") => of(EntityKind::Recorder, first(rest, '/')),
            (service, _) if is_known(service) && !rest.is_empty() => Some(self.other()),
            _ => None,
        }
    }

    /// The role behind the ARN of a role session.
    pub(crate) fn role_of_session(&self) -> Option<&'a str> {
        match (self.service, self.typed()) {
            ("sts", ("assumed-role", rest)) => {
                rest.split_once('/').map(|(role, _)| role).filter(|role| !role.is_empty())
            }
            _ => None,
        }
    }

    /// The bucket of an object's ARN.
    pub(crate) fn bucket_of_object(&self) -> Option<&'a str> {
        if self.service != "s3" || !self.account.is_empty() {
            return None;
        }
        self.resource.split_once('/').map(|(bucket, _)| bucket).filter(|bucket| !bucket.is_empty())
    }

    /// A bucket or an object has no type in its ARN, and no account; an access point has both.
    fn stored(&self) -> (EntityKind, Cow<'a, str>) {
        if !self.account.is_empty() {
            return self.other();
        }
        match self.resource.split_once('/') {
            Some((_, "" | "*")) => (EntityKind::Bucket, Cow::Borrowed(first(self.resource, '/'))),
            Some(_) => (EntityKind::Object, Cow::Borrowed(self.resource)),
            None => (EntityKind::Bucket, Cow::Borrowed(self.resource)),
        }
    }

    fn other(&self) -> (EntityKind, Cow<'a, str>) {
        (EntityKind::Other, Cow::Borrowed(self.resource))
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn first(text: &str, separator: char) -> &str {
    text.split_once(separator).map_or(text, |(first, _)| first)
}

/// Whether this is a unique id of IAM and not a name (IAM user guide, "Unique identifiers").
pub(crate) fn is_unique_id(id: &str) -> bool {
    id.len() >= 16 && ["AROA", "AIDA", "AIPA"].iter().any(|prefix| id.starts_with(prefix)) && id.bytes().all(is_coded)
}

/// Whether this is a resource id of RDS (`db-ABCDEFGHIJKLMNOPQRSTUVWXY2`): identifiers have no capitals.
pub(crate) fn is_resource_id(id: &str) -> bool {
    id.strip_prefix("db-")
        .or_else(|| id.strip_prefix("cluster-"))
        .is_some_and(|rest| rest.len() >= 20 && rest.bytes().all(is_coded))
}

fn is_coded(letter: u8) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit()
}

fn is_bedrock_model(kind: &str) -> bool {
    matches!(
        kind,
        "foundation-model"
            | "custom-model"
            | "custom-model-deployment"
            | "imported-model"
            | "provisioned-model"
            | "inference-profile"
            | "application-inference-profile"
            | "default-prompt-router"
            | "prompt-router"
    )
}

/// The services whose resource types are told apart above: a type that is missing there is none of our kinds.
fn is_known(service: &str) -> bool {
    matches!(
        service,
        "ec2"
            | "iam"
            | "sts"
            | "lambda"
            | "rds"
            | "redshift"
            | "dynamodb"
            | "eks"
            | "ecs"
            | "ecr"
            | "elasticmapreduce"
            | "sagemaker"
            | "bedrock"
            | "secretsmanager"
            | "kms"
            | "cloudtrail"
            | "logs"
            | "wafv2"
            | "cognito-idp"
            | "identitystore"
            | "guardduty"
            | "config"
    )
}

#[cfg(test)]
mod tests {
    use super::Arn;
    use crate::finding::EntityKind::{self, *};

    fn named(arn: &str) -> Option<(EntityKind, String)> {
        Arn::parse(arn)?.entity().map(|(kind, id)| (kind, id.into_owned()))
    }

    #[test]
    fn names_the_entity_as_its_service_does() {
        for (arn, kind, id) in [
            ("arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1b2c3d4e5f60718", Instance, "i-0a1b2c3d4e5f60718"),
            ("arn:aws:ec2:eu-central-1::snapshot/snap-0a1b2c3d4e5f60718", Snapshot, "snap-0a1b2c3d4e5f60718"),
            ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1", Other, "vpc/vpc-1"),
            ("arn:aws:iam::111122223333:root", RootUser, "111122223333"),
            ("arn:aws:iam::111122223333:user/shop/ada", User, "ada"),
            ("arn:aws:iam::111122223333:group/devs", Other, "group/devs"),
            ("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/Runner", Role, "Runner"),
            ("arn:aws:iam::111122223333:instance-profile/shop-checkout", InstanceProfile, "shop-checkout"),
            ("arn:aws:sts::111122223333:assumed-role/shop-checkout/i-1", Session, "shop-checkout/i-1"),
            ("arn:aws:s3:::shop-customer-data", Bucket, "shop-customer-data"),
            ("arn:aws:s3:::shop-customer-data/*", Bucket, "shop-customer-data"),
            ("arn:aws:s3:::shop-customer-data/a/b.csv", Object, "shop-customer-data/a/b.csv"),
            ("arn:aws:s3:eu-central-1:111122223333:accesspoint/reports", Other, "accesspoint/reports"),
            ("arn:aws:lambda:eu-central-1:111122223333:function:price:7", Function, "price"),
            ("arn:aws:rds:eu-central-1:111122223333:cluster:orders", Database, "orders"),
            ("arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:rds:orders-2026", Snapshot, "rds:orders-2026"),
            ("arn:aws:dynamodb:eu-central-1:111122223333:table/carts/index/by-date", Table, "carts"),
            ("arn:aws:ecs:eu-central-1:111122223333:task/shop/0123", Task, "shop/0123"),
            ("arn:aws:ecs:eu-central-1:111122223333:task/0123", Other, "task/0123"),
            ("arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-1", Subnet, "subnet-1"),
            ("arn:aws:iam::111122223333:role/AROAEXAMPLECHECKOUT01", Other, "role/AROAEXAMPLECHECKOUT01"),
            (
                "arn:aws:rds:eu-central-1:111122223333:db:db-ABCDEFGHIJKLMNOPQRSTUVWXY2",
                Other,
                "db:db-ABCDEFGHIJKLMNOPQRSTUVWXY2",
            ),
            ("arn:aws:sagemaker:eu-central-1:111122223333:model/ranking", Model, "ranking"),
            ("arn:aws:sagemaker:eu-central-1:111122223333:model-package/ranking/7", Other, "model-package/ranking/7"),
            ("arn:aws:identitystore:::user/0-1", IdentityUser, "0-1"),
            ("arn:aws:guardduty:eu-central-1:111122223333:detector/d0", Detector, "d0"),
            ("arn:aws:guardduty:eu-central-1:111122223333:detector/d0/finding/f1", Other, "detector/d0/finding/f1"),
            ("arn:aws:config:eu-central-1:111122223333:configuration-recorder/default/r1", Recorder, "default"),
            ("arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-pro-v1:0", Model, "amazon.nova-pro-v1:0"),
            ("arn:aws:bedrock:eu-central-1:111122223333:guardrail/abc", Other, "guardrail/abc"),
            ("arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/lab", Notebook, "lab"),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:psp-AbCdEf", Secret, "psp-AbCdEf"),
            ("arn:aws:kms:eu-central-1:111122223333:key/0-1-2", Key, "0-1-2"),
            ("arn:aws:cloudtrail:eu-central-1:111122223333:trail/main", Trail, "main"),
            ("arn:aws:logs:eu-central-1:111122223333:log-group:/aws/bedrock/calls:*", LogGroup, "/aws/bedrock/calls"),
            ("arn:aws:sagemaker:eu-central-1:111122223333:training-job/ranking-7", TrainingJob, "ranking-7"),
            ("arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/0-1", WebAcl, "shop"),
            ("arn:aws:wafv2:eu-central-1:111122223333:regional/ipset/bad/0-1", Other, "regional/ipset/bad/0-1"),
            ("arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_Ab1", UserPool, "eu-central-1_Ab1"),
        ] {
            assert_eq!(named(arn), Some((kind, id.to_owned())), "{arn}");
        }
    }

    #[test]
    fn an_arn_is_of_the_partition_of_its_region() {
        for (region, partition) in
            [("eu-central-1", "aws"), ("us-east-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")]
        {
            let written = Arn::written("rds", region, "111122223333", "snapshot:orders");
            assert_eq!(written, format!("arn:{partition}:rds:{region}:111122223333:snapshot:orders"));
        }
    }

    #[test]
    fn what_is_no_arn_or_of_no_known_service_names_nothing() {
        for text in ["", "arn", "arn:aws:s3", "arn:aws:s3:::", "i-0a1b", "arn:aws:::bucket", "arn:aws:sns:r:1:topic"] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
