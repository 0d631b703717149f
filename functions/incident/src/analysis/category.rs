//! The category of a finding: from tables for what is known, by form and by resource for what is not.

use super::{Reason, tables};
use crate::finding::{Category, Entity, EntityKind};

/// What a finding shows of itself that its category follows from.
#[derive(Clone, Copy, Debug)]
pub struct Sign<'a, 't> {
    /// Its type: a threat (`Purpose:Resource/Family`), a control (`S3.2`), or the product's own word.
    pub kind: &'a str,
    /// The entries of its taxonomy, `Namespace/Category/Classifier` (ASFF user guide, "Types taxonomy").
    pub types: &'t [&'a str],
    /// Whether it is the result of a check of settings or versions, rather than something that happened.
    pub is_check: bool,
    /// What it names.
    pub entities: &'a [Entity],
}

/// The category of a finding. Total: what nothing is known of is [`Category::Unclassified`].
pub fn category_of(sign: &Sign<'_, '_>) -> Category {
    explain(sign).0
}

/// The category of a finding, and what it follows from.
pub fn explain<'a>(sign: &Sign<'a, '_>) -> (Category, Reason<'a>) {
    let checked = || (sign.is_check || is_control(sign.kind)).then_some((Category::Misconfiguration, Reason::Check));
    let (category, reason) = tables::of_type(sign.kind)
        .or_else(|| tables::of_control(sign.kind))
        .or_else(|| of_rule(sign.kind))
        .or_else(|| of_threat(sign))
        .or_else(|| sign.types.iter().find_map(|entry| of_taxonomy(entry, sign.entities)))
        .or_else(checked)
        .unwrap_or((Category::Unclassified, Reason::Nothing));
    // The types of runtime monitoring are the same for a machine and for a container on it.
    if category == Category::InstanceCompromise && sign.kind.contains(":Runtime/") && names_container(sign.entities) {
        (Category::ContainerCompromise, Reason::Container)
    } else {
        (category, reason)
    }
}

/// The category of a check that passed before and fails now: where it watches over records or watchers, somebody has switched
/// them off.
pub fn category_of_lapse(sign: &Sign<'_, '_>) -> Category {
    tables::of_rule(sign.kind).unwrap_or_else(|| category_of(sign))
}

/// The category of a rule that is not met, as far as that alone tells.
fn of_rule(rule: &str) -> Option<(Category, Reason<'static>)> {
    tables::of_rule(rule).filter(|category| *category != Category::DefenseEvasion).map(|it| (it, Reason::Rule))
}

/// A threat that is in no table: new, or long gone. Its purpose decides where that is enough, else what it affects.
fn of_threat<'a>(sign: &Sign<'a, '_>) -> Option<(Category, Reason<'a>)> {
    let (purpose, rest) = sign.kind.split_once(':')?;
    // Before 2018 some types were written with a space: `Recon:EC2 PortProbeUnprotectedPort`.
    let (resource, family) = rest.split_once(['/', ' '])?;
    let by_purpose = of_purpose(purpose, resource, family).map(|category| (category, Reason::Purpose(purpose)));
    by_purpose
        .or_else(|| of_resource(resource).map(|category| (category, Reason::Resource(resource))))
        .or_else(|| of_entities(sign.entities))
}

/// The category of a threat whose purpose tells enough.
fn of_purpose(purpose: &str, resource: &str, family: &str) -> Option<Category> {
    let category = match purpose {
        "CryptoCurrency" => Category::CryptoMining,
        "Exfiltration" => Category::DataExfiltration,
        "CredentialAccess" | "PenTest" => Category::CredentialCompromise,
        "Discovery" | "Recon" => Category::Reconnaissance,
        "DefenseImpairment" | "Stealth" => Category::DefenseEvasion,
        "DefenseEvasion" if matches!(resource, "IAMUser" | "IAM") => Category::DefenseEvasion,
        "Execution" | "Object" if family.starts_with("MaliciousFile") || family.starts_with("SuspiciousFile") => {
            Category::Malware
        }
        "Trojan" => Category::Malware,
        "Impact" if resource.starts_with("S3") => Category::Ransomware,
        "Impact" if family.contains("Model") || family.contains("Prompt") => Category::LlmAbuse,
        "Backdoor" if family.starts_with("DenialOfService") => Category::DenialOfService,
        // Macie's policy findings are about buckets, though it writes `Policy:IAMUser/S3BucketPublic`.
        "Policy" if resource.starts_with("S3") || family.starts_with("S3Bucket") => Category::BucketExposure,
        "Policy" if matches!(resource, "IAMUser" | "IAM") => Category::CredentialCompromise,
        "Policy" => Category::Misconfiguration,
        // What Macie finds in objects says what data a company has, not that it lost any.
        "SensitiveData" => Category::Misconfiguration,
        // `AttackSequence`, `Persistence`, `UnauthorizedAccess` and their like say how, not what was hit.
        _ => return None,
    };
    Some(category)
}

