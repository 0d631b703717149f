//! Resources and principals, and where they lie.

use serde::{Deserialize, Serialize};

/// A resource or a principal that a finding names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its name in its service: `i-0abc…`, a bucket name, a role name.
    pub id: String,
    /// Its ARN, where the finding gives it or all parts of it. A user of Identity Center has that of the identity store, which
    /// alone has an account in it.
    pub arn: Option<String>,
}

/// The kinds of entity that a responder acts on or correlates by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityKind {
    /// An EC2 instance, by instance id.
    Instance,
    /// An elastic network interface.
    NetworkInterface,
    /// An EBS volume.
    Volume,
    /// A snapshot of a volume or of a database.
    Snapshot,
    /// An instance profile, by name (which is not the name of its role).
    InstanceProfile,
    /// An IAM role, by name.
    Role,
    /// A role session, by principal id (`AROA…:session`), or as `role/session` where only its ARN is known.
    Session,
    /// An access key, by key id; [`Entity::key_term`] says which kind.
    AccessKey,
    /// An IAM user, by name.
    User,
    /// The root user, by account id.
    RootUser,
    /// An S3 bucket.
    Bucket,
    /// An S3 object, as `bucket/key`.
    Object,
    /// A Lambda function, by name without qualifier.
    Function,
    /// A relational database: instance, cluster or shard group, by identifier.
    Database,
    /// A DynamoDB table.
    Table,
    /// An EKS, ECS or EMR cluster.
    Cluster,
    /// A Kubernetes pod, or the workload that makes pods, as `namespace/name`.
    Pod,
    /// An ECS task, as `cluster/task`.
    Task,
    /// A container, by the id of its runtime.
    Container,
    /// A SageMaker endpoint.
    Endpoint,
    /// A model of SageMaker or Bedrock, or a profile that a model is invoked by.
    Model,
    /// A SageMaker notebook instance.
    Notebook,
    /// A secret of Secrets Manager.
    Secret,
    /// A KMS key, by key id.
    Key,
    /// A machine image or a container image.
    Image,
    /// A security group.
    SecurityGroup,
    /// A CloudTrail trail, by name.
    Trail,
    /// A log group of CloudWatch Logs, such as the one that invocations of models are logged to.
    LogGroup,
    /// A training job of SageMaker.
    TrainingJob,
    /// A web ACL of AWS WAF: the surface of a shop.
    WebAcl,
    /// A user pool of Cognito: the customers' accounts.
    UserPool,
    /// A user of a user pool, as `pool/username`.
    PoolUser,
    /// A user of IAM Identity Center, by user id.
    IdentityUser,
    /// A subnet.
    Subnet,
    /// A node of a Kubernetes cluster, as `cluster/node`.
    Node,
    /// A detector of GuardDuty, by id: its findings of one region.
    Detector,
    /// A recorder of AWS Config, by name: the history of settings of one region.
    Recorder,
    /// The log of what Bedrock is asked in one region, as `account:region`.
    InvocationLog,
    /// The address of the other side of a connection or of a caller.
    Address,
    /// The domain name that was asked for or called.
    Domain,
    /// An AWS account other than the finding's own, such as the one that received a copy.
    Account,
    /// Anything else that the finding names as a resource.
    Other,
}

/// An entity and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Located {
    /// The entity.
    #[serde(flatten)]
    pub entity: Entity,
    /// The account that it belongs to: of its ARN, else of the finding that names it.
    pub account: String,
    /// Its region, by the same rule; `None` for a global one.
    pub region: Option<String>,
}

impl Located {
    /// Whether both are the same thing. An ARN is given by one format and not by another.
    pub fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (&self.entity, &other.entity);
        one.kind == two.kind
            && one.id == two.id
            && match one.kind.reach() {
                Reach::Global => true,
                Reach::Account => self.account == other.account,
                Reach::Region => self.account == other.account && self.region == other.region,
            }
    }
}

