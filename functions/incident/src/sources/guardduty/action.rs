//! What was done, by whom, from where: `service.action` of a GuardDuty finding, which ASFF carries as `Action`.

use crate::finding::EntityKind as Kind;
use crate::sources::entities::Entities;
use crate::sources::node::Node;
use crate::sources::resource_type;

/// Names the other side. Every kind of action uses the same members for it, so a new kind is read as well.
/// `cluster` is the name of the one whose Kubernetes API was called.
pub(in crate::sources) fn read<'v>(
    entities: &mut Entities<'v>,
    action: &Node<'v, '_>,
    account: &'v str,
    cluster: Option<&'v str>,
) {
    for (_, action) in action.members().filter(|(_, action)| action.is_object()) {
        remote(entities, &action);
        for probe in action.get("portProbeDetails").items() {
            remote(entities, &probe);
        }
        for callers in ["sourceIPs", "sourceIps"] {
            action.get(callers).texts().for_each(|caller| entities.add_address(Some(caller)));
        }
        match action.get("resource").text() {
            Some("pods") => pod(entities, &action),
            Some("nodes") => node(entities, &action, cluster),
            _ => {}
        }
        entities.add_domain(action.get("domain").text());
        entities.add_domain(action.get("domainDetails").get("domain").text());
        entities.add_if(Kind::NetworkInterface, action.get("localNetworkInterface").text());
        entities.add_account(action.get("remoteAccountDetails").get("accountId").text(), account);
        for (kind, affected) in action.get("affectedResources").members() {
            affected.texts().for_each(|id| entities.add_hinted(resource_type::kind(kind), id));
        }
    }
}

/// The pod that a call of the Kubernetes API was about, such as one that a command was run in.
fn pod<'v>(entities: &mut Entities<'v>, call: &Node<'v, '_>) {
    if let (Some(namespace), Some(name)) = (call.get("namespace").text(), call.get("resourceName").text()) {
        entities.add_within(Kind::Pod, namespace, name);
    }
}

/// The node that a call of the Kubernetes API was about, such as one whose kubelet was called through it.
fn node<'v>(entities: &mut Entities<'v>, call: &Node<'v, '_>, cluster: Option<&'v str>) {
    if let (Some(cluster), Some(name)) = (cluster, call.get("resourceName").text()) {
        entities.add_within(Kind::Node, cluster, name);
    }
}

fn remote<'v>(entities: &mut Entities<'v>, action: &Node<'v, '_>) {
    let details = action.get("remoteIpDetails");
    entities.add_address(details.get("ipAddressV4").text());
    entities.add_address(details.get("ipAddressV6").text());
}
