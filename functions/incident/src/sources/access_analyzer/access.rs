//! What access a finding is about: who has it, and what that means.

use crate::analysis::{exposure_of, sharing_of};
use crate::finding::{Category, Entity, EntityKind as Kind, Severity};
use crate::sources::entities::Entities;
use crate::sources::node::Node;
use crate::sources::severity::UNSTATED;
use std::borrow::Cow;

/// The access that a finding reports.
pub(super) struct Access<'v> {
    /// Its type as version 2 of the API names it: `ExternalAccess`, `UnusedIAMRole`, …
    pub(super) kind: Cow<'v, str>,
    /// How far it reaches.
    pub(super) reach: Reach,
}

/// How far access reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everybody.
    Public,
    /// Somebody outside of the account or organisation that the analyzer trusts.
    External,
    /// Somebody within it.
    Internal,
    /// Nobody uses it.
    Unused,
    /// The analyzer could not look (`ACCESS_DENIED`, `INTERNAL_ERROR`).
    Unknown,
}

impl<'v> Access<'v> {
    /// Reads the access of `finding`. External findings carried no type before version 2, and their events still do not.
    pub(super) fn of(finding: &Node<'v, '_>) -> Self {
        let kind = finding.get("findingType").text().unwrap_or("ExternalAccess");
        let details = finding.get("findingDetails");
        let is_public =
            is_public(finding) || details.items().any(|detail| detail.members().any(|(_, detail)| is_public(&detail)));
        let reach = if finding.get("error").exists() {
            Reach::Unknown
        } else if kind.starts_with("Unused") {
            Reach::Unused
        } else if kind == "InternalAccess" {
            Reach::Internal
        } else if is_public {
            Reach::Public
        } else {
            Reach::External
        };
        Self { kind: Cow::Borrowed(kind), reach }
    }

    /// What follows from it for what the finding names, the resource first, whose type it gives as `named`.
    pub(super) fn category(&self, entities: &[Entity], named: Option<&str>) -> Category {
        match self.reach {
            Reach::Internal | Reach::Unused | Reach::Unknown => Category::Misconfiguration,
            Reach::Public => exposure_of(entities),
            // A layer is code that is shared so that others may use it.
            Reach::External if named == Some("AWS::Lambda::LayerVersion") => Category::Misconfiguration,
            Reach::External => sharing_of(entities),
        }
    }

    /// The analyzer gives no severity. What is open to everybody is found by scanners within hours; an outsider's access may
    /// be meant; what stays within, or is not used, is a matter of tidiness; and a failed analysis says nothing.
    pub(super) fn severity(&self) -> Severity {
        Severity::of(match self.reach {
            Reach::Public => 70,
            Reach::External => UNSTATED,
            Reach::Internal | Reach::Unused => 1,
            Reach::Unknown => 0,
        })
    }

    /// The end of a sentence that begins with the resource: the analyzer gives no title.
    pub(super) fn said(&self) -> &'static str {
        match self.reach {
            Reach::Public => "is open to the public",
            Reach::External => "can be reached from outside the zone of trust",
            Reach::Internal => "can be reached by a principal within the zone of trust",
            Reach::Unused => "has access that nobody uses",
            Reach::Unknown => "could not be analyzed for access",
        }
    }
}

/// Whether everybody has access; the principal says so where the flag is missing.
fn is_public(access: &Node<'_, '_>) -> bool {
    let flag = access.get("isPublic");
    flag.is_true() || (!flag.exists() && access.get("principal").get("AWS").text() == Some("*"))
}

/// Names who has the access, and the access point that it goes through.
pub(super) fn name<'v>(entities: &mut Entities<'v>, access: &Node<'v, '_>, account: &'v str) {
    for (kind, principal) in access.get("principal").members() {
        let Some(principal) = principal.text().filter(|principal| *principal != "*") else { continue };
        match kind {
            "Federated" | "Service" if !principal.starts_with("arn:") => entities.add_domain(Some(principal)),
            "CanonicalUser" => entities.add(Kind::Other, principal, None),
            _ if principal.starts_with("arn:") => entities.add_outsider(Some(principal), account),
            _ => entities.add_account(Some(principal), account),
        }
    }
    entities.add_account(access.get("principalOwnerAccount").text(), account);
    for source in access.get("sources").items() {
        let detail = source.get("detail");
        entities.add_arn(detail.get("accessPointArn").text());
        entities.add_account(detail.get("accessPointAccount").text(), account);
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Reach};
    use crate::finding::{Category, Entity, EntityKind as Kind};
    use crate::sources::node::Node;
    use serde_json::{Value, json};

    fn reach(finding: Value) -> Reach {
        Access::of(&Node::root(&finding)).reach
    }

    #[test]
    fn reach_follows_from_error_type_flag_and_principal() {
        for (finding, expected) in [
            (json!({"isPublic": true}), Reach::Public),
            (json!({"isPublic": "true"}), Reach::Public),
            (json!({"isPublic": false, "principal": {"AWS": "*"}}), Reach::External),
            (json!({"principal": {"AWS": "*"}}), Reach::Public),
            (json!({"principal": {"AWS": "444455556666"}}), Reach::External),
            (json!({"findingDetails": [{"externalAccessDetails": {"isPublic": true}}]}), Reach::Public),
            (json!({"findingType": "ExternalAccess"}), Reach::External),
            (json!({"findingType": "InternalAccess", "isPublic": true}), Reach::Internal),
            (json!({"findingType": "UnusedPermission"}), Reach::Unused),
            (json!({"error": "ACCESS_DENIED", "isPublic": true}), Reach::Unknown),
            (json!({}), Reach::External),
        ] {
            assert_eq!(reach(finding.clone()), expected, "{finding}");
        }
    }

    #[test]
    fn the_category_follows_from_reach_and_resource() {
        let of = |reach: Reach, kind: Kind, named: &str| {
            let resource = [Entity { kind, id: "x".to_owned(), arn: None }];
            Access { kind: "ExternalAccess".into(), reach }.category(&resource, Some(named))
        };
        for (reach, kind, named, expected) in [
            (Reach::Public, Kind::Bucket, "AWS::S3::Bucket", Category::BucketExposure),
            (Reach::External, Kind::Bucket, "AWS::S3::Bucket", Category::ResourceExposure),
            (Reach::Public, Kind::Snapshot, "AWS::EC2::Snapshot", Category::SnapshotExposure),
            (Reach::External, Kind::Snapshot, "AWS::RDS::DBSnapshot", Category::SnapshotExposure),
            (Reach::Public, Kind::Other, "AWS::SQS::Queue", Category::ResourceExposure),
            (Reach::External, Kind::Other, "AWS::EFS::FileSystem", Category::ResourceExposure),
            (Reach::Public, Kind::Role, "AWS::IAM::Role", Category::ResourceExposure),
            (Reach::External, Kind::Role, "AWS::IAM::Role", Category::Misconfiguration),
            (Reach::External, Kind::Other, "AWS::Lambda::LayerVersion", Category::Misconfiguration),
            (Reach::Internal, Kind::Bucket, "AWS::S3::Bucket", Category::Misconfiguration),
            (Reach::Unused, Kind::User, "AWS::IAM::User", Category::Misconfiguration),
            (Reach::Unknown, Kind::Snapshot, "AWS::EC2::Snapshot", Category::Misconfiguration),
        ] {
            assert_eq!(of(reach, kind, named), expected, "{reach:?} {named}");
        }
    }
}
