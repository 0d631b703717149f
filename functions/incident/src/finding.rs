//! A finding: what every source is translated into.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One security finding, whatever service sent it and in whatever format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The source's own identifier, in the form in which it arrived (an id, an ARN, or a URL).
    pub id: String,
    /// The service that made the finding: `guardduty`, `macie`, `securityhub`, …
    pub source: String,
    /// The format it arrived in: `asff`, `ocsf`, or the service's own, which has its name; `unclassified` where no source
    /// claims it.
    pub format: String,
    /// The finding type as the source names it, such as `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// How bad the source thinks it is.
    pub severity: Severity,
    /// How sure it is that the finding means what it says, 0 to 100: the source's own word where it gives one.
    pub confidence: u8,
    /// The AWS account that the finding is about.
    pub account: String,
    /// The region that the finding is about; `None` for a global one.
    pub region: Option<String>,
    /// When the activity was first seen.
    pub first_seen: Option<Timestamp>,
    /// When the activity was last seen.
    pub last_seen: Option<Timestamp>,
    /// When the source last wrote the finding: later than [`Self::last_seen`] where it was archived, or judged anew, and nothing
    /// more was seen.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// A sample that AWS generated: recorded, never acted on.
    pub sample: bool,
    /// Archived, suppressed or resolved at the source: recorded, never acted on.
    pub archived: bool,
    /// The resources and principals that a responder needs.
    pub entities: Vec<Entity>,
    /// What kind of breach this is a sign of.
    pub category: Category,
}

impl Finding {
    /// What is the same however the finding arrived. GuardDuty, Macie and Access Analyzer give their own id bare, and Security
    /// Hub gives it at the end of an ARN; the ARN that Inspector gives is its id everywhere.
    ///
    /// Of two services Security Hub's copy does not carry the id: for Config it is a digest, and for the external access
    /// of Access Analyzer it is the analyzer and the resource, because one copy stands for all findings about a resource.
    /// Such a copy is a finding of its own; the resource that both name leads it to the same incident.
    pub fn identity(&self) -> &str {
        let bare =
            || self.id.rsplit_once("finding/").filter(|(before, id)| before.ends_with([':', '/']) && !id.is_empty());
        match self.source.as_str() {
            "guardduty" | "macie" | "access-analyzer" => bare().map_or(&self.id, |(_, id)| id),
            _ => &self.id,
        }
    }

    /// How new this version of the finding is, for comparison with another of the same. Deliveries come out of order, and
    /// Security Hub leaves its time as it is when a person suppresses a finding, so of two that are as new the closed one
    /// counts.
    pub fn version(&self) -> impl Ord {
        (self.updated_at, self.last_seen, self.archived)
    }

    /// Its entities, each with where it lies.
    pub fn located(&self) -> impl Iterator<Item = Located> {
        self.entities.iter().map(|entity| {
            let mut parts = entity.arn.as_deref().unwrap_or_default().split(':').skip(3);
            let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
            Located {
                account: if is_account { account } else { &self.account }.to_owned(),
                region: if region.is_empty() { self.region.clone() } else { Some(region.to_owned()) },
                entity: entity.clone(),
            }
        })
    }

    /// Whether anything may be done about it: a sample or an archived finding is only recorded.
    pub fn is_actionable(&self) -> bool {
        !self.sample && !self.archived
    }
}

/// Severity on one scale of 0 to 100 for every source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// 0 (informational) to 100 (critical).
    pub score: u8,
    /// The label that belongs to the score.
    pub label: SeverityLabel,
}

/// The labels of the AWS Security Finding Format (ASFF `Severity.Label`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SeverityLabel {
    /// 0.
    Informational,
    /// 1 to 39.
    Low,
    /// 40 to 69.
    Medium,
    /// 70 to 89.
    High,
    /// 90 to 100.
    Critical,
}