/// What a compromise of this resource, named as a GuardDuty type names it, is.
fn of_resource(resource: &str) -> Option<Category> {
    let category = match resource {
        "EC2" | "Runtime" | "Instance" | "Lambda" => Category::InstanceCompromise,
        "IAMUser" | "IAM" | "RolesAnywhere" | "Organizations" => Category::CredentialCompromise,
        "Kubernetes" | "EKS" | "ECS" | "Container" => Category::ContainerCompromise,
        "RDS" | "DynamoDB" | "Redshift" => Category::DatabaseCompromise,
        "S3" => Category::DataExfiltration,
        "SageMaker" => Category::ModelArtifactTheft,
        "Bedrock" => Category::LlmAbuse,
        "SES" => Category::DenialOfService,
        _ => return None,
    };
    Some(category)
}

/// What a compromise of the first telling resource is.
fn of_entities(entities: &[Entity]) -> Option<(Category, Reason<'static>)> {
    entities.iter().find_map(|entity| of_kind(entity.kind).map(|category| (category, Reason::Entity(entity.kind))))
}

fn of_kind(kind: EntityKind) -> Option<Category> {
    match kind {
        EntityKind::Instance | EntityKind::NetworkInterface | EntityKind::Volume | EntityKind::Function => {
            Some(Category::InstanceCompromise)
        }
        EntityKind::Pod | EntityKind::Node | EntityKind::Task | EntityKind::Container | EntityKind::Cluster => {
            Some(Category::ContainerCompromise)
        }
        EntityKind::AccessKey
        | EntityKind::User
        | EntityKind::RootUser
        | EntityKind::Role
        | EntityKind::Session
        | EntityKind::Secret
        | EntityKind::IdentityUser
        | EntityKind::InstanceProfile => Some(Category::CredentialCompromise),
        EntityKind::Bucket | EntityKind::Object => Some(Category::DataExfiltration),
        EntityKind::Database | EntityKind::Table => Some(Category::DatabaseCompromise),
        EntityKind::Model | EntityKind::Endpoint => Some(Category::LlmAbuse),
        EntityKind::Notebook | EntityKind::TrainingJob => Some(Category::ModelArtifactTheft),
        EntityKind::Trail | EntityKind::Detector | EntityKind::Recorder | EntityKind::InvocationLog => {
            Some(Category::DefenseEvasion)
        }
        EntityKind::UserPool | EntityKind::PoolUser => Some(Category::AccountTakeover),
        EntityKind::LogGroup
        | EntityKind::WebAcl
        | EntityKind::Snapshot
        | EntityKind::Key
        | EntityKind::Image
        | EntityKind::SecurityGroup
        | EntityKind::Subnet
        | EntityKind::Address
        | EntityKind::Domain
        | EntityKind::Account
        | EntityKind::Other => None,
    }
}

/// The category of an entry of the ASFF taxonomy.
fn of_taxonomy<'a>(entry: &'a str, entities: &[Entity]) -> Option<(Category, Reason<'a>)> {
    let mut parts = entry.split('/').map(str::trim);
    let (namespace, category) = (parts.next()?, parts.next().unwrap_or_default());
    let category = match (namespace, category) {
        ("Effects", "Data Exposure") => exposure_of(entities),
        ("Effects", "Data Exfiltration") | ("TTPs", "Exfiltration" | "Collection") => Category::DataExfiltration,
        ("Effects", "Data Destruction") => Category::Ransomware,
        ("Effects", "Denial of Service") => Category::DenialOfService,
        ("Effects", "Resource Consumption") => Category::CryptoMining,
        ("TTPs", "Credential Access") => Category::CredentialCompromise,
        ("TTPs", "Discovery" | "Reconnaissance") => Category::Reconnaissance,
        ("TTPs", "Defense Evasion") => Category::DefenseEvasion,
        ("Unusual Behaviors", "User") => Category::CredentialCompromise,
        ("Unusual Behaviors", "Database") => Category::DatabaseCompromise,
        ("Unusual Behaviors", "Container") => Category::ContainerCompromise,
        ("TTPs" | "Unusual Behaviors" | "Effects", _) => return of_entities(entities),
        // What Access Analyzer calls a check where access is not public.
        ("Software and Configuration Checks", _) if entry.ends_with("/External Access Granted") => sharing_of(entities),
        // As `SensitiveData` among the purposes of threats.
        ("Software and Configuration Checks" | "Sensitive Data Identifications", _) => Category::Misconfiguration,
        _ => return None,
    };
    Some((category, Reason::Taxonomy(entry)))
}

