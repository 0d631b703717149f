//! The one place that asks the system for what nobody can guess.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use incident::Failure;

/// Random bytes.
///
/// # Errors
/// `Transient` where the system gives none.
pub fn bytes<const LENGTH: usize>() -> Result<[u8; LENGTH], Failure> {
    let mut random = [0; LENGTH];
    getrandom::fill(&mut random).map_err(|_| Failure::transient("the system gave no random bytes"))?;
    Ok(random)
}

/// 256 random bits in 43 characters that need no escaping in a cookie, an address or a form (base64url, RFC 4648).
///
/// # Errors
/// As for [`bytes`].
pub fn token() -> Result<String, Failure> {
    Ok(Base64UrlUnpadded::encode_string(&bytes::<32>()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::token;

    #[test]
    fn a_token_has_43_plain_characters_and_never_comes_twice() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(one.len() == 43 && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(one, other);
    }
}
