//! What an OCSF finding names: resources, actors, the ends of connections, observables.

use crate::finding::EntityKind as Kind;
use crate::sources::arn::Arn;
use crate::sources::entities::{Entities, Principal, PrincipalKind, Site};
use crate::sources::node::Node;
use crate::sources::resource_type;
use crate::sources::securityhub_asff::details;

/// OCSF `observables[].type_id` of a host name, of an IP address, of the id of a resource and of the id of a credential.
const HOSTNAME: u32 = 1;
const IP_ADDRESS: u32 = 2;
const RESOURCE_UID: u32 = 10;
const CREDENTIAL_UID: u32 = 19;

/// OCSF `connection_info.direction_id` of a connection that came in, and of one that went out.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// Names everything that `finding` holds.
pub(super) fn read<'v>(entities: &mut Entities<'v>, finding: &Node<'v, '_>, site: Site<'v>) {
    let account = site.account;
    // The list until 1.0 was a lone `resource`; a data security finding has its bucket apart.
    for list in ["resources", "resource"] {
        finding.get(list).items().for_each(|resource| self::resource(entities, &resource, site));
    }
    evidence(entities, finding, account);
    finding.get("evidences").items().for_each(|evidence| self::evidence(entities, &evidence, account));
    for observable in finding.get("observables").items() {
        let value = observable.get("value").text();
        match observable.get("type_id").code() {
            Some(HOSTNAME) => entities.add_domain(value),
            Some(IP_ADDRESS) => entities.add_public_address(value),
            Some(RESOURCE_UID) => entities.add_arn(value),
            Some(CREDENTIAL_UID) => entities.add_if(Kind::AccessKey, value.filter(|id| is_access_key(id))),
            _ => {}
        }
    }
}

/// Whether it is a bucket.
pub(super) fn is_bucket(resource: &Node<'_, '_>) -> bool {
    resource.get("type").text().and_then(resource_type::kind) == Some(Kind::Bucket)
}

fn resource<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>, site: Site<'v>) {
    let account = site.account;
    let named = resource.get("type").text();
    let kind = named.and_then(resource_type::kind);
    let id = resource.get("uid").text();
    let arn = id.filter(|id| id.starts_with("arn:")).or_else(|| resource.get("uid_alt").text());
    let arn = arn.filter(|arn| arn.starts_with("arn:"));
    match (kind, id, arn) {
        (Some(Kind::Account), id, _) => {
            entities.add_account(id.and_then(|id| id.strip_prefix("AWS::::Account:").or(Some(id))), account);
        }
        (Some(Kind::AccessKey), ..) => {}
        (kind, _, Some(arn)) => entities.add_hinted(kind, arn),
        (_, Some(id), None) if id != account => entities.add_typed(named, id, site),
        (_, None, None) => {
            resource.get("name").text().into_iter().for_each(|name| entities.add_typed(named, name, site));
        }
        (_, Some(_), None) => {}
    }
    let data = resource.get("data");
    if kind == Some(Kind::AccessKey) || data.get("principal_id").exists() {
        let principal = data.get("principal_id").text();
        entities.add_principal(Principal {
            kind: PrincipalKind::of(data.get("user_type").text(), principal),
            name: data.get("user_name").text(),
            id: principal,
            key: id.filter(|id| !id.starts_with("arn:")).or_else(|| data.get("access_key_id").text()),
            own_account: account,
        });
    }
    instance(entities, &data);
    device(entities, &resource.get("device"));
    details(entities, &data);
}

/// The `data` of an instance: GuardDuty's own block, in snake case.
fn instance<'v>(entities: &mut Entities<'v>, data: &Node<'v, '_>) {
    entities.add_if(Kind::Instance, data.get("instance_id").text());
    for interface in data.get("network_interfaces").items() {
        entities.add_if(Kind::NetworkInterface, interface.get("network_interface_id").text());
    }
    entities.add_if(Kind::InstanceProfile, data.get("iam_instance_profile").get("arn").text());
    entities.add_if(Kind::Image, data.get("image_id").text());
}

