//! `Resources[]` and `ProductFields` of a finding in ASFF.

use crate::finding::EntityKind as Kind;
use crate::sources::entities::{Entities, Principal, PrincipalKind, Site};
use crate::sources::node::Node;
use crate::sources::resource_type;

/// Names a resource and what its details add.
pub(super) fn read<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>, site: Site<'v>) {
    let account = site.account;
    let named = resource.get("Type").text();
    let kind = named.and_then(resource_type::kind);
    let details = resource.get("Details");
    let id = resource.get("Id").text();
    match kind {
        Some(Kind::AccessKey) => access_key(entities, id, &details.get("AwsIamAccessKey"), account),
        // Config writes the type `Other` for the account.
        kind if kind == Some(Kind::Account) || id.is_some_and(|id| id.starts_with("AWS::::Account:")) => {
            entities.add_account(id.and_then(|id| id.strip_prefix("AWS::::Account:")), account);
        }
        _ => match (kind, name(kind, &details)) {
            (Some(kind), Some(name)) if id.is_some_and(|id| id.starts_with("arn:")) => entities.add(kind, name, id),
            (Some(_), Some(name)) => entities.add_typed(named, name, site),
            // An exporter that has no resource to name gives the account's id.
            _ => id.filter(|id| *id != account).into_iter().for_each(|id| entities.add_typed(named, id, site)),
        },
    }
    self::details(entities, &details);
    outsider(entities, details.get("Other").get("External Principal").text(), account);
}

/// Whether it is a bucket.
pub(super) fn is_bucket(resource: &Node<'_, '_>) -> bool {
    resource.get("Type").text().and_then(resource_type::kind) == Some(Kind::Bucket)
}

/// Whom Access Analyzer found to have access: an account, or a principal of one.
fn outsider<'v>(entities: &mut Entities<'v>, principal: Option<&'v str>, account: &'v str) {
    let is_account = |text: &&str| text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    entities.add_account(principal.filter(is_account), account);
    entities.add_outsider(principal, account);
}

/// The name that the resource's service knows it by, where the id may be another: AWS Config writes a user's unique id and
/// a database's resource id into the ARN.
fn name<'v>(kind: Option<Kind>, details: &Node<'v, '_>) -> Option<&'v str> {
    let stated = [
        (Kind::User, "AwsIamUser", "UserName"),
        (Kind::Role, "AwsIamRole", "RoleName"),
        (Kind::Function, "AwsLambdaFunction", "FunctionName"),
        (Kind::Database, "AwsRdsDbInstance", "DBInstanceIdentifier"),
        (Kind::Database, "AwsRdsDbCluster", "DbClusterIdentifier"),
        // SageMaker writes its ARNs in small letters.
        (Kind::Notebook, "AwsSageMakerNotebookInstance", "NotebookInstanceName"),
    ];
    let (_, block, member) =
        stated.into_iter().find(|(of, block, _)| Some(*of) == kind && details.get(block).exists())?;
    details.get(block).get(member).text()
}

fn access_key<'v>(entities: &mut Entities<'v>, id: Option<&'v str>, details: &Node<'v, '_>, account: &'v str) {
    let principal = details.get("PrincipalId").text();
    let user = details.get("UserName").text();
    let kind = details.get("PrincipalType").text().or(user.map(|_| "IAMUser"));
    // What is named as the key is at times the ARN of its user.
    let (arn, key) = if id.is_some_and(|id| id.starts_with("arn:")) { (id, None) } else { (None, id) };
    entities.add_arn(arn);
    entities.add_principal(Principal {
        kind: PrincipalKind::of(kind, principal),
        name: user.or_else(|| details.get("PrincipalName").text()),
        id: principal,
        key: details.get("AccessKeyId").text().or(key),
        own_account: account,
    });
    entities.add_arn(details.get("SessionContext").get("SessionIssuer").get("Arn").text());
}

/// Names what stands beside the resource itself. Also reads the `data` of an OCSF resource, where it holds the same blocks.
pub(in crate::sources) fn details<'v>(entities: &mut Entities<'v>, details: &Node<'v, '_>) {
    for (block, inner) in details.members() {
        match block {
            "AwsEc2Instance" => {
                for interface in inner.get("NetworkInterfaces").items() {
                    entities.add_if(Kind::NetworkInterface, interface.get("NetworkInterfaceId").text());
                }
                entities.add_if(Kind::InstanceProfile, inner.get("IamInstanceProfileArn").text());
                entities.add_if(Kind::Image, inner.get("ImageId").text());
            }
            "AwsEc2NetworkInterface" => {
                entities.add_if(Kind::Instance, inner.get("Attachment").get("InstanceId").text());
            }
            "AwsEc2Volume" => {
                for attachment in inner.get("Attachments").items() {
                    entities.add_if(Kind::Instance, attachment.get("InstanceId").text());
                }
            }
            "AwsLambdaFunction" => entities.add_if(Kind::Role, inner.get("Role").text()),
            "AwsRdsDbInstance" => entities.add_if(Kind::Database, inner.get("DBClusterIdentifier").text()),
            "AwsS3Bucket" => {
                for rule in inner.get("ServerSideEncryptionConfiguration").get("Rules").items() {
                    let default = rule.get("ApplyServerSideEncryptionByDefault");
                    entities.add_if(Kind::Key, default.get("KMSMasterKeyID").text());
                }
            }
            "AwsEcsTask" => entities.add_if(Kind::Cluster, inner.get("ClusterArn").text()),
            "Container" => entities.add_if(Kind::Image, inner.get("ImageName").text()),
            _ => {}
        }
    }
}

/// Names the other side from the flattened fields of a product: `…/remoteIpDetails/ipAddressV4` and the like, which
/// GuardDuty writes below `aws/guardduty/service/` and, until 2020, wrote without that prefix.
pub(super) fn read_product_fields<'v>(entities: &mut Entities<'v>, fields: &Node<'v, '_>, account: &'v str) {
    for (field, value) in fields.members() {
        if field.ends_with("/remoteIpDetails/ipAddressV4") || field.ends_with("/remoteIpDetails/ipAddressV6") {
            entities.add_address(value.text());
        } else if field.ends_with("/dnsRequestAction/domain") {
            entities.add_domain(value.text());
        } else if field.ends_with("/localNetworkInterface") {
            entities.add_if(Kind::NetworkInterface, value.text());
        } else if field.ends_with("/remoteAccountDetails/accountId") {
            entities.add_account(value.text(), account);
        } else if let Some((_, kind)) = field.split_once("/affectedResources/") {
            value.texts().for_each(|id| entities.add_hinted(resource_type::kind(kind), id));
        }
    }
}
