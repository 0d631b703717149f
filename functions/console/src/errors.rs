//! What a person reads where a page cannot be shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use incident::{Failure, Fault};
use platform::telemetry::{Level, log};
use std::borrow::Cow;

/// Why a page cannot be shown. Its text is ours: nothing that was sent is repeated in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    status: StatusCode,
    title: &'static str,
    text: Cow<'static, str>,
    way_on: WayOn,
}

/// What the person can do next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum WayOn {
    /// Go to the first page.
    Home,
    /// Sign in.
    SignIn,
    /// Sign out, and in again as somebody else: the session's token.
    SignOut(String),
}

/// The page.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    text: &'a str,
    is_signed_out: bool,
    csrf: Option<&'a str>,
}

impl Trouble {
    fn new(status: StatusCode, title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, title, text: text.into(), way_on: WayOn::Home }
    }

    /// There is no such page, or nothing of that name.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Nothing is here", "There is no page at this address.")
    }

    /// The form cannot be understood: `text` says which part of it, and holds nothing that was sent.
    pub fn malformed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The form cannot be read", text)
    }

    /// What was decided on is not what is there now: `text` says what has changed.
    pub fn conflict(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "This has changed meanwhile", text)
    }

    /// Nobody is signed in, and a form was sent.
    pub fn not_signed_in() -> Self {
        let text = "Your session has ended, and nothing was saved. Sign in, and send the form again.";
        let way_on = WayOn::SignIn;
        Self { way_on, ..Self::new(StatusCode::UNAUTHORIZED, "You are not signed in", text) }
    }

    /// The person may not. `csrf` is the session's token.
    pub(crate) fn wrong_role(csrf: String) -> Self {
        let text = "Your role does not include this page. Who gives out roles is whoever runs your sign-in.";
        let way_on = WayOn::SignOut(csrf);
        Self { way_on, ..Self::new(StatusCode::FORBIDDEN, "This is not yours to see", text) }
    }

    /// The form did not come from one of our own pages.
    pub(crate) fn forged() -> Self {
        let text = "The form did not come from a page of this session, and nothing was saved. Open the page again.";
        Self::new(StatusCode::FORBIDDEN, "This form is not ours", text)
    }

    /// The form is too large.
    pub(crate) fn too_large() -> Self {
        let text = "What was sent is larger than any form of these pages. Nothing was saved.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "This is too large", text)
    }

    /// The sign-in led to nobody.
    pub(crate) fn sign_in_failed(text: &'static str) -> Self {
        Self { way_on: WayOn::SignIn, ..Self::new(StatusCode::BAD_REQUEST, "The sign-in did not work", text) }
    }
}

/// A failure is logged where it becomes a page, once. Its text is for operators; a person reads what to do.
impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let (name, chain) = (failure.fault().error_name(), failure.chain());
        log(Level::Error, "a page cannot be shown", &[("error.name", name), ("error.message", &chain)]);
        match failure.fault() {
            Fault::Transient => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "This did not work just now",
                "Nothing is lost. Wait a moment, and try again.",
            ),
            Fault::Rejected | Fault::NeedsOperator => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "This does not work",
                "Trying again will not help. The log says why: tell whoever runs Tocsin when this happened.",
            ),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page = ErrorPage {
            status: self.status.as_u16(),
            title: self.title,
            text: &self.text,
            is_signed_out: self.way_on == WayOn::SignIn,
            csrf: if let WayOn::SignOut(csrf) = &self.way_on { Some(csrf) } else { None },
        };
        let page = page.render().unwrap_or_else(|_| self.title.to_owned());
        (self.status, Html(page)).into_response()
    }
}

/// A page from a template.
///
/// # Errors
/// Where the template cannot be filled.
pub fn page(template: &impl Template) -> Result<Response, Trouble> {
    let html = template.render().map_err(|error| Failure::needs_operator("a page cannot be written").because(error))?;
    Ok(Html(html).into_response())
}
