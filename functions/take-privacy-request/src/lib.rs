//! The public pages on which people ask for their data, its erasure, or an opt-out. Nobody signs in here, and nothing here knows the
//! console or an incident.
//!
//! `/` says where to turn. The form at `/requests` leads to a mail, the link in it to a button, and only that puts a request on record.
//! Whatever is sent, the answers tell nobody whether an address is known, was written to, or is over its limit.

mod asking;
mod assets;
mod confirming;
mod desk;
mod home;
mod language;
mod mails;
mod pages;
mod sender;
mod texts;
mod trouble;

pub use desk::Desk;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use language::Language;
use platform::web::harden;
use std::sync::Arc;
use trouble::Trouble;

/// No form of ours is larger, in bytes: two thousand characters, each escaped at its longest, and the rest.
const LARGEST_FORM: usize = 32 << 10;

/// Our own styles and forms, and no script at all.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages, and nothing else.
pub fn public_pages(desk: Desk) -> Router {
    let nothing = async |headers, query| Trouble::nothing_here(&headers, query);
    let router = Router::new()
        .route("/", get(home::show))
        .route("/requests", get(asking::show).post(asking::take))
        .route("/requests/confirm/{token}", get(confirming::show).post(confirming::confirm))
        .route("/assets/{name}", get(asset))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing);
    let router = router.layer(DefaultBodyLimit::max(LARGEST_FORM)).layer(map_response(secure));
    router.with_state(Arc::new(desk))
}

async fn asset(language: Language, Path(name): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Trouble> {
    let found = assets::find(&name).ok_or_else(|| Trouble::not_found(language))?;
    Ok(found.answer(query.as_deref()))
}

async fn secure(mut answer: Response) -> Response {
    harden(answer.headers_mut(), POLICY);
    answer
}
