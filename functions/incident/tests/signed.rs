//! What is signed elsewhere is read here: by `openssl`, whose files lie in `signed/`, and by a key of this test.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use base64ct::{Base64, Encoding as _};
use incident::signed::{PublicKey, SignatureError};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use proptest::prelude::*;

const DOCUMENT: &[u8] = include_bytes!("signed/document.json");
const SIGNATURE: &[u8] = include_bytes!("signed/document.json.sig");
const PUBLIC_KEY: &str = include_str!("signed/public.pem");

fn own_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public(key: &SigningKey) -> PublicKey {
    let der = key.verifying_key().to_public_key_der().unwrap();
    PublicKey::read(&Base64::encode_string(der.as_bytes())).unwrap()
}

fn sign(document: &[u8]) -> Vec<u8> {
    let signature: DerSignature = own_key().sign(document);
    signature.as_bytes().to_vec()
}

#[test]
fn a_signature_of_openssl_holds_as_der_and_as_base64() {
    let key = PublicKey::read(PUBLIC_KEY).unwrap();
    key.verify(DOCUMENT, SIGNATURE).unwrap();
    let text = Base64::encode_string(SIGNATURE);
    let (first, rest) = text.split_at(64);
    for written in [text.clone(), format!("{text}\n"), format!("{first}\r\n{rest}\r\n"), format!("  {text}")] {
        key.verify(DOCUMENT, written.as_bytes()).unwrap();
    }
}

#[test]
fn a_key_is_read_as_pem_with_any_line_breaks_and_as_bare_base64() {
    let body: String = PUBLIC_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let written =
        [PUBLIC_KEY.replace('\n', " "), PUBLIC_KEY.replace('\n', "\r\n"), body.clone(), format!("\n{body}\n")];
    for text in written {
        assert_eq!(PublicKey::read(&text), PublicKey::read(PUBLIC_KEY), "{text}");
    }
    for text in ["", "no key", "-----BEGIN PUBLIC KEY-----", "AAAA", body.get(4..).unwrap(), &format!("{body}AAAA")] {
        assert_eq!(PublicKey::read(text), Err(SignatureError::Key), "{text}");
    }
}

#[test]
fn another_document_another_key_or_another_form_proves_nothing() {
    let key = PublicKey::read(PUBLIC_KEY).unwrap();
    let changed = [DOCUMENT, b"\n"].concat();
    assert_eq!(key.verify(&changed, SIGNATURE), Err(SignatureError::Mismatch));
    assert_eq!(key.verify(DOCUMENT, &sign(DOCUMENT)), Err(SignatureError::Mismatch));
    assert_eq!(public(&own_key()).verify(DOCUMENT, SIGNATURE), Err(SignatureError::Mismatch));
    let plain: Signature = own_key().sign(DOCUMENT);
    let plain = plain.to_bytes().to_vec();
    let longer = [SIGNATURE, b"\n"].concat();
    // `r` and `s` of zero, which a careless check accepts for every document.
    assert_eq!(key.verify(DOCUMENT, &[0x30, 6, 2, 1, 0, 2, 1, 0]), Err(SignatureError::Mismatch));
    for form in [&[][..], b"0", b"no signature", DOCUMENT, &plain, &longer] {
        assert_eq!(key.verify(DOCUMENT, form), Err(SignatureError::Form));
    }
}

proptest! {
    #[test]
    fn a_signature_holds_for_its_document_alone(document: Vec<u8>, other: Vec<u8>) {
        let (key, signature) = (public(&own_key()), sign(&document));
        prop_assert_eq!(key.verify(&document, &signature), Ok(()));
        prop_assert_eq!(key.verify(&other, &signature).is_ok(), other == document);
    }

    #[test]
    fn no_changed_signature_holds(at in 0..SIGNATURE.len(), change in 1..=u8::MAX) {
        let mut signature = SIGNATURE.to_vec();
        *signature.get_mut(at).unwrap() ^= change;
        prop_assert!(PublicKey::read(PUBLIC_KEY).unwrap().verify(DOCUMENT, &signature).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(key: String, signature: Vec<u8>) {
        prop_assert!(PublicKey::read(&key).is_err());
        prop_assert!(PublicKey::read(PUBLIC_KEY).unwrap().verify(DOCUMENT, &signature).is_err());
    }
}
