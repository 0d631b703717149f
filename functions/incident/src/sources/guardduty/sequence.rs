//! An attack sequence: GuardDuty's correlation of signals, in `service.detection.sequence`, which ASFF carries as
//! `Detection.Sequence`. It stands in place of the resource blocks.

use crate::finding::EntityKind as Kind;
use crate::sources::entities::{Entities, Principal, PrincipalKind};
use crate::sources::node::Node;
use crate::sources::resource_type;

/// Names its actors, its resources and its endpoints.
pub(in crate::sources) fn read<'v>(entities: &mut Entities<'v>, sequence: &Node<'v, '_>, account: &'v str) {
    sequence.get("actors").items().for_each(|actor| self::actor(entities, &actor, account));
    sequence.get("resources").items().for_each(|resource| self::resource(entities, &resource, account));
    for endpoint in sequence.get("endpoints").items() {
        entities.add_address(endpoint.get("ip").text());
        entities.add_domain(endpoint.get("domain").text());
    }
    indicators(entities, &sequence.get("sequenceIndicators"));
    for signal in sequence.get("signals").items() {
        indicators(entities, &signal.get("signalIndicators"));
    }
}

/// Names the addresses and domains that made GuardDuty suspicious; the values of other indicators are no entities.
fn indicators<'v>(entities: &mut Entities<'v>, indicators: &Node<'v, '_>) {
    for indicator in indicators.items() {
        let values = indicator.get("values");
        match indicator.get("key").text() {
            Some("MALICIOUS_IP" | "TOR_IP" | "CRYPTOMINING_IP") => {
                values.texts().for_each(|address| entities.add_public_address(Some(address)));
            }
            Some("MALICIOUS_DOMAIN" | "CRYPTOMINING_DOMAIN") => {
                values.texts().for_each(|domain| entities.add_domain(Some(domain)));
            }
            _ => {}
        }
    }
}

fn actor<'v>(entities: &mut Entities<'v>, actor: &Node<'v, '_>, account: &'v str) {
    let user = actor.get("user");
    if user.is_object() {
        let id = user.get("uid").text();
        entities.add_principal(Principal {
            kind: PrincipalKind::of(user.get("type").text(), id),
            name: user.get("name").text(),
            id,
            key: user.get("credentialUid").text(),
            own_account: account,
        });
        entities.add_account(user.get("account").get("uid").text(), account);
    }
    // The issuer of a session is the ARN of the role that was assumed.
    entities.add_arn(actor.get("session").get("issuer").text());
}

fn resource<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>, account: &'v str) {
    let kind = resource.get("resourceType").text().and_then(resource_type::kind);
    // A sequence spans the accounts of its members.
    entities.add_account(resource.get("accountId").text(), account);
    let data = resource.get("data");
    let key = data.get("accessKey");
    if key.is_object() {
        let id = key.get("principalId").text();
        entities.add_principal(Principal {
            kind: PrincipalKind::of(key.get("userType").text(), id),
            name: key.get("userName").text(),
            id,
            key: resource.get("uid").text(),
            own_account: account,
        });
    } else if kind == Some(Kind::Pod) {
        pod(entities, resource);
    } else if let Some(id) = resource.get("uid").text().or_else(|| resource.get("name").text()) {
        entities.add_hinted(kind, id);
    }
    for (_, block) in data.members() {
        for (list, kind) in [
            ("ec2InstanceUids", Kind::Instance),
            ("ec2NetworkInterfaceUids", Kind::NetworkInterface),
            ("s3ObjectUids", Kind::Object),
            ("containerUids", Kind::Container),
        ] {
            block.get(list).texts().for_each(|id| entities.add_hinted(Some(kind), id));
        }
        entities.add_if(Kind::InstanceProfile, block.get("iamInstanceProfile").get("arn").text());
        entities.add_if(Kind::Key, block.get("encryptionKeyArn").text());
        // The name of an image is what a registry takes; its digest alone is not.
        entities.add_if(Kind::Image, block.get("image").text());
    }
}

fn pod<'v>(entities: &mut Entities<'v>, resource: &Node<'v, '_>) {
    let name = resource.get("name").text().or_else(|| resource.get("uid").text());
    let namespace = resource.get("data").get("kubernetesWorkload").get("namespace").text();
    match (namespace, name) {
        (Some(namespace), Some(name)) => entities.add_within(Kind::Pod, namespace, name),
        (None, Some(name)) => entities.add(Kind::Pod, name, None),
        (_, None) => {}
    }
}
