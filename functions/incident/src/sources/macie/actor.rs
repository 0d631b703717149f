//! Who changed the bucket: `policyDetails.actor` of a policy finding.

use crate::finding::EntityKind as Kind;
use crate::sources::entities::{Entities, Principal, PrincipalKind};
use crate::sources::node::Node;

/// Names the caller, the address that it called from, and the domain.
pub(super) fn read<'v>(entities: &mut Entities<'v>, actor: &Node<'v, '_>, account: &'v str) {
    let identity = actor.get("userIdentity");
    // One of these is there for each kind of caller; of the others there is nothing, or `null`.
    for (name, kind) in [
        ("assumedRole", PrincipalKind::Role),
        ("federatedUser", PrincipalKind::Session),
        ("iamUser", PrincipalKind::User),
        ("root", PrincipalKind::Root),
    ] {
        let caller = identity.get(name);
        if caller.is_object() {
            self::caller(entities, &caller, kind, account);
        }
    }
    entities.add_account(identity.get("awsAccount").get("accountId").text(), account);
    let address = actor.get("ipAddressDetails");
    entities.add_address(address.get("ipAddressV4").text());
    entities.add_address(address.get("ipAddressV6").text());
    entities.add_domain(actor.get("domainDetails").get("domainName").text());
}

fn caller<'v>(entities: &mut Entities<'v>, caller: &Node<'v, '_>, kind: PrincipalKind, account: &'v str) {
    let arn = caller.get("arn").text();
    if caller.get("accountId").text().is_some_and(|owner| owner != account) {
        entities.add_account(caller.get("accountId").text(), account);
        return entities.add_outsider(arn, account);
    }
    let id = caller.get("principalId").text();
    let session = caller.get("sessionContext");
    let issuer = session.get("sessionIssuer");
    if kind == PrincipalKind::Root {
        entities.add(Kind::RootUser, account, arn);
    } else if kind != PrincipalKind::Role || id.is_none() {
        entities.add_arn(arn);
    }
    entities.add_arn(issuer.get("arn").text());
    entities.add_principal(Principal {
        kind,
        name: match kind {
            PrincipalKind::Role => issuer.get("userName").text(),
            PrincipalKind::User => caller.get("userName").text(),
            PrincipalKind::Root | PrincipalKind::Session | PrincipalKind::Service => None,
        },
        id,
        key: caller.get("accessKeyId").text(),
        own_account: account,
    });
}
