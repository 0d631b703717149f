//! The two cookies. The prefix `__Host-` makes a browser refuse one that another host, another path or plain HTTP has set
//! (<https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis>, section 4.1.3.2).

use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

/// The cookie of a session.
pub(crate) const SESSION: &str = "__Host-tocsin";

/// The cookie of a browser that is about to sign in.
pub(crate) const SIGN_IN: &str = "__Host-tocsin-sign-in";

/// The value of this cookie, if it is one of ours. More than one of a name is none: the browser would not have sent it so.
pub(crate) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut values = sent.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| {
        let (other, value) = cookie.trim().split_once('=')?;
        (other == name).then_some(value)
    });
    let value = values.next()?;
    (values.next().is_none() && is_token(value)).then(|| value.to_owned())
}

/// Sets a cookie for as long as the browser is open. How long what it stands for counts is in the table.
pub(crate) fn set(jar: CookieJar, name: &'static str, value: String) -> CookieJar {
    jar.add(ours(name, value))
}

/// Takes a cookie back.
pub(crate) fn clear(jar: CookieJar, name: &'static str) -> CookieJar {
    let mut cookie = ours(name, String::new());
    cookie.make_removal();
    jar.add(cookie)
}

/// `Lax`, since the way back from the issuer is a link from elsewhere; what changes something asks for more ([`super::csrf`]).
fn ours(name: &'static str, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_secure(true);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_path("/");
    cookie
}

/// Whether this is what [`platform::random::token`] makes.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use axum::http::HeaderValue;
    use axum::http::header::{COOKIE, SET_COOKIE};
    use axum::response::IntoResponse;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (COOKIE, HeaderValue::from_str(cookie).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_only_if_it_is_ours() {
        let token = "a".repeat(43);
        let sent = format!("theme=dark; __Host-tocsin={token}; x=y");
        assert_eq!(value(&headers(&[&sent]), SESSION), Some(token.clone()));
        assert_eq!(value(&headers(&["theme=dark", &format!("__Host-tocsin={token}")]), SESSION), Some(token.clone()));
        assert_eq!(value(&headers(&[&sent]), SIGN_IN), None);
        for foreign in ["short", "", &"a".repeat(44), &format!("{}/", "a".repeat(42)), &"ä".repeat(43)] {
            let sent = HeaderValue::from_bytes(format!("__Host-tocsin={foreign}").as_bytes()).unwrap();
            assert_eq!(value(&HeaderMap::from_iter([(COOKIE, sent)]), SESSION), None, "{foreign}");
        }
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let (one, other) = ("a".repeat(43), "b".repeat(43));
        let sent = format!("__Host-tocsin={one}; __Host-tocsin={other}");
        assert_eq!(value(&headers(&[&sent]), SESSION), None);
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_no_script() {
        for jar in [set(CookieJar::new(), SESSION, "value".to_owned()), clear(CookieJar::new(), SESSION)] {
            let answer = jar.into_response();
            let cookie = answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
            let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
            for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(attributes.contains(&attribute), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }

    #[test]
    fn a_cookie_that_is_taken_back_is_empty_and_over() {
        let answer = clear(CookieJar::new(), SESSION).into_response();
        let cookie = answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
        assert!(cookie.starts_with("__Host-tocsin=;") && cookie.contains("Max-Age=0"), "{cookie}");
    }
}
