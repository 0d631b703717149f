//! The resources of an Inspector finding, and the way on which the internet reaches one.

use crate::finding::EntityKind as Kind;
use crate::sources::entities::Entities;
use crate::sources::node::Node;
use crate::sources::resource_type;

/// Names a resource and what its details add. The instance's own addresses are not named: they are no other side.
pub(super) fn read<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>) {
    let kind = resource.get("type").text().and_then(resource_type::kind);
    let details = resource.get("details");
    let function = details.get("awsLambdaFunction");
    let image = details.get("awsEcrContainerImage");
    match (resource.get("id").text(), function.get("functionName").text(), image.get("repositoryName").text()) {
        (Some(id), _, _) => entities.add_hinted(kind, id),
        (None, Some(name), _) => entities.add(Kind::Function, name, None),
        (None, None, Some(name)) => match image.get("imageHash").text() {
            Some(digest) => entities.add(Kind::Image, format!("{name}/{digest}"), None),
            None => entities.add(Kind::Image, name, None),
        },
        (None, None, None) => {
            entities.add_if(Kind::Other, details.get("codeRepository").get("projectName").text());
        }
    }
    let instance = details.get("awsEc2Instance");
    entities.add_if(Kind::InstanceProfile, instance.get("iamInstanceProfileArn").text());
    entities.add_if(Kind::Image, instance.get("imageId").text());
    entities.add_if(Kind::Role, function.get("executionRoleArn").text());
    for group in function.get("vpcConfig").get("securityGroupIds").texts() {
        entities.add(Kind::SecurityGroup, group, None);
    }
}

/// Names what of the path is the resource's own. Gateways, subnets and network ACLs belong to all that is in the network:
/// what shares only these has nothing to do with each other.
pub(super) fn read_path<'v>(entities: &mut Entities<'v>, path: &Node<'v, '_>) {
    for step in path.get("steps").items() {
        let kind = step.get("componentType").text().and_then(resource_type::kind);
        let id = step.get("componentId").text().or_else(|| step.get("componentArn").text());
        if let (Some(kind @ (Kind::Instance | Kind::NetworkInterface | Kind::SecurityGroup)), Some(id)) = (kind, id) {
            entities.add_hinted(Some(kind), id);
        }
    }
}
