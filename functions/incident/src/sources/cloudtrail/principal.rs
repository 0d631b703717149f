//! Who called: `userIdentity` of a record (CloudTrail user guide, "CloudTrail userIdentity element").

use crate::finding::EntityKind as Kind;
use crate::sources::entities::{Entities, Principal, PrincipalKind};
use crate::sources::node::Node;

/// Names the caller. One of another account is only named as that account: its roles and keys are not this account's, even
/// where they share a name.
pub(super) fn read<'v>(entities: &mut Entities<'v>, identity: &Node<'v, '_>, account: &'v str) {
    let own = identity.get("accountId").text();
    if own.is_some_and(|own| own != account) {
        return entities.add_account(own, account);
    }
    let kind = identity.get("type").text();
    let id = identity.get("principalId").text();
    let key = identity.get("accessKeyId").text();
    let session = identity.get("sessionContext");
    let issuer = session.get("sessionIssuer");
    let named = match kind {
        Some("AssumedRole") => issuer.get("userName").text(),
        // Whoever asked for the federated session: a user or the root user.
        Some("FederatedUser") => identity.get("arn").text().or(id),
        Some("IdentityCenterUser") => None,
        _ => {
            identity.get("arn").text().filter(|arn| !arn.ends_with(":root")).or_else(|| identity.get("userName").text())
        }
    };
    entities.add_principal(Principal { kind: PrincipalKind::of(kind, id), name: named, id, key, own_account: account });
    entities.add_arn(issuer.get("arn").text());
    // A session may carry the person who is behind it, whose store is of another account: that of Identity Center.
    let person = identity.get("onBehalfOf");
    if let Some(user) = person.get("userId").text() {
        entities.add(Kind::IdentityUser, user, person.get("identityStoreArn").text());
    }
    // The unique id names the session better than its ARN does; without one, or without an issuer, the ARN has both.
    if kind == Some("AssumedRole") && (!issuer.exists() || id.is_none_or(|id| !id.contains(':'))) {
        entities.add_arn(identity.get("arn").text());
    }
}
