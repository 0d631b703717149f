//! The link in the mail: a random token that only its reader has, and the digest of it that the table has.

use super::Reference;
use crate::Digest;
use jiff::SignedDuration;

/// How long a link confirms. After it, the table forgets what was asked.
pub const LINK_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// A link, by the digest of its token: whoever reads the table cannot confirm anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(Digest);

impl Link {
    /// The link of this token; `None` of a text that is none: 32 bytes in base64url, 43 characters (RFC 4648).
    pub fn of(token: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (token.len() == 43 && token.bytes().all(is_plain)).then(|| Self(Digest::of(token.as_bytes())))
    }

    /// The digest of its token.
    pub fn digest(&self) -> &Digest {
        &self.0
    }

    /// The name of the request that it confirms.
    pub fn reference(&self) -> Reference {
        Reference::of(self)
    }
}