/// What it is that everybody can reach these.
pub(crate) fn exposure_of(entities: &[Entity]) -> Category {
    let names = |kind: EntityKind| entities.iter().any(|entity| entity.kind == kind);
    if names(EntityKind::Bucket) {
        Category::BucketExposure
    } else if names(EntityKind::Snapshot) {
        Category::SnapshotExposure
    } else {
        Category::ResourceExposure
    }
}

/// What it is that an outsider whom somebody chose can reach these. To trust one with a role or to let one call a function is a
/// way to work together, and a matter of settings; data that somebody else can copy is exposed.
pub(crate) fn sharing_of(entities: &[Entity]) -> Category {
    let is_acted_through =
        |entity: &Entity| matches!(entity.kind, EntityKind::Role | EntityKind::User | EntityKind::Function);
    if entities.iter().any(|entity| entity.kind == EntityKind::Snapshot) {
        Category::SnapshotExposure
    } else if entities.first().is_some_and(is_acted_through) {
        Category::Misconfiguration
    } else {
        Category::ResourceExposure
    }
}

fn names_container(entities: &[Entity]) -> bool {
    entities.iter().any(|entity| matches!(entity.kind, EntityKind::Pod | EntityKind::Task | EntityKind::Container))
}

/// Whether this is the id of a control: `Service.Number`, also below a standard (`PCI.S3.1`).
fn is_control(kind: &str) -> bool {
    kind.contains("/v/")
        || kind.rsplit_once('.').is_some_and(|(service, number)| {
            !number.is_empty()
                && number.bytes().all(|digit| digit.is_ascii_digit())
                && service.starts_with(|first: char| first.is_ascii_alphabetic())
                && service.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'.')
        })
}

#[cfg(test)]
mod tests {
    use super::{Reason, Sign, category_of, category_of_lapse, explain};
    use crate::finding::{Category, Entity, EntityKind};

    fn of(kind: &str, types: &[&str], named: &[EntityKind]) -> Category {
        let entity = |kind: &EntityKind| Entity { kind: *kind, id: "x".to_owned(), arn: None };
        let entities: Vec<Entity> = named.iter().map(entity).collect();
        category_of(&Sign { kind, types, is_check: false, entities: &entities })
    }

    #[test]
    fn known_types() {
        for (kind, category) in [
            ("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS", Category::CredentialCompromise),
            ("Exfiltration:S3/AnomalousBehavior", Category::DataExfiltration),
            ("Impact:S3/AnomalousBehavior.Delete", Category::Ransomware),
            ("Policy:S3/BucketAnonymousAccessGranted", Category::BucketExposure),
            ("Impact:IAMUser/AnomalousModelInvocation", Category::LlmAbuse),
            ("Stealth:IAMUser/CloudTrailLoggingDisabled", Category::DefenseEvasion),
            ("Stealth:IAMUser/PasswordPolicyChange", Category::CredentialCompromise),
            ("Exfiltration:RDS/TransferDataToCloudAccount", Category::SnapshotExposure),
            ("Policy:IAMUser/S3BucketPublic", Category::BucketExposure),
            ("Policy:IAMUser/S3BucketReplicatedExternally", Category::DataExfiltration),
            ("Policy:IAMUser/S3BucketSharedWithCloudFront", Category::ResourceExposure),
            ("SensitiveData:S3Object/Personal", Category::Misconfiguration),
        ] {
            assert_eq!(of(kind, &[], &[]), category, "{kind}");
        }
    }

    #[test]
    fn unknown_types_fall_back_by_purpose_then_by_resource_then_by_entity() {
        for (kind, named, category) in [
            ("Exfiltration:DynamoDB/Bulk", &[][..], Category::DataExfiltration),
            ("Execution:EC2/MaliciousFile!Future", &[], Category::Malware),
            ("UnauthorizedAccess:RDS/Future", &[], Category::DatabaseCompromise),
            ("Impact:Bedrock/Future", &[], Category::LlmAbuse),
            ("Policy:IAMUser/S3BucketFuture", &[], Category::BucketExposure),
            ("SensitiveData:S3Object/Future", &[], Category::Misconfiguration),
            ("Canary:EC2/Stateless.IntegTest", &[EntityKind::Instance], Category::InstanceCompromise),
            ("Future:Unheard/Of", &[EntityKind::Address, EntityKind::Pod], Category::ContainerCompromise),
            ("Future:Unheard/Of", &[], Category::Unclassified),
            ("nonsense", &[EntityKind::Instance], Category::Unclassified),
        ] {
            assert_eq!(of(kind, &[], named), category, "{kind}");
        }
    }

