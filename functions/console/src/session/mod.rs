//! Who is signed in: a random cookie in the browser, and under its digest a record in the table.

pub(crate) mod cookie;
pub(crate) mod csrf;
mod store;

pub(crate) use store::Sessions;

use crate::access::Roles;
use crate::errors::Trouble;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lasts, whatever is done in it.
const LONGEST: SignedDuration = SignedDuration::from_hours(8);

/// How long it lasts while nothing is done.
const IDLE: SignedDuration = SignedDuration::from_mins(30);

/// How much later than it was used a session may be known to have been used: a write a request would be one too many.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A person, as the issuer knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who says so.
    pub issuer: String,
    /// The issuer's name for the person, which never changes and is never given to another.
    pub subject: String,
    /// What people call them. It comes from outside: text, never a name in a record.
    pub name: String,
}

impl Person {
    /// The name in records of decisions.
    pub fn identity(&self) -> String {
        format!("{}#{}", self.issuer, self.subject)
    }
}

/// A session. Handlers behind a role take it as an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub person: Person,
    /// What they may do. A role that is taken away at the issuer ends with the session, after eight hours at most.
    pub roles: Roles,
    /// What every form of this session has to bring back, in the field `csrf`.
    pub csrf: String,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When it was last used, within a minute.
    pub seen_at: Timestamp,
    /// When it ends, whatever is done in it.
    pub expires_at: Timestamp,
    /// Where the issuer ends its own session, with all that it wants to be told, if it offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer_sign_out: Option<String>,
    /// When the table may forget it, in seconds since 1970.
    pub(crate) forget_at: i64,
}

impl Session {
    pub(crate) fn new(person: Person, roles: Roles, csrf: String, now: Timestamp) -> Self {
        let expires_at = after(now, LONGEST);
        let (signed_in_at, seen_at, forget_at) = (now, now, expires_at.as_second());
        Self { person, roles, csrf, signed_in_at, seen_at, expires_at, issuer_sign_out: None, forget_at }
    }

    /// Whether it still counts.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < after(self.seen_at, IDLE)
    }

    /// Whether its use has to be written down.
    fn is_seen_anew(&self, now: Timestamp) -> bool {
        now >= after(self.seen_at, SEEN_EVERY)
    }
}

/// So much later; the last moment there is where there is none so late.
pub(crate) fn after(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The guard of every route behind a sign-in puts it there.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Trouble::not_signed_in)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::access::Role;

    pub(crate) fn at(time: &str) -> Timestamp {
        format!("2026-11-23T{time}Z").parse().unwrap()
    }

    pub(crate) fn counsel(now: Timestamp) -> Session {
        let person = Person {
            issuer: "https://id.example.com".to_owned(),
            subject: "248289761001".to_owned(),
            name: "counsel@example.com".to_owned(),
        };
        Session::new(person, Roles::from_iter([Role::Counsel]), "token".to_owned(), now)
    }

    #[test]
    fn a_session_ends_after_half_an_hour_of_rest_and_after_eight_hours() {
        let mut session = counsel(at("08:00:00"));
        assert!(session.is_live(at("08:29:59")) && !session.is_live(at("08:30:00")));
        session.seen_at = at("15:59:00");
        assert!(session.is_live(at("15:59:59")) && !session.is_live(at("16:00:00")));
    }

    #[test]
    fn a_person_is_named_by_the_issuer_and_its_own_name_for_them() {
        assert_eq!(counsel(at("08:00:00")).person.identity(), "https://id.example.com#248289761001");
    }
}