impl Severity {
    /// A severity with the label that ASFF gives to `score`; above 100 counts as 100.
    pub fn of(score: u8) -> Self {
        let score = score.min(100);
        let label = match score {
            0 => SeverityLabel::Informational,
            1..=39 => SeverityLabel::Low,
            40..=69 => SeverityLabel::Medium,
            70..=89 => SeverityLabel::High,
            _ => SeverityLabel::Critical,
        };
        Self { score, label }
    }
}

/// A resource or a principal that a finding names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its name in its service: `i-0abc…`, a bucket name, a role name.
    pub id: String,
    /// Its ARN, where the finding gives it.
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
    /// A relational database: instance, cluster or shard group.
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
    /// A KMS key.
    Key,
    /// A machine image or a container image.
    Image,
    /// A security group.
    SecurityGroup,
    /// A CloudTrail trail.
    Trail,
    /// A log group of CloudWatch Logs, such as the one that invocations of models are logged to.
    LogGroup,
    /// A training job of SageMaker.
    TrainingJob,
    /// A web ACL of AWS WAF: the surface of a shop.
    WebAcl,
    /// A user pool of Cognito: the customers' accounts.
    UserPool,
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
            Self::Address => "an address",
            Self::Domain => "a domain",
            Self::Account => "an account",
            Self::Other => "a resource",
        }
    }
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

/// The kinds of breach, which choose the playbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is the breach of its name; `playbooks/` says what each means")]
pub enum Category {
    CredentialCompromise,
    InstanceCompromise,
    ContainerCompromise,
    DatabaseCompromise,
    BucketExposure,
    ResourceExposure,
    DataExfiltration,
    Ransomware,
    AccountTakeover,
    ModelArtifactTheft,
    TrainingDataLeak,
    InferenceLogLeak,
    SnapshotExposure,
    LlmAbuse,
    DefenseEvasion,
    CryptoMining,
    Malware,
    DenialOfService,
    Reconnaissance,
    Misconfiguration,
    Unclassified,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 21] = [
        Self::CredentialCompromise,
        Self::InstanceCompromise,
        Self::ContainerCompromise,
        Self::DatabaseCompromise,
        Self::BucketExposure,
        Self::ResourceExposure,
        Self::DataExfiltration,
        Self::Ransomware,
        Self::AccountTakeover,
        Self::ModelArtifactTheft,
        Self::TrainingDataLeak,
        Self::InferenceLogLeak,
        Self::SnapshotExposure,
        Self::LlmAbuse,
        Self::DefenseEvasion,
        Self::CryptoMining,
        Self::Malware,
        Self::DenialOfService,
        Self::Reconnaissance,
        Self::Misconfiguration,
        Self::Unclassified,
    ];

    /// Its name, as it is written out.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CredentialCompromise => "credential-compromise",
            Self::InstanceCompromise => "instance-compromise",
            Self::ContainerCompromise => "container-compromise",
            Self::DatabaseCompromise => "database-compromise",
            Self::BucketExposure => "bucket-exposure",
            Self::ResourceExposure => "resource-exposure",
            Self::DataExfiltration => "data-exfiltration",
            Self::Ransomware => "ransomware",
            Self::AccountTakeover => "account-takeover",
            Self::ModelArtifactTheft => "model-artifact-theft",
            Self::TrainingDataLeak => "training-data-leak",
            Self::InferenceLogLeak => "inference-log-leak",
            Self::SnapshotExposure => "snapshot-exposure",
            Self::LlmAbuse => "llm-abuse",
            Self::DefenseEvasion => "defense-evasion",
            Self::CryptoMining => "crypto-mining",
            Self::Malware => "malware",
            Self::DenialOfService => "denial-of-service",
            Self::Reconnaissance => "reconnaissance",
            Self::Misconfiguration => "misconfiguration",
            Self::Unclassified => "unclassified",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Category;

    #[test]
    fn a_category_is_written_out_under_one_name() {
        for category in Category::ALL {
            assert_eq!(serde_json::json!(category), category.as_str());
        }
    }
}