/// Within what an identifier is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere: ids that AWS gives out, bucket names, addresses.
    Global,
    /// One account: names of IAM.
    Account,
    /// One region of an account: names of everything else.
    Region,
}

/// How long an access key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTerm {
    /// A long-term key of a user (`AKIA…`): it is deactivated.
    LongTerm,
    /// A temporary key of a session (`ASIA…`): its session is revoked.
    Temporary,
}

impl EntityKind {
    /// Its name with an article, for a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Instance => "an instance",
            Self::NetworkInterface => "a network interface",
            Self::Volume => "a volume",
            Self::Snapshot => "a snapshot",
            Self::InstanceProfile => "an instance profile",
            Self::Role => "a role",
            Self::Session => "a session",
            Self::AccessKey => "an access key",
            Self::User => "a user",
            Self::RootUser => "the root user",
            Self::Bucket => "a bucket",
            Self::Object => "an object",
            Self::Function => "a function",
            Self::Database => "a database",
            Self::Table => "a table",
            Self::Cluster => "a cluster",
            Self::Pod => "a pod",
            Self::Task => "a task",
            Self::Container => "a container",
            Self::Endpoint => "an endpoint",
            Self::Model => "a model",
            Self::Notebook => "a notebook",
            Self::Secret => "a secret",
            Self::Key => "a key",
            Self::Image => "an image",
            Self::SecurityGroup => "a security group",
            Self::Trail => "a trail",
            Self::LogGroup => "a log group",
            Self::TrainingJob => "a training job",
            Self::WebAcl => "a web ACL",
            Self::UserPool => "a user pool",
            Self::PoolUser => "a user of a user pool",
            Self::IdentityUser => "a user of Identity Center",
            Self::Subnet => "a subnet",
            Self::Node => "a node",
            Self::Detector => "a detector",
            Self::Recorder => "a recorder of settings",
            Self::InvocationLog => "a log of model invocations",
            Self::Address => "an address",
            Self::Domain => "a domain",
            Self::Account => "an account",
            Self::Other => "a resource",
        }
    }

    /// Within what an id of this kind is unique (IAM user guide, "Unique identifiers"; the resource ARNs of each service).
    pub fn reach(self) -> Reach {
        match self {
            Self::Instance
            | Self::NetworkInterface
            | Self::Volume
            | Self::AccessKey
            | Self::RootUser
            | Self::Bucket
            | Self::Object
            | Self::SecurityGroup
            | Self::Subnet
            | Self::InvocationLog
            | Self::IdentityUser
            | Self::Address
            | Self::Domain
            | Self::Account
            | Self::Container => Reach::Global,
            Self::Role | Self::Session | Self::User | Self::InstanceProfile => Reach::Account,
            Self::Snapshot
            | Self::Function
            | Self::Database
            | Self::Table
            | Self::Cluster
            | Self::Pod
            | Self::Task
            | Self::Endpoint
            | Self::Model
            | Self::Notebook
            | Self::TrainingJob
            | Self::Secret
            | Self::Key
            | Self::Image
            | Self::Trail
            | Self::LogGroup
            | Self::WebAcl
            | Self::UserPool
            | Self::PoolUser
            | Self::Node
            | Self::Detector
            | Self::Recorder
            | Self::Other => Reach::Region,
        }
    }

    /// Whether it is something of the organisation's, rather than what an attacker brings along: what can be contained,
    /// preserved, or hold data.
    pub fn is_own(self) -> bool {
        !matches!(self, Self::Address | Self::Domain | Self::Account | Self::Image | Self::Other)
    }
}

impl Entity {
    /// Whether an access key is long-term or temporary, by the prefix of its id (IAM user guide, "Unique identifiers").
    pub fn key_term(&self) -> Option<KeyTerm> {
        if self.kind != EntityKind::AccessKey {
            None
        } else if self.id.starts_with("AKIA") {
            Some(KeyTerm::LongTerm)
        } else if self.id.starts_with("ASIA") {
            Some(KeyTerm::Temporary)
        } else {
            None
        }
    }
}
