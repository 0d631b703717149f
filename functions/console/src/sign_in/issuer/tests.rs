//! Whom the door lets in, by tokens of an issuer whose key everybody has.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::access::Role;
use crate::memory::run;
use crate::session::tests::at;
use openidconnect::PrivateSigningKey;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey};
use platform::web::{fields, only};
use serde_json::{Value, json};

/// Of 32 zeros, and of 32 ones: everybody has these keys.
const ZEROS: &str = "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const ONES: &str = "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

fn signing_key(content: &str) -> CoreEdDsaPrivateSigningKey {
    let kind = "PRIVATE KEY";
    let pem = format!("-----BEGIN {kind}-----\n{content}\n-----END {kind}-----\n");
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, None).unwrap()
}

fn metadata(more: &Value) -> ProviderMetadataWithLogout {
    let mut said = json!({
        "issuer": "https://id.example.com",
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
        "jwks_uri": "https://id.example.com/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let keys = openidconnect::JsonWebKeySet::new(vec![signing_key(ZEROS).as_verification_key()]);
    serde_json::from_value::<ProviderMetadataWithLogout>(said).unwrap().set_jwks(keys)
}

fn issuer(metadata: ProviderMetadataWithLogout) -> Issuer {
    let settings = IssuerSettings {
        issuer: "https://id.example.com".to_owned(),
        client_id: "console".to_owned(),
        scopes: "openid email  groups".to_owned(),
    };
    let issuer = Issuer::new(settings, "https://console.example.com", Web::connect()).unwrap();
    let known = Known { at: at("08:00:00"), metadata: Arc::new(metadata) };
    *issuer.known.lock().unwrap() = Some(known);
    issuer
}

/// A token of 08:00 for ten minutes, with other claims in place of its own.
fn claims(other: &Value) -> Claims {
    let mut claims = json!({
        "iss": "https://id.example.com",
        "aud": "console",
        "sub": "42",
        "iat": at("08:00:00").as_second(),
        "exp": at("08:10:00").as_second(),
        "nonce": "nonce",
        "groups": ["tocsin-privacy"],
    });
    claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    serde_json::from_value(claims).unwrap()
}

fn signed(other: &Value, key: &str) -> Signed {
    Signed::new(claims(other), &signing_key(key), CoreJwsSigningAlgorithm::EdDsa, None, None).unwrap()
}

fn is_taken(token: &Signed, time: &str) -> bool {
    let metadata = metadata(&json!({}));
    let party = issuer(metadata.clone()).party(&metadata);
    verified(&party, token, &Nonce::new("nonce".to_owned()), at(time)).is_ok()
}

#[test]
fn a_token_of_this_issuer_for_this_console_and_attempt_is_taken() {
    let token = signed(&json!({}), ZEROS);
    assert!(is_taken(&token, "08:09:59"));
    let metadata = metadata(&json!({}));
    let party = issuer(metadata.clone()).party(&metadata);
    let claims = verified(&party, &token, &Nonce::new("nonce".to_owned()), at("08:01:00")).unwrap();
    let (person, roles) = read(&claims);
    assert_eq!((person.identity().as_str(), roles.has(Role::Privacy)), ("https://id.example.com#42", true));
}

#[test]
fn no_other_token_is() {
    assert!(!is_taken(&signed(&json!({}), ONES), "08:01:00"), "signed by another key");
    assert!(!is_taken(&signed(&json!({}), ZEROS), "08:10:00"), "too old");
    for other in [
        json!({"iss": "https://id.example.com.evil.example"}),
        json!({"iss": "https://id.example.com/"}),
        json!({"aud": "other-client"}),
        json!({"aud": ["console", "other-client"]}),
        json!({"nonce": "of-another-attempt"}),
        json!({"nonce": null}),
    ] {
        assert!(!is_taken(&signed(&other, ZEROS), "08:01:00"), "{other}");
    }
}

#[test]
fn a_signature_by_what_everybody_knows_is_none() {
    // The old trick: a public key, taken for a shared secret.
    let shared = CoreHmacKey::new(b"console".as_slice());
    let algorithm = CoreJwsSigningAlgorithm::HmacSha256;
    let token = Signed::new(claims(&json!({})), &shared, algorithm, None, None).unwrap();
    assert!(!is_taken(&token, "08:01:00"));
    let [_, payload, _] = <[String; 3]>::try_from(
        signed(&json!({}), ZEROS).to_string().split('.').map(str::to_owned).collect::<Vec<_>>(),
    )
    .unwrap();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    assert!(unsigned.parse::<Signed>().is_ok_and(|token| !is_taken(&token, "08:01:00")));
}

#[test]
fn a_person_is_sent_to_the_issuer_with_what_binds_the_answer_to_them() {
    let issuer = issuer(metadata(&json!({})));
    let attempt = Attempt::new("browser", "the-nonce".to_owned(), "v".repeat(43), "/", at("08:00:00"));
    let address = run(issuer.address("the-state", &attempt, at("08:00:00"))).unwrap();
    let address = Url::parse(&address).unwrap();
    let query = fields(address.query().unwrap());
    let sent = |name: &str| only(&query, name).unwrap_or_default();
    assert!(address.as_str().starts_with("https://id.example.com/authorize?"));
    assert_eq!(sent("response_type"), "code");
    assert_eq!((sent("state"), sent("nonce")), ("the-state", "the-nonce"));
    assert_eq!(sent("redirect_uri"), "https://console.example.com/signed-in");
    assert_eq!(sent("scope"), "openid email groups");
    assert_eq!(sent("code_challenge_method"), "S256");
    assert!(sent("code_challenge").len() == 43 && !address.as_str().contains(&"v".repeat(43)));
}

#[test]
fn a_sign_out_goes_on_to_an_issuer_that_offers_it() {
    let offers = metadata(&json!({"end_session_endpoint": "https://login.example.com/logout"}));
    let address = Url::parse(&issuer(offers.clone()).sign_out(&offers).unwrap()).unwrap();
    for name in ["post_logout_redirect_uri", "logout_uri"] {
        let query = fields(address.query().unwrap());
        assert_eq!(only(&query, name), Ok("https://console.example.com/signed-out"), "{name}");
    }
    assert_eq!(origin(address.as_str()).as_deref(), Some("https://login.example.com"));
    let offers_none = metadata(&json!({}));
    assert_eq!(issuer(offers_none.clone()).sign_out(&offers_none), None);
    assert_eq!(origin("data:text/html,x"), None);
}
