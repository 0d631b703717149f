//! The headers of every answer: what a browser may do with it, which is as little as the page needs.

use axum::response::Response;
use platform::web::harden;

/// What a page consists of. A page that is more than [`Content::Page`] says so as a response extension, `Extension(Content::…)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Our own styles, script and forms.
    #[default]
    Page,
    /// As a page, with a notice of ours in a frame.
    PageWithNotice,
    /// A notice as its recipients get it: styles of its own, no script, no form, no connection, in one of our frames alone.
    Notice,
}

/// Where the forms of a page may lead: ours, and the issuer's end of a session, which a sign-out is sent on to.
#[derive(Clone, Debug)]
pub(crate) struct FormTarget(pub(crate) String);

/// Sets what is the same for every answer. `no-store` unless the answer says that it may be kept.
pub(crate) async fn secure(mut answer: Response) -> Response {
    let content = answer.extensions().get::<Content>().copied().unwrap_or_default();
    let target = answer.extensions().get::<FormTarget>().cloned();
    let policy = policy(content, target.as_ref().map(|FormTarget(origin)| origin.as_str()));
    harden(answer.headers_mut(), &policy);
    answer
}

fn policy(content: Content, form_target: Option<&str>) -> String {
    let own = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let forms = form_target.map_or_else(|| "'self'".to_owned(), |origin| format!("'self' {origin}"));
    match content {
        Content::Page => format!("{own}; form-action {forms}"),
        Content::PageWithNotice => format!("{own}; form-action {forms}; frame-src 'self'"),
        Content::Notice => "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                            frame-ancestors 'self'; sandbox"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::memory::run;
    use axum::Extension;
    use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
    use axum::response::IntoResponse;

    fn sent(answer: impl IntoResponse) -> Vec<(String, String)> {
        let answer = run(secure(answer.into_response()));
        let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
        answer.headers().iter().map(text).collect()
    }

    fn csp(answer: impl IntoResponse) -> String {
        let (_, policy) = sent(answer).into_iter().find(|(name, _)| name == "content-security-policy").unwrap();
        policy
    }

    #[test]
    fn every_answer_is_held_short() {
        let headers = sent("a page");
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert!(headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
        }
    }

    #[test]
    fn no_page_runs_what_is_in_its_text() {
        for content in [Content::Page, Content::PageWithNotice, Content::Notice] {
            let policy = csp((Extension(content), "text"));
            assert!(policy.starts_with("default-src 'none'; ") && policy.contains("base-uri 'none'"), "{policy}");
            let script = policy.split("; ").find(|part| part.starts_with("script-src"));
            assert!(matches!(script, None | Some("script-src 'self'")), "{policy}");
            for loose in ["unsafe-eval", "http:", "https:", "data:", "*"] {
                assert!(!policy.contains(loose), "{policy}");
            }
        }
    }

    #[test]
    fn only_a_notice_has_styles_in_it_and_it_reaches_nothing() {
        assert!(!csp("page").contains("unsafe-inline") && !csp("page").contains("frame-src"));
        let notice = csp((Extension(Content::Notice), "notice"));
        assert!(notice.contains("sandbox") && notice.contains("form-action 'none'"), "{notice}");
        assert!(!notice.contains("script-src") && notice.contains("frame-ancestors 'self'"), "{notice}");
    }

    #[test]
    fn a_sign_out_may_go_on_to_the_issuer() {
        let target = FormTarget("https://id.example.com".to_owned());
        assert!(csp((Extension(target), "page")).contains("form-action 'self' https://id.example.com"));
        assert!(csp("page").contains("form-action 'self'") && !csp("page").contains("example.com"));
    }

    #[test]
    fn what_may_be_kept_is_kept() {
        let headers = sent(([(CACHE_CONTROL, "public, max-age=31536000, immutable")], "style"));
        let kept: Vec<_> = headers.iter().filter(|(name, _)| name == "cache-control").collect();
        assert_eq!(kept, [&("cache-control".to_owned(), "public, max-age=31536000, immutable".to_owned())]);
    }
}