/// OCSF's own view of the machine behind a resource.
fn device<'v>(entities: &mut Entities<'v>, device: &Node<'v, '_>) {
    entities.add_if(Kind::Instance, device.get("instance_uid").text());
    for interface in device.get("network_interfaces").items() {
        entities.add_if(Kind::NetworkInterface, interface.get("uid").text());
    }
    let profile = device.get("instance_profile");
    entities.add_if(Kind::InstanceProfile, profile.get("uid_alt").text());
    entities.add_if(Kind::Image, device.get("image").get("uid").text());
    container(entities, &device.get("container"));
}

/// One evidence; a finding of before 1.1 has the same members at its top.
fn evidence<'v>(entities: &mut Entities<'v>, evidence: &Node<'v, '_>, account: &'v str) {
    actor(entities, &evidence.get("actor"), account);
    let direction = evidence.get("connection_info").get("direction_id").code();
    // Of a connection whose direction is known, only the far end is remote.
    for (end, is_near) in [("src_endpoint", direction == Some(OUTBOUND)), ("dst_endpoint", direction == Some(INBOUND))]
    {
        let endpoint = evidence.get(end);
        entities.add_if(Kind::Instance, endpoint.get("instance_uid").text());
        entities.add_if(Kind::NetworkInterface, endpoint.get("interface_uid").text());
        if !is_near {
            entities.add_public_address(endpoint.get("ip").text());
            entities.add_domain(endpoint.get("domain").text());
        }
    }
    entities.add_domain(evidence.get("query").get("hostname").text());
    entities.add_domain(evidence.get("url").get("hostname").text());
    let bucket = evidence.get("databucket");
    entities.add_if(Kind::Bucket, bucket.get("uid").text().or_else(|| bucket.get("name").text()));
    container(entities, &evidence.get("container"));
    device(entities, &evidence.get("device"));
    evidence.get("resources").items().for_each(|resource| entities.add_arn(resource.get("uid").text()));
}

fn container<'v>(entities: &mut Entities<'v>, container: &Node<'v, '_>) {
    entities.add_if(Kind::Container, container.get("uid").text());
    entities.add_if(Kind::Image, container.get("image").get("name").text());
}

/// Whether a credential's id is that of an access key, long-term or temporary.
fn is_access_key(id: &str) -> bool {
    id.starts_with("AKIA") || id.starts_with("ASIA")
}

/// Who acted. `actor.user` is also the operating system's user of a process, who is no IAM principal.
fn actor<'v>(entities: &mut Entities<'v>, actor: &Node<'v, '_>, account: &'v str) {
    let user = actor.get("user");
    let ids = [user.get("uid").text(), user.get("uid_alt").text()];
    let key = user.get("credential_uid").text().or_else(|| actor.get("session").get("credential_uid").text());
    let unique = ids.into_iter().flatten().find(|id| id.starts_with("AROA") || id.starts_with("AIDA"));
    for arn in ids.into_iter().flatten().filter(|id| id.starts_with("arn:")) {
        match Arn::parse(arn).and_then(|arn| arn.role_of_session()).filter(|_| unique.is_some()) {
            // The unique id names the session better than its ARN does.
            Some(role) => entities.add(Kind::Role, role, None),
            None => entities.add_arn(Some(arn)),
        }
    }
    let kind = user.get("type").text();
    if unique.is_some() || key.is_some() || matches!(kind, Some("IAMUser" | "AssumedRole" | "Root" | "FederatedUser")) {
        entities.add_principal(Principal {
            kind: PrincipalKind::of(kind, unique),
            name: user.get("name").text(),
            id: unique,
            key,
            own_account: account,
        });
    }
    entities.add_arn(actor.get("session").get("issuer").text());
    entities.add_account(user.get("account").get("uid").text(), account);
}
