//! Gathers what a document names, in its order and without repeats.

use super::arn::Arn;
use super::resource_type;
use crate::address;
use crate::finding::{Entity, EntityKind};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::Ipv6Addr;

/// The longest id, in bytes: an ARN has at most 2,048 characters (IAM user guide, "Quotas"), the key of an object 1,024 bytes.
const MAX_ID: usize = 2048;

/// The entities named so far. They borrow from the document until [`Entities::finish`].
#[derive(Default)]
pub(crate) struct Entities<'v> {
    named: Vec<Named<'v>>,
}

struct Named<'v> {
    kind: EntityKind,
    id: Cow<'v, str>,
    arn: Option<Cow<'v, str>>,
}

/// Where what a document names without an ARN lies.
#[derive(Clone, Copy)]
pub(crate) struct Site<'v> {
    pub(crate) account: &'v str,
    pub(crate) region: Option<&'v str>,
}

impl<'v> Entities<'v> {
    /// Names one thing. A blank id, what exporters write for a missing one, and what is longer than any id, name nothing.
    pub(crate) fn add(&mut self, kind: EntityKind, id: impl Into<Cow<'v, str>>, arn: Option<&'v str>) {
        self.push(kind, id.into(), arn.map(Cow::Borrowed));
    }

    fn push(&mut self, kind: EntityKind, id: Cow<'v, str>, arn: Option<Cow<'v, str>>) {
        if id.is_empty() || id.len() > MAX_ID || matches!(&*id, "null" | "None" | "-" | "N/A") {
            return;
        }
        self.named.push(Named { kind, id, arn: arn.filter(|arn| arn.starts_with("arn:") && arn.len() <= MAX_ID) });
    }

    /// Names what lies within something else: an object in a bucket, a pod in a namespace. The outer name is copied for each
    /// inner one, so its length counts before that.
    pub(crate) fn add_within(&mut self, kind: EntityKind, outer: &str, inner: &str) {
        if outer.len().saturating_add(inner.len()) < MAX_ID {
            self.add(kind, format!("{outer}/{inner}"), None);
        }
    }

    /// Names what lies at `site` by its type, in any vocabulary of [`resource_type`], and its ARN or id. Where only the ARN
    /// tells which service's it is, it gets one.
    pub(crate) fn add_typed(&mut self, named: Option<&str>, id: &'v str, site: Site<'_>) {
        let kind = named.and_then(resource_type::kind);
        let arn = || {
            let (named, region) = (named?, site.region?);
            let is_bare = !id.contains(char::is_whitespace) && !id.starts_with("arn:");
            // The place is copied for each thing in it, so its length counts before that.
            let length = id.len().saturating_add(site.account.len()).saturating_add(region.len());
            (is_bare && length < MAX_ID).then(|| resource_type::arn(named, region, site.account, id))?
        };
        match kind.and_then(|kind| Some((kind, arn()?))) {
            Some((kind, arn)) => self.push(kind, Cow::Borrowed(id), Some(Cow::Owned(arn))),
            None => self.add_hinted(kind, id),
        }
    }

    /// Names what `id` says, if anything.
    pub(crate) fn add_if(&mut self, kind: EntityKind, id: Option<&'v str>) {
        if let Some(id) = id {
            self.add_hinted(Some(kind), id);
        }
    }

    /// Names what an ARN or an id stands for. An ARN knows best what it names; `hint` is the kind that the document
    /// gives, for an id that is no ARN and for an ARN of a service that is not known here.
    pub(crate) fn add_hinted(&mut self, hint: Option<EntityKind>, text: &'v str) {
        let Some(arn) = Arn::parse(text) else {
            return self.add_plain(hint.unwrap_or(EntityKind::Other), text);
        };
        match arn.entity() {
            Some((kind, id)) => self.add(kind, id, Some(text)),
            None => {
                let kind = hint.unwrap_or(EntityKind::Other);
                let id = if kind == EntityKind::Other { arn.resource } else { tail(arn.resource) };
                self.add(kind, id, Some(text));
            }
        }
        if let Some(role) = arn.role_of_session() {
            self.add(EntityKind::Role, role, None);
        }
        if let Some(bucket) = arn.bucket_of_object() {
            self.add(EntityKind::Bucket, bucket, None);
        }
    }

    /// Names what an ARN stands for; any other text names nothing.
    pub(crate) fn add_arn(&mut self, text: Option<&'v str>) {
        if let Some(text) = text.filter(|text| Arn::parse(text).is_some()) {
            self.add_hinted(None, text);
        }
    }

    /// What has a space in it is a remark of the exporter (`No trails`), not an id that an API takes. An alias is no key: which
    /// one it stands for changes. A version of a function is not stopped without the function.
    fn add_plain(&mut self, kind: EntityKind, id: &'v str) {
        let is_remark = kind != EntityKind::Object && id.contains(char::is_whitespace);
        // What begins like an ARN and is none is nobody's id.
        let kind = if id.starts_with("arn:") { EntityKind::Other } else { kind };
        let is_alias = kind == EntityKind::Key && id.starts_with("alias/");
        if !is_remark && !is_alias {
            let version = if kind == EntityKind::Function { id.split_once(':') } else { None };
            self.add(kind, version.map_or(id, |(function, _)| function), None);
        }
    }

    /// An address that can be on the other side of a connection. One of IPv4 stays one in the form of IPv6 (`::ffff:192.0.2.1`).
    pub(crate) fn add_address(&mut self, text: Option<&'v str>) {
        if let Some(text) = text.filter(|text| !matches!(*text, "0.0.0.0" | "::" | "0:0:0:0:0:0:0:0")) {
            let mapped = text.parse().ok().and_then(|address: Ipv6Addr| address.to_ipv4_mapped());
            let address = mapped.map_or(Cow::Borrowed(text), |address| Cow::Owned(address.to_string()));
            self.add(EntityKind::Address, address, None);
        }
    }

