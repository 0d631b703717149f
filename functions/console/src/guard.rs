//! Stands before every route: who comes, whether they may, and whether a form is one of ours.

use crate::access::{Admission, Roles, Who};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::headers::FormTarget;
use crate::session::{Session, Sessions, cookie, csrf};
use crate::sign_in::issuer::origin;
use crate::sign_in::return_path;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use openidconnect::url::form_urlencoded::byte_serialize;
use platform::clock;
use platform::telemetry::{Level, count, log};
use platform::web::{fields, only};
use std::sync::Arc;

/// No form of ours is larger, in bytes.
const LARGEST_FORM: usize = 64 << 10;

/// What the guard of one route knows.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) desk: Arc<Desk>,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) who: Who,
}

impl Guard {
    /// Lets a request through to its route, or answers it.
    pub(crate) async fn stand(State(guard): State<Self>, request: Request, next: Next) -> Response {
        if guard.who == Who::Anybody {
            return next.run(request).await;
        }
        match guard.pass(request, next).await {
            Ok(answer) => answer,
            Err(trouble) => trouble.into_response(),
        }
    }

    async fn pass(&self, mut request: Request, next: Next) -> Result<Response, Trouble> {
        let session = match cookie::value(request.headers(), cookie::SESSION) {
            Some(cookie) => Sessions(&self.desk.table).find(&cookie, clock::now()).await?,
            None => None,
        };
        let roles = session.as_ref().map(|session| &session.roles);
        let deny = |reason| denied(&self.method, self.path, roles, reason);
        let session = match (self.who.admits(request.method(), roles), session.as_ref()) {
            (Admission::Granted, Some(session)) => session.clone(),
            (Admission::WrongRole, Some(session)) => {
                deny("wrong-role");
                return Ok(for_session(Trouble::wrong_role(session.csrf.clone()).into_response(), session));
            }
            (Admission::SignInFirst, _) => return Ok(Redirect::to(&sign_in_address(request.uri())).into_response()),
            (Admission::Granted | Admission::WrongRole | Admission::NotSignedIn, _) => {
                deny("not-signed-in");
                return Err(Trouble::not_signed_in());
            }
        };
        if !request.method().is_safe() {
            let (parts, body) = request.into_parts();
            let form = read_form(&parts.headers, body).await?;
            let sent = std::str::from_utf8(&form).map(fields).unwrap_or_default();
            let sent = only(&sent, "csrf").ok();
            let genuine = csrf::check(&parts.headers, &self.desk.door.origin, sent, &session.csrf);
            if let Err(forgery) = genuine {
                denied(&self.method, self.path, Some(&session.roles), forgery.reason());
                return Err(Trouble::forged());
            }
            request = Request::from_parts(parts, Body::from(form));
        }
        request.extensions_mut().insert(session.clone());
        Ok(for_session(next.run(request).await, &session))
    }
}

/// The whole form; nothing else is taken.
async fn read_form(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Trouble> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Trouble::malformed("Only forms of these pages are taken."));
    }
    to_bytes(body, LARGEST_FORM).await.map_err(|_| Trouble::too_large())
}

/// A sign-out is sent on to the issuer, which the page's policy has to allow.
fn for_session(mut answer: Response, session: &Session) -> Response {
    if let Some(origin) = session.issuer_sign_out.as_deref().and_then(origin) {
        answer.extensions_mut().insert(FormTarget(origin));
    }
    answer
}

/// Where a person signs in to come back to this page.
fn sign_in_address(page: &Uri) -> String {
    let page = page.path_and_query().map_or("/", |page| page.as_str());
    match return_path::own(Some(page)) {
        "/" => "/sign-in".to_owned(),
        page => format!("/sign-in?return={}", byte_serialize(page.as_bytes()).collect::<String>()),
    }
}

/// Writes a denial down: where, to what role, and why; never to whom, nor what was sent.
pub(crate) fn denied(method: &Method, route: &str, roles: Option<&Roles>, reason: &str) {
    let roles = roles.map_or_else(|| "nobody".to_owned(), Roles::names);
    let fields = [
        ("http.route", route),
        ("http.request.method", method.as_str()),
        ("user.roles", &roles),
        ("denial.reason", reason),
    ];
    log(Level::Info, "a request was denied", &fields);
    count("ConsoleDenials", 1);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::memory::run;
    use axum::http::HeaderValue;

    fn form(content_type: &'static str, body: String) -> Result<usize, u16> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        let read = run(read_form(&headers, Body::from(body)));
        read.map(|form| form.len()).map_err(|trouble| trouble.into_response().status().as_u16())
    }

    #[test]
    fn a_form_of_64_kilobytes_is_taken_and_no_larger_one() {
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(form(kind, "a".repeat(65_536)), Ok(65_536));
        assert_eq!(form(kind, "a".repeat(65_537)), Err(413));
    }

    #[test]
    fn nothing_but_a_form_is_taken() {
        assert_eq!(form("application/x-www-form-urlencoded; charset=UTF-8", "a=b".to_owned()), Ok(3));
        for kind in ["text/plain", "multipart/form-data; boundary=x", "application/json", ""] {
            assert_eq!(form(kind, "csrf=token".to_owned()), Err(400), "{kind}");
        }
    }

    #[test]
    fn whoever_has_to_sign_in_comes_back_to_the_page() {
        let address = |page: &str| sign_in_address(&page.parse().unwrap());
        assert_eq!(address("/incidents/inc-1?tab=a&b=c"), "/sign-in?return=%2Fincidents%2Finc-1%3Ftab%3Da%26b%3Dc");
        assert_eq!(address("https://console.example.com/reviews"), "/sign-in?return=%2Freviews");
        assert_eq!(address("/"), "/sign-in");
        assert_eq!(address("//example.com/"), "/sign-in");
    }

    #[test]
    fn only_the_issuers_origin_is_allowed_for() {
        let session = |address: Option<&str>| Session {
            issuer_sign_out: address.map(str::to_owned),
            ..crate::session::tests::counsel("2026-11-23T08:00:00Z".parse().unwrap())
        };
        let target = |address| {
            let answer = for_session(Response::default(), &session(address));
            answer.extensions().get::<FormTarget>().map(|FormTarget(origin)| origin.clone())
        };
        let address = "https://id.example.com:8443/logout?client_id=console";
        assert_eq!(target(Some(address)).as_deref(), Some("https://id.example.com:8443"));
        assert_eq!(target(None), None);
    }
}
