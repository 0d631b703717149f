//! The way in and out: to the issuer, back from it, and away.

mod attempt;
mod claims;
pub(crate) mod issuer;
pub(crate) mod return_path;

use crate::desk::Desk;
use crate::errors::{Trouble, page};
use crate::guard::denied;
use crate::session::{Session, Sessions, cookie};
use askama::Template;
use attempt::{Attempt, Attempts};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use incident::Fault;
use issuer::Identity;
use platform::telemetry::{Level, log};
use platform::web::{fields, only};
use platform::{clock, random};
use std::sync::Arc;

/// The page after a sign-out.
#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut;

/// Sends a person to the issuer. `return` is where they wanted to go.
pub(crate) async fn begin(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now = clock::now();
    let query = fields(&query.unwrap_or_default());
    let return_to = return_path::own(only(&query, "return").ok());
    // The browser's own cookie, where it has one: a person may sign in on two pages at once.
    let browser = match cookie::value(&headers, cookie::SIGN_IN) {
        Some(browser) => browser,
        None => random::token()?,
    };
    let (state, nonce, verifier) = (random::token()?, random::token()?, random::token()?);
    let attempt = Attempt::new(&browser, nonce, verifier, return_to, now);
    let address = desk.door.issuer.address(&state, &attempt, now).await?;
    Attempts(&desk.table).open(&state, &attempt).await?;
    let jar = cookie::set(CookieJar::new(), cookie::SIGN_IN, browser);
    Ok((jar, Redirect::to(&address)).into_response())
}

/// Takes a person back from the issuer, into a session that is always a new one.
pub(crate) async fn finish(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now = clock::now();
    let query = fields(&query.unwrap_or_default());
    let refuse = |reason: &str, text| {
        denied(&Method::GET, "/signed-in", None, reason);
        Trouble::sign_in_failed(text)
    };
    let stale = "This sign-in was begun in another browser, has been used, or took more than ten minutes. Begin again.";
    let (state, browser) = (only(&query, "state"), cookie::value(&headers, cookie::SIGN_IN));
    let (Ok(state), Some(browser)) = (state, browser) else { return Err(refuse("no-attempt", stale)) };
    let taken = Attempts(&desk.table).take(state, &browser, now).await?;
    let attempt = taken.map_err(|spent| refuse(spent.reason(), stale))?;
    // An issuer that says who it is must be the one that was asked (RFC 9207).
    if only(&query, "iss").is_ok_and(|issuer| issuer != desk.door.issuer.identifier()) {
        return Err(refuse("other-issuer", "Another issuer answered than the one that was asked. Begin again."));
    }
    let Ok(code) = only(&query, "code") else {
        return Err(refuse(
            "refused-by-issuer",
            "The issuer did not sign you in. Begin again, or ask whoever runs it.",
        ));
    };
    let identified = desk.door.issuer.identify(code.to_owned(), &attempt, now).await;
    let Identity { person, roles, sign_out } = identified.map_err(|failure| match failure.fault() {
        Fault::Transient => failure.into(),
        Fault::Rejected | Fault::NeedsOperator => {
            refuse(&failure.chain(), "What the issuer answered is not valid here. Begin again.")
        }
    })?;
    let sessions = Sessions(&desk.table);
    // Whoever signs in again has one session, not two.
    if let Some(elder) = cookie::value(&headers, cookie::SESSION) {
        sessions.end(&elder).await?;
    }
    let mut session = Session::new(person, roles, random::token()?, now);
    session.issuer_sign_out = sign_out;
    let token = random::token()?;
    sessions.open(&session, &token).await?;
    log(Level::Info, "a session began", &[("user.roles", &session.roles.names())]);
    let jar = cookie::clear(CookieJar::new(), cookie::SIGN_IN);
    Ok((cookie::set(jar, cookie::SESSION, token), Redirect::to(&attempt.return_to)).into_response())
}

/// Ends the session here, and goes on to where the issuer ends its own.
pub(crate) async fn sign_out(
    State(desk): State<Arc<Desk>>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    if let Some(token) = cookie::value(&headers, cookie::SESSION) {
        Sessions(&desk.table).end(&token).await?;
    }
    let jar = cookie::clear(CookieJar::new(), cookie::SESSION);
    let next = session.issuer_sign_out.as_deref().unwrap_or("/signed-out");
    Ok((jar, Redirect::to(next)).into_response())
}

/// Says that it is over.
pub(crate) async fn signed_out() -> Result<Response, Trouble> {
    page(&SignedOut)
}
