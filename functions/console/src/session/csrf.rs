//! Whether a form was sent from one of our own pages.

use axum::http::HeaderMap;
use incident::Digest;
use platform::web::{Foreign, check_sender};

/// Why a form was not sent from one of our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgery {
    /// The browser says that another origin sent it.
    Origin,
    /// The browser says that another site led to it.
    Site,
    /// The session's token is not in it.
    Token,
}

impl Forgery {
    /// As logs name it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Origin => "foreign-origin",
            Self::Site => "foreign-site",
            Self::Token => "no-csrf-token",
        }
    }
}

/// Checks a form: `own` is the console's origin, `token` the session's.
///
/// What sends neither of the headers that say where a form comes from is no browser, and shows by the token that it has read our page.
pub(crate) fn check(headers: &HeaderMap, own: &str, sent: Option<&str>, token: &str) -> Result<(), Forgery> {
    check_sender(headers, own).map_err(|foreign| match foreign {
        Foreign::Origin => Forgery::Origin,
        Foreign::Site => Forgery::Site,
    })?;
    // Of digests, how long a comparison takes tells nothing about the token.
    let is_ours = sent.is_some_and(|sent| Digest::of(sent.as_bytes()) == Digest::of(token.as_bytes()));
    if token.is_empty() || !is_ours { Err(Forgery::Token) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const OWN: &str = "https://console.example.com";

    fn headers(sent: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        sent.iter().map(header).collect()
    }

    #[test]
    fn our_own_forms_pass() {
        for sent in [
            &[("origin", OWN), ("sec-fetch-site", "same-origin")] as &[_],
            &[("origin", OWN), ("sec-fetch-site", "none")],
            &[("origin", OWN)],
            &[],
        ] {
            assert_eq!(check(&headers(sent), OWN, Some("token"), "token"), Ok(()), "{sent:?}");
        }
    }

    #[test]
    fn the_token_is_asked_for_whatever_the_browser_says() {
        let sent = headers(&[("origin", OWN), ("sec-fetch-site", "same-origin")]);
        for token in [None, Some(""), Some("Token"), Some("token "), Some("tokentoken")] {
            assert_eq!(check(&sent, OWN, token, "token"), Err(Forgery::Token), "{token:?}");
        }
        assert_eq!(check(&sent, OWN, Some(""), ""), Err(Forgery::Token));
    }

    #[test]
    fn a_right_token_from_elsewhere_does_not_pass() {
        for origin in
            ["null", "https://example.com", "https://console.example.com.evil.example", "http://console.example.com"]
        {
            let sent = headers(&[("origin", origin)]);
            assert_eq!(check(&sent, OWN, Some("token"), "token"), Err(Forgery::Origin), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            let sent = headers(&[("origin", OWN), ("sec-fetch-site", site)]);
            assert_eq!(check(&sent, OWN, Some("token"), "token"), Err(Forgery::Site), "{site}");
        }
    }
}