    #[test]
    fn a_runtime_finding_in_a_container_is_about_the_container() {
        let kind = "Execution:Runtime/ReverseShell";
        assert_eq!(of(kind, &[], &[EntityKind::Instance]), Category::InstanceCompromise);
        assert_eq!(of(kind, &[], &[EntityKind::Instance, EntityKind::Pod]), Category::ContainerCompromise);
    }

    #[test]
    fn controls_are_exposures_or_misconfigurations() {
        assert_eq!(of("S3.2", &[], &[]), Category::BucketExposure);
        assert_eq!(of("RDS.2", &[], &[]), Category::ResourceExposure);
        assert_eq!(of("EC2.1", &[], &[]), Category::SnapshotExposure);
        assert_eq!(of("S3.8", &[], &[]), Category::Misconfiguration);
        assert_eq!(of("PCI.IAM.6", &[], &[]), Category::Misconfiguration);
        assert_eq!(of("cis-aws-foundations-benchmark/v/1.2.0/1.3", &[], &[]), Category::Misconfiguration);
    }

    #[test]
    fn a_watcher_that_was_never_on_is_not_one_that_was_switched_off() {
        let sign = |kind| Sign { kind, types: &[], is_check: true, entities: &[] };
        assert_eq!(category_of(&sign("cloudtrail-enabled")), Category::Misconfiguration);
        assert_eq!(category_of_lapse(&sign("cloudtrail-enabled")), Category::DefenseEvasion);
        assert_eq!(category_of_lapse(&sign("s3-bucket-public-read-prohibited")), Category::BucketExposure);
        assert_eq!(category_of_lapse(&sign("required-tags")), Category::Misconfiguration);
        assert_eq!(explain(&sign("s3-bucket-public-read-prohibited")), (Category::BucketExposure, Reason::Rule));
    }

    #[test]
    fn the_taxonomy_of_other_products() {
        let exposure = ["Effects/Data Exposure/PCI-DSS"];
        assert_eq!(of("x", &exposure, &[EntityKind::Bucket]), Category::BucketExposure);
        assert_eq!(of("x", &exposure, &[EntityKind::Snapshot]), Category::SnapshotExposure);
        assert_eq!(of("x", &exposure, &[EntityKind::Image]), Category::ResourceExposure);
        assert_eq!(of("x", &["TTPs/Lateral Movement"], &[EntityKind::Instance]), Category::InstanceCompromise);
        assert_eq!(
            of("x", &["Software and Configuration Checks/Vulnerabilities/CVE"], &[]),
            Category::Misconfiguration
        );
        let sharing = ["Software and Configuration Checks/AWS Security Best Practices/External Access Granted"];
        assert_eq!(of("x", &sharing, &[EntityKind::Snapshot]), Category::SnapshotExposure);
        assert_eq!(of("x", &sharing, &[EntityKind::Bucket]), Category::ResourceExposure);
        assert_eq!(of("x", &sharing, &[EntityKind::Role]), Category::Misconfiguration);
        assert_eq!(of("x", &["Sensitive Data Identifications/PII"], &[]), Category::Misconfiguration);
        assert_eq!(of("x", &["Infrastructure Security"], &[]), Category::Unclassified);
    }

    #[test]
    fn every_way_to_a_category_has_its_reason() {
        let pod = [Entity { kind: EntityKind::Pod, id: "x".to_owned(), arn: None }];
        let entry = "TTPs/Discovery";
        for (kind, types, entities, reason) in [
            ("Recon:EC2/Portscan", &[][..], &pod[..], Reason::GuardDutyType),
            ("Policy:IAMUser/S3BucketPublic", &[], &pod, Reason::MacieType),
            ("S3.2", &[], &pod, Reason::Control),
            ("Recon:Future/Unheard", &[], &pod, Reason::Purpose("Recon")),
            ("Persistence:EC2/Future", &[], &pod, Reason::Resource("EC2")),
            ("Future:Unheard/Of", &[], &pod, Reason::Entity(EntityKind::Pod)),
            ("own-tool", &[entry], &pod, Reason::Taxonomy(entry)),
            ("own-tool", &["TTPs/Lateral Movement"], &pod, Reason::Entity(EntityKind::Pod)),
            ("Execution:Runtime/ReverseShell", &[], &pod, Reason::Container),
            ("S3.8", &[], &pod, Reason::Check),
            ("own-tool", &[], &pod, Reason::Nothing),
        ] {
            let (_, found) = explain(&Sign { kind, types, is_check: false, entities });
            assert_eq!(found, reason, "{kind}");
            assert!(!found.to_string().is_empty() && !found.as_str().is_empty());
        }
    }
}
