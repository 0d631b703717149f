//! The small role that a function has in the account where it acts; in its own account too, so that there is one way.

use super::Sdk;
use super::failure::{code_of, failed};
use crate::clock;
use aws_config::{Region, SdkConfig};
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use incident::Failure;
use incident::containment::Place;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// A session is left alone this long before its end, which is longer than any function runs.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// A role that `infra/member.yaml` makes in every account, and who assumes it.
#[derive(Clone, Debug)]
pub struct MemberRole {
    /// The partition of role ARNs: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The role's name, the same in every account.
    pub name: String,
    /// The function, by whose name CloudTrail shows the session.
    pub function: String,
}

impl MemberRole {
    /// Its ARN in this account.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:role/{}", self.partition, self.name)
    }
}

/// Clients that act with a member role, one for each account and region. A warm function keeps them.
#[derive(Clone, Debug)]
pub(super) struct Members<C> {
    sdk: SdkConfig,
    role: MemberRole,
    connect: fn(&SdkConfig) -> C,
    open: Arc<Mutex<BTreeMap<Place, Session<C>>>>,
}

#[derive(Clone, Debug)]
struct Session<C> {
    client: C,
    ends_at: Timestamp,
}

impl<C: Clone> Members<C> {
    pub(super) fn new(sdk: &Sdk, role: MemberRole, connect: fn(&SdkConfig) -> C) -> Self {
        Self { sdk: sdk.0.clone(), role, connect, open: Arc::default() }
    }

    /// The role's ARN in another role's stead: that of `name` in the account of `place`.
    pub(super) fn role_at(&self, place: &Place, name: &str) -> String {
        MemberRole { name: name.to_owned(), ..self.role.clone() }.arn(&place.account)
    }

    /// A client that acts in this place.
    ///
    /// The role is assumed at the endpoint of the place's own region: an opt-in region refuses the tokens of the global one
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html>).
    ///
    /// # Errors
    /// `NeedsOperator` where account or region cannot be reached. A region that does not exist has no host: that looks like a
    /// broken connection and is `Transient`, until whoever retries gives up.
    pub(super) async fn at(&self, place: &Place) -> Result<C, Failure> {
        let known = self.lock().get(place).filter(|session| clock::now() < session.ends_at).cloned();
        if let Some(session) = known {
            return Ok(session.client);
        }
        let region = place.region.clone().map(Region::new).or_else(|| self.sdk.region().cloned());
        let here = self.sdk.to_builder().region(region).build();
        let assume = aws_sdk_sts::Client::new(&here).assume_role();
        let assume = assume.role_arn(self.role.arn(&place.account)).role_session_name(&self.role.function);
        let answer = assume.send().await.map_err(|error| self.failed_at(place, "assuming a member role", error))?;
        let given = answer.credentials.ok_or_else(|| Failure::transient("a role was assumed without credentials"))?;
        let ends_at = Timestamp::from_second(given.expiration.secs())
            .map_err(|error| Failure::transient("a session ends at no time").because(error))?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            given.expiration.try_into().ok(),
            "MemberRole",
        );
        let there = here.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let session =
            Session { client: (self.connect)(&there), ends_at: ends_at.saturating_sub(MARGIN).unwrap_or(ends_at) };
        self.lock().insert(place.clone(), session.clone());
        Ok(session.client)
    }

    /// The failure that this answer means in this place: what cannot be reached is said with account and region.
    pub(super) fn failed_at<E>(&self, place: &Place, doing: &'static str, error: SdkError<E, HttpResponse>) -> Failure
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match unreachable_since(code_of(&error)) {
            Some(why) => Failure::needs_operator(self.unreachable(place, why)).because(error),
            None => failed(doing, error),
        }
    }

    fn unreachable(&self, place: &Place, why: &str) -> String {
        let home = self.sdk.region().map_or("", Region::as_ref);
        let region = place.region.as_deref().unwrap_or(home);
        format!(
            "account `{}` is not reachable in region `{region}` by the role `{}`: {why}",
            place.account, self.role.name
        )
    }

    /// Nobody holds the lock over a wait, and the map is whole whatever happened to its holder.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Place, Session<C>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why this code says that an account or a region cannot be reached; `None` if it says something else.
fn unreachable_since(code: Option<&str>) -> Option<&'static str> {
    match code? {
        "AccessDenied" | "AccessDeniedException" => Some("the stack of infra/member.yaml is not there, or too old"),
        // One account of the two has not enabled the region: ours, or the one that was asked.
        "RegionDisabledException" | "InvalidClientTokenId" | "UnrecognizedClientException" | "OptInRequired" => {
            Some("the region is not enabled")
        }
        "AutomationDefinitionNotFoundException" => {
            Some("the document is not there: the stack set has not come this far")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn members() -> Members<()> {
        let sdk = Sdk(SdkConfig::builder().region(Region::new("eu-central-1")).build());
        let role = MemberRole {
            partition: "aws".to_owned(),
            name: "Tocsin-Member-StartContainment".to_owned(),
            function: "tocsin-start-containment".to_owned(),
        };
        Members::new(&sdk, role, |_| ())
    }

    fn place(region: Option<&str>) -> Place {
        Place { account: "444455556666".to_owned(), region: region.map(str::to_owned) }
    }

    #[test]
    fn what_cannot_be_reached_is_said_with_account_and_region() {
        let why = unreachable_since(Some("RegionDisabledException")).unwrap();
        let said = members().unreachable(&place(Some("me-south-1")), why);
        assert!(["444455556666", "me-south-1", "not reachable", "not enabled"].iter().all(|part| said.contains(part)));
    }

    #[test]
    fn what_is_global_is_reached_from_the_region_of_the_function() {
        assert!(members().unreachable(&place(None), "").contains("`eu-central-1`"));
    }

    #[test]
    fn throttling_is_no_reason_to_give_an_account_up() {
        assert_eq!(unreachable_since(Some("ThrottlingException")), None);
        assert_eq!(unreachable_since(None), None);
    }

    #[test]
    fn roles_are_those_of_the_account_of_the_place() {
        assert_eq!(
            members().role_at(&place(None), "Tocsin-LockBucket"),
            "arn:aws:iam::444455556666:role/Tocsin-LockBucket"
        );
    }
}
