//! What the issuer says about a person, and what we take from it.

use crate::access::Roles;
use crate::session::Person;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims};
use serde::{Deserialize, Serialize};

/// No name that is shown is longer, in characters.
const LONGEST_NAME: usize = 120;

/// The claims of a verified token.
pub(crate) type Claims = IdTokenClaims<Groups, CoreGenderClaim>;

/// The groups of a person, where issuers put them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Groups {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Names>,
    /// Where a Cognito user pool puts them.
    #[serde(default, rename = "cognito:groups", skip_serializing_if = "Option::is_none")]
    cognito: Option<Names>,
}

impl AdditionalClaims for Groups {}

/// A list, or where there is but one, one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Names {
    Many(Vec<String>),
    One(String),
}

impl Names {
    fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Many(names) => names.as_slice(),
            Self::One(name) => std::slice::from_ref(name),
        }
        .iter()
        .map(String::as_str)
    }
}

/// The person and their roles. `groups` goes before `cognito:groups`; they are never added up.
pub(crate) fn read(claims: &Claims) -> (Person, Roles) {
    let subject = claims.subject().as_str();
    let called = claims.email().map(|email| email.as_str());
    let called = called.or_else(|| Some(claims.name()?.get(None)?.as_str()));
    let called = called.or_else(|| Some(claims.preferred_username()?.as_str()));
    let name: String = called.unwrap_or(subject).chars().filter(|char| !char.is_control()).take(LONGEST_NAME).collect();
    let groups = claims.additional_claims();
    let groups = groups.groups.as_ref().or(groups.cognito.as_ref());
    let roles = Roles::of_groups(groups.into_iter().flat_map(Names::iter));
    let issuer = claims.issuer().as_str().to_owned();
    (Person { issuer, subject: subject.to_owned(), name }, roles)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::access::Role;
    use serde_json::{Value, json};

    fn of(more: &Value) -> (Person, Roles) {
        let mut claims = json!({"iss": "https://id.example.com", "aud": "console", "exp": 2, "iat": 1, "sub": "42"});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn roles_are_read_where_issuers_put_groups() {
        let counsel = Roles::from_iter([Role::Counsel]);
        for claims in [
            json!({"groups": ["tocsin-counsel", "staff"]}),
            json!({"groups": "tocsin-counsel"}),
            json!({"cognito:groups": ["tocsin-counsel"]}),
            json!({"groups": ["tocsin-counsel"], "cognito:groups": ["tocsin-privacy"]}),
        ] {
            assert_eq!(of(&claims).1, counsel, "{claims}");
        }
        for claims in [json!({}), json!({"groups": []}), json!({"roles": ["tocsin-counsel"]}), json!({"groups": null})]
        {
            assert_eq!(of(&claims).1, Roles::default(), "{claims}");
        }
    }

    #[test]
    fn a_person_is_shown_by_what_people_call_them() {
        let name = |claims: Value| of(&claims).0.name;
        assert_eq!(name(json!({"email": "a@example.com", "name": "A"})), "a@example.com");
        assert_eq!(name(json!({"name": "Ada\u{0}\nLovelace"})), "AdaLovelace");
        assert_eq!(name(json!({"preferred_username": "ada"})), "ada");
        assert_eq!(name(json!({})), "42");
        assert_eq!(name(json!({"name": "a".repeat(5000)})).len(), LONGEST_NAME);
        assert_eq!(of(&json!({"email": "a@example.com"})).0.identity(), "https://id.example.com#42");
    }
}
