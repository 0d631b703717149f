//! Checksums of the same bytes by other tools (`openssl dgst`, `crc32`, the check values of the CRC catalogue).
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::{Along, AlongState, S3Checksum};
use crate::Digest;

/// What every catalogue of CRCs gives the check value of.
const CONTENT: &[u8] = b"123456789";

fn checksum(algorithm: &str, of: &str, value: &str) -> S3Checksum {
    S3Checksum { algorithm: algorithm.to_owned(), of: of.to_owned(), value: value.to_owned() }
}

/// Whether the content differs from this checksum, read in two pieces by two processes.
fn differs(checksum: &S3Checksum, content: &[u8]) -> Option<bool> {
    let (first, second) = content.split_at(4);
    let mut along = checksum.along();
    if let Some(along) = &mut along {
        along.take(first);
    }
    let recorded = along.map(|along| serde_json::to_string(&along.state()).unwrap());
    let mut along = recorded.map(|text| Along::resume(&serde_json::from_str(&text).unwrap()).unwrap());
    if let Some(along) = &mut along {
        along.take(second);
    }
    checksum.differs(&Digest::of(content), along.as_ref())
}

#[test]
fn each_kind_of_a_whole_object_is_compared_over_pieces() {
    for (algorithm, value) in [
        ("CRC32", "y/Q5Jg=="),
        ("CRC32C", "4waSgw=="),
        ("CRC64NVME", "rosUhgp5mIg="),
        ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("MD5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ] {
        let whole = checksum(algorithm, "FULL_OBJECT", value);
        assert!(whole.is_comparable(), "{algorithm}");
        assert_eq!(differs(&whole, CONTENT), Some(false), "{algorithm}");
        assert_eq!(differs(&whole, b"123456780"), Some(true), "{algorithm}");
    }
}

#[test]
fn what_cannot_be_compared_says_neither_yes_nor_no() {
    for other in [
        checksum("SHA1", "COMPOSITE", "98O8HYCOBHMq32eZZczDTKeuNEE=-2"),
        checksum("SHA256", "COMPOSITE", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=-2"),
        checksum("XXHASH64", "FULL_OBJECT", "jLhB2wXi+nI="),
    ] {
        assert!(!other.is_comparable());
        assert_eq!(differs(&other, CONTENT), None, "{other:?}");
    }
}

#[test]
fn an_etag_is_an_md5_where_it_is_one() {
    let md5 = S3Checksum::of_etag("\"25f9e794323b453885f5181f1b624d0b\"").unwrap();
    assert_eq!(md5, checksum("MD5", "FULL_OBJECT", "JfnnlDI7RTiF9RgfG2JNCw=="));
    for other in [
        "",
        "\"25f9e794323b453885f5181f1b624d0b-2\"",
        "\"25f9e794323b453885f5181f1b624dxx\"",
        "\"25f9e794\"",
        "\"é5f9e794323b453885f5181f1b624d0b\"",
    ] {
        assert_eq!(S3Checksum::of_etag(other), None, "{other}");
    }
}

#[test]
fn a_state_of_another_library_is_not_gone_on_with() {
    let state = AlongState::Digest { form: "sha1-0.10".to_owned(), state: String::new() };
    assert!(Along::resume(&state).is_none());
}
