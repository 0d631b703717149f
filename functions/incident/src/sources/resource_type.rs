//! Names of resource types, as four vocabularies write them: ASFF (`AwsEc2Instance`), CloudFormation and OCSF
//! (`AWS::EC2::Instance`), GuardDuty's sequences (`EC2_INSTANCE`) and its `resourceType` (`Instance`).

use super::arn::Arn;
use crate::finding::EntityKind as Kind;

/// The kind of entity of a type's name; `None` for one that is not known.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let folded = folded(name);
    let kind = match folded.strip_prefix("aws").unwrap_or(&folded) {
        "ec2instance" | "instance" => Kind::Instance,
        "ec2networkinterface" => Kind::NetworkInterface,
        "ec2volume" | "ebsvolume" => Kind::Volume,
        "ec2snapshot" | "ebssnapshot" | "rdsdbsnapshot" | "rdsdbclustersnapshot" => Kind::Snapshot,
        "iaminstanceprofile" => Kind::InstanceProfile,
        "iamrole" => Kind::Role,
        "iamaccesskey" | "accesskey" => Kind::AccessKey,
        "iamuser" => Kind::User,
        "s3bucket" | "s3expressdirectorybucket" => Kind::Bucket,
        "s3object" => Kind::Object,
        "lambdafunction" | "lambda" => Kind::Function,
        "rdsdbinstance" | "rdsdbcluster" | "rdslimitlessdb" | "rdsdbshardgroup" | "redshiftcluster" => Kind::Database,
        "dynamodbtable" => Kind::Table,
        "ekscluster" | "ecscluster" | "emrcluster" => Kind::Cluster,
        "kubernetesworkload" | "kubernetespod" | "pod" => Kind::Pod,
        "ecstask" => Kind::Task,
        "container" | "containercontainer" => Kind::Container,
        "sagemakerendpoint" => Kind::Endpoint,
        "sagemakernotebookinstance" => Kind::Notebook,
        "sagemakermodel"
        | "bedrockcustommodel"
        | "bedrockimportedmodel"
        | "bedrockprovisionedmodel"
        | "bedrockcustommodeldeployment"
        | "bedrockinferenceprofile"
        | "bedrockapplicationinferenceprofile"
        | "bedrockpromptrouter" => Kind::Model,
        "secretsmanagersecret" => Kind::Secret,
        "kmskey" => Kind::Key,
        "ec2image" | "ecrcontainerimage" | "ecrimage" | "ecrrepository" => Kind::Image,
        "ec2securitygroup" => Kind::SecurityGroup,
        "ec2subnet" => Kind::Subnet,
        "cloudtrailtrail" => Kind::Trail,
        "logsloggroup" | "cloudwatchlogsloggroup" => Kind::LogGroup,
        "sagemakertrainingjob" => Kind::TrainingJob,
        "wafv2webacl" => Kind::WebAcl,
        "cognitouserpool" => Kind::UserPool,
        "guarddutydetector" => Kind::Detector,
        "configconfigurationrecorder" => Kind::Recorder,
        "account" => Kind::Account,
        _ => return None,
    };
    Some(kind)
}

/// The ARN of what a document names by its type and its bare id. Only of the kinds that several services have, where the ARN
/// tells an action whose it is: a snapshot is of a volume or of a database, a model of SageMaker or of Bedrock.
pub(crate) fn arn(name: &str, region: &str, account: &str, id: &str) -> Option<String> {
    let folded = folded(name);
    let (service, resource) = match folded.strip_prefix("aws").unwrap_or(&folded) {
        "rdsdbinstance" => ("rds", "db:"),
        "rdsdbcluster" => ("rds", "cluster:"),
        "rdsdbsnapshot" => ("rds", "snapshot:"),
        "rdsdbclustersnapshot" => ("rds", "cluster-snapshot:"),
        "sagemakermodel" => ("sagemaker", "model/"),
        _ => return None,
    };
    Some(Arn::written(service, region, account, &format!("{resource}{id}")))
}

fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::kind;
    use crate::finding::EntityKind;

    #[test]
    fn the_vocabularies_agree() {
        for name in ["AwsEc2Instance", "AWS::EC2::Instance", "EC2_INSTANCE", "Instance"] {
            assert_eq!(kind(name), Some(EntityKind::Instance), "{name}");
        }
        for name in ["AwsAccount", "AWS::::Account"] {
            assert_eq!(kind(name), Some(EntityKind::Account), "{name}");
        }
        for name in ["", "Aws", "AwsSnsTopic", "Ünbekannt"] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
