//! Who may do what in the console: roles, and what a route asks for. Pure, so that every role can be tried on every route.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person is in Tocsin. A person may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Contains the incident.
    Responder,
    /// Leads the response.
    Commander,
    /// Decides about notices.
    Counsel,
    /// Answers for personal data.
    Privacy,
    /// Reads, and changes nothing.
    Auditor,
    /// Answers those who ask about a breach.
    Support,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Responder, Self::Commander, Self::Counsel, Self::Privacy, Self::Auditor, Self::Support];

    /// The group of the issuer that stands for it.
    pub fn group(self) -> &'static str {
        match self {
            Self::Responder => "tocsin-responder",
            Self::Commander => "tocsin-commander",
            Self::Counsel => "tocsin-counsel",
            Self::Privacy => "tocsin-privacy",
            Self::Auditor => "tocsin-auditor",
            Self::Support => "tocsin-support",
        }
    }

    /// As people and logs name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Responder => "responder",
            Self::Commander => "commander",
            Self::Counsel => "counsel",
            Self::Privacy => "privacy",
            Self::Auditor => "auditor",
            Self::Support => "support",
        }
    }
}

/// The roles of one person. None of them is a person who is known and may do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// The roles of these groups. A group that is none of ours gives nothing.
    pub fn of_groups<'a>(groups: impl IntoIterator<Item = &'a str>) -> Self {
        let role = |group: &str| Role::ALL.into_iter().find(|role| role.group() == group);
        Self(groups.into_iter().filter_map(role).collect())
    }

    /// Whether the person is one of these.
    pub fn any(&self, of: &[Role]) -> bool {
        of.iter().any(|role| self.0.contains(role))
    }

    /// Whether the person is this.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Their names, for logs and for the head of a page.
    pub fn names(&self) -> String {
        self.0.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

/// Everybody who works on an incident, or looks at the work.
pub(crate) const READERS: &[Role] = &[Role::Responder, Role::Commander, Role::Counsel, Role::Privacy, Role::Auditor];

/// Those who say what happened.
pub(crate) const TELLERS: &[Role] = &[Role::Commander, Role::Counsel, Role::Privacy];

/// Those who see what counsel has to decide.
pub(crate) const REVIEWERS: &[Role] = &[Role::Commander, Role::Counsel, Role::Privacy, Role::Auditor];

/// Those who see the register of breaches.
pub(crate) const REGISTRARS: &[Role] = &[Role::Counsel, Role::Privacy, Role::Auditor];

/// Those who see what may be told to whoever asks.
pub(crate) const SUPPORTERS: &[Role] = &[Role::Support, Role::Counsel, Role::Privacy, Role::Commander];

/// Those who see what people ask about their own data.
pub(crate) const REQUEST_READERS: &[Role] = &[Role::Privacy, Role::Auditor, Role::Support];

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever comes.
    Anybody,
    /// Whoever has signed in, in any role or none.
    SignedIn,
    /// Whoever is one of these.
    OneOf(&'static [Role]),
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is answered.
    Granted,
    /// It goes to the issuer first, and comes back.
    SignInFirst,
    /// It would change something, and nobody knows who sent it.
    NotSignedIn,
    /// The person may not.
    WrongRole,
}

impl Who {
    /// What becomes of a request with this method from a person with these roles; `None`: nobody is signed in.
    pub fn admits(self, method: &Method, roles: Option<&Roles>) -> Admission {
        match (self, roles) {
            (Self::Anybody, _) | (Self::SignedIn, Some(_)) => Admission::Granted,
            (Self::OneOf(of), Some(roles)) if roles.any(of) => Admission::Granted,
            (Self::OneOf(_), Some(_)) => Admission::WrongRole,
            // What was not sent again after the sign-in would be lost without a word.
            (_, None) if method.is_safe() => Admission::SignInFirst,
            (_, None) => Admission::NotSignedIn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_become_roles_by_their_exact_name() {
        let groups =
            ["tocsin-counsel", "tocsin-auditor", "counsel", "Tocsin-Privacy", "tocsin-commander ", "admins", ""];
        assert_eq!(Roles::of_groups(groups), Roles::from_iter([Role::Counsel, Role::Auditor]));
        for role in Role::ALL {
            assert_eq!(Roles::of_groups([role.group()]), Roles::from_iter([role]));
        }
    }

    #[test]
    fn a_role_among_several_is_enough_and_no_role_is_not() {
        let who = Who::OneOf(&[Role::Counsel, Role::Privacy]);
        let several = Roles::from_iter([Role::Auditor, Role::Privacy]);
        assert_eq!(who.admits(&Method::POST, Some(&several)), Admission::Granted);
        assert_eq!(who.admits(&Method::GET, Some(&Roles::default())), Admission::WrongRole);
        assert_eq!(Who::SignedIn.admits(&Method::GET, Some(&Roles::default())), Admission::Granted);
    }

    #[test]
    fn only_what_changes_nothing_is_sent_to_the_issuer_first() {
        for who in [Who::SignedIn, Who::OneOf(&Role::ALL)] {
            assert_eq!(who.admits(&Method::GET, None), Admission::SignInFirst);
            assert_eq!(who.admits(&Method::HEAD, None), Admission::SignInFirst);
            assert_eq!(who.admits(&Method::POST, None), Admission::NotSignedIn);
        }
        assert_eq!(Who::Anybody.admits(&Method::GET, None), Admission::Granted);
    }
}
