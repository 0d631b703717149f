//! What must hold of a call, beside its name, for it to be a finding.

use super::policy;
use crate::sources::node::Node;

/// A condition, by the name that the table gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The call alone tells.
    Any,
    /// The root user made it, for itself.
    Root,
    /// It switches a detector off, or one of its features.
    Disabled,
    /// A trail's selectors leave out events of the control plane.
    Narrowed,
    /// Invocations of models are logged without their text: what was asked and answered.
    TextOff,
    /// A policy of S3 that lets in everybody.
    PublicPolicy,
    /// A policy that lets in everybody, or another account.
    ForeignPolicy,
    /// An access control list that lets in everybody, or everybody with an AWS account.
    PublicAcl,
    /// At least one of the four settings that block public access is off.
    Unblocked,
    /// A snapshot or image is shared with everybody, an organisation or another account.
    Shared,
    /// Versioning is suspended.
    Suspended,
    /// A rule deletes objects within [`SOON`] days.
    ExpiresSoon,
    /// The caller brought the key that S3 encrypts with (SSE-C), and S3 does not keep it.
    CustomerKey,
}

/// Seven days is what those who hold buckets to ransom set, so that the victim pays at once.
const SOON: f64 = 7.0;

/// The groups of S3's access control lists that are everybody, with or without an AWS account.
const EVERYBODY: [&str; 2] =
    ["http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"];

impl Condition {
    pub(super) fn named(name: &str) -> Option<Self> {
        let condition = match name {
            "any" => Self::Any,
            "root" => Self::Root,
            "disabled" => Self::Disabled,
            "narrowed" => Self::Narrowed,
            "text-off" => Self::TextOff,
            "public-policy" => Self::PublicPolicy,
            "foreign-policy" => Self::ForeignPolicy,
            "public-acl" => Self::PublicAcl,
            "unblocked" => Self::Unblocked,
            "shared" => Self::Shared,
            "suspended" => Self::Suspended,
            "expires-soon" => Self::ExpiresSoon,
            "customer-key" => Self::CustomerKey,
            _ => return None,
        };
        Some(condition)
    }

    /// Whether it holds of a record of CloudTrail whose account is `account`.
    pub(super) fn holds(self, record: &Node<'_, '_>, account: &str) -> bool {
        let parameters = record.get("requestParameters");
        let says = |node: &Node<'_, '_>, word: &str| node.text().is_some_and(|text| text.eq_ignore_ascii_case(word));
        match self {
            Self::Any => true,
            Self::Root => {
                says(&record.get("userIdentity").get("type"), "Root") && parameters.get("userName").text().is_none()
            }
            Self::Disabled => {
                let is_off = |feature: Node<'_, '_>| says(&feature.get("status"), "DISABLED");
                is_false(&parameters.get("enable")) || parameters.get("features").items().any(is_off)
            }
            Self::Narrowed => is_narrowed(&parameters),
            Self::TextOff => is_false(&parameters.get("loggingConfig").get("textDataDeliveryEnabled")),
            Self::PublicPolicy => policy::read(&parameters.get("bucketPolicy"), policy::is_public),
            Self::ForeignPolicy => policy::read(&parameters.get("policy"), |policy| {
                policy::is_public(policy) || policy::names_other_account(policy, account)
            }),
            Self::PublicAcl => is_public_acl(&parameters),
            Self::Unblocked => {
                let block = parameters.get("publicAccessBlockConfiguration");
                let all = ["blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"];
                !all.iter().all(|setting| block.get(setting).is_true())
            }
            Self::Shared => {
                let mut with = false;
                shared_with(&parameters, |receiver| with |= receiver != account);
                with
            }
            Self::Suspended => says(&parameters.get("versioningConfiguration").get("status"), "Suspended"),
            Self::ExpiresSoon => parameters.get("lifecycleConfiguration").get("rule").items().any(|rule| {
                let days = |of: &str, days: &str| rule.get(of).get(days).number().is_some_and(|days| days <= SOON);
                says(&rule.get("status"), "Enabled")
                    && (days("expiration", "days") || days("noncurrentVersionExpiration", "noncurrentDays"))
            }),
            Self::CustomerKey => {
                says(&record.get("additionalEventData").get("SSEApplied"), "SSE_C")
                    || parameters.get("x-amz-server-side-encryption-customer-algorithm").exists()
            }
        }
    }
}

fn is_false(node: &Node<'_, '_>) -> bool {
    node.exists() && !node.is_true()
}

/// Selectors of the older kind say it outright. Of the newer kind, none may select the category of management events, which
/// is all that matters here.
fn is_narrowed(parameters: &Node<'_, '_>) -> bool {
    let older = parameters.get("eventSelectors");
    let is_partial = |selector: &Node<'_, '_>| {
        let kind = selector.get("readWriteType");
        is_false(&selector.get("includeManagementEvents")) || kind.text().is_some_and(|kind| kind != "All")
    };
    let newer = parameters.get("advancedEventSelectors");
    let is_management = |selector: Node<'_, '_>| {
        let fields = selector.get("fieldSelectors");
        let of = |name: &str, value: &str| {
            fields.items().any(|field| {
                field.get("field").text() == Some(name) && field.get("equals").texts().any(|text| text == value)
            })
        };
        of("eventCategory", "Management") && !of("readOnly", "true")
    };
    older.items().any(|selector| is_partial(&selector)) || (newer.exists() && !newer.items().any(is_management))
}

fn is_public_acl(parameters: &Node<'_, '_>) -> bool {
    let grants = parameters.get("accessControlPolicy");
    let grants = grants.get("accessControlList");
    let is_public = |grant: Node<'_, '_>| {
        let uri = grant.get("grantee").get("uri").text().or_else(|| grant.get("grantee").get("URI").text());
        uri.is_some_and(|uri| EVERYBODY.contains(&uri))
    };
    let canned = ["public-read", "public-read-write", "authenticated-read"];
    grants.get("grant").items().any(is_public)
        || parameters.get("x-amz-acl").texts().any(|name| canned.contains(&name))
        || parameters.members().any(|(name, value)| {
            name.starts_with("x-amz-grant-")
                && value.texts().any(|grantees| EVERYBODY.iter().any(|everybody| grantees.contains(everybody)))
        })
}

/// Whom a snapshot or an image is shared with: accounts, `all`, or an organisation's ARN.
pub(super) fn shared_with<'v>(parameters: &Node<'v, '_>, mut receiver: impl FnMut(&'v str)) {
    for permission in ["createVolumePermission", "launchPermission"] {
        for added in parameters.get(permission).get("add").get("items").items() {
            for member in ["userId", "group", "organizationArn", "organizationalUnitArn"] {
                added.get(member).texts().for_each(&mut receiver);
            }
        }
    }
    parameters.get("valuesToAdd").texts().for_each(receiver);
}