    /// An address that is not of a private network: for formats that do not say which end of a connection is remote.
    pub(crate) fn add_public_address(&mut self, text: Option<&'v str>) {
        let is_public = |text: &&str| text.parse().is_ok_and(address::is_public);
        self.add_address(text.filter(is_public));
    }

    /// A domain name, unless it is a service principal (`cloudformation.amazonaws.com`): that is AWS calling for the account.
    pub(crate) fn add_domain(&mut self, text: Option<&'v str>) {
        if let Some(domain) = text.map(|text| text.trim_end_matches('.')).filter(|domain| !is_service_principal(domain))
        {
            self.add(EntityKind::Domain, domain, None);
        }
    }

    /// An account, unless it is the finding's own: that one is no resource.
    pub(crate) fn add_account(&mut self, account: Option<&'v str>, own: &str) {
        if let Some(account) = account.filter(|account| *account != own) {
            self.add(EntityKind::Account, account, None);
        }
    }

    /// Who an ARN names, who may be of another account. Nothing in this account can be done to an outsider, so it is named with
    /// its account, and not as a role or a user that could be taken for one of this account's.
    pub(crate) fn add_outsider(&mut self, arn: Option<&'v str>, own: &str) {
        let Some((text, arn)) = arn.and_then(|text| Some((text, Arn::parse(text)?))) else { return };
        if arn.account.is_empty() || arn.account == own {
            return self.add_hinted(None, text);
        }
        self.add_account(Some(arn.account), own);
        self.add(EntityKind::Other, arn.resource, Some(text));
    }

    /// A principal as IAM describes it: `kind` is its type, `id` its unique id, `key` the credential that it used.
    pub(crate) fn add_principal(&mut self, principal: Principal<'v>) {
        let Principal { kind, name, id, key, own_account } = principal;
        if let Some(key) = key {
            self.add_plain(EntityKind::AccessKey, key.strip_prefix("AWS::IAM::AccessKey:").unwrap_or(key));
        }
        if let Some(name) = name.filter(|name| name.starts_with("arn:")) {
            return self.add_hinted(None, name);
        }
        match kind {
            PrincipalKind::Root => self.add(EntityKind::RootUser, own_account, None),
            PrincipalKind::User => self.add_if(EntityKind::User, name),
            PrincipalKind::Role => self.add_if(EntityKind::Role, name),
            PrincipalKind::Session => self.add_if(EntityKind::Session, name),
            PrincipalKind::Service => {}
        }
        let Some((role_id, session)) = id.and_then(|id| id.split_once(':')) else { return };
        if role_id.starts_with("AROA") {
            self.add(EntityKind::Session, id.unwrap_or_default(), None);
            // The metadata service names the session after the instance that it gave the credentials to.
            if is_instance_id(session) {
                self.add(EntityKind::Instance, session, None);
            }
        }
    }

    /// The entities as they go into the finding.
    pub(crate) fn finish(self) -> Vec<Entity> {
        let mut named: Vec<(usize, Named<'v>)> = self.named.into_iter().enumerate().collect();
        let by_name =
            |left: &Named<'_>, right: &Named<'_>| -> Ordering { (left.kind, &left.id).cmp(&(right.kind, &right.id)) };
        // Of several mentions the first keeps its place, and one with an ARN gives it to it.
        named.sort_by(|(left_at, left), (right_at, right)| by_name(left, right).then(left_at.cmp(right_at)));
        named.dedup_by(|(_, later), (_, earlier)| {
            let same = by_name(later, earlier) == Ordering::Equal;
            if same {
                earlier.arn = earlier.arn.take().or_else(|| later.arn.take());
            }
            same
        });
        named.sort_unstable_by_key(|(at, _)| *at);
        named
            .into_iter()
            .map(|(_, Named { kind, id, arn })| Entity { kind, id: id.into_owned(), arn: arn.map(Cow::into_owned) })
            .collect()
    }
}

/// Who acted.
pub(crate) struct Principal<'v> {
    pub(crate) kind: PrincipalKind,
    pub(crate) name: Option<&'v str>,
    pub(crate) id: Option<&'v str>,
    pub(crate) key: Option<&'v str>,
    pub(crate) own_account: &'v str,
}

/// The types of principal (CloudTrail user guide, `userIdentity.type`) that differ in what a responder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    Root,
    User,
    Role,
    Session,
    /// An AWS service or another account: there is nothing in this account to act on.
    Service,
}

impl PrincipalKind {
    /// Reads the type, and where it is missing or new, the prefix of the unique id.
    pub(crate) fn of(kind: Option<&str>, id: Option<&str>) -> Self {
        match kind.unwrap_or_default() {
            "Root" => Self::Root,
            "IAMUser" | "User" => Self::User,
            "AssumedRole" | "Role" => Self::Role,
            "FederatedUser" | "WebIdentityUser" | "SAMLUser" | "IdentityCenterUser" => Self::Session,
            "AWSService" | "AWSAccount" | "AwsService" | "AwsAccount" => Self::Service,
            _ if id.is_some_and(|id| id.starts_with("AROA")) => Self::Role,
            _ => Self::User,
        }
    }
}

fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-")
        .is_some_and(|digits| (8..=17).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_service_principal(domain: &str) -> bool {
    let service = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"));
    service.is_some_and(|service| !service.contains('.'))
}

fn tail(resource: &str) -> &str {
    resource.rsplit(['/', ':']).next().unwrap_or(resource)
}
