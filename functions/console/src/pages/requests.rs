//! `/requests`: what people ask about their own data, and what the privacy team did.

use super::form::{LONGEST_REASON, only, short};
use super::{shell, shown};
use crate::access::Role;
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::requests::{Refused, RequestPage, Requests, path};
use crate::views::shell::Section;
use ::incident::privacy_request::{Deed, PrivacyRequest, Reference, RequestDesk};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::clock;
use platform::web::fields;
use std::sync::Arc;

/// Lists them.
///
/// # Errors
/// What the table answers.
pub async fn list(State(desk): State<Arc<Desk>>, session: Session) -> Result<Response, Trouble> {
    let requests = RequestDesk(&desk.table).list_requests().await?;
    let shell = shell("Requests", &session, Section::Requests);
    shown(&Requests::of(shell, &requests, clock::now()))
}

/// Shows one.
///
/// # Errors
/// A request that is not there; what the table answers.
pub async fn show(
    State(desk): State<Arc<Desk>>,
    Path(reference): Path<String>,
    session: Session,
) -> Result<Response, Trouble> {
    let request = found(&desk, &named(reference)?).await?;
    page(&request, &session, None)
}

/// Records what was done. A refusal shows the page again, with why and with what was written.
///
/// # Errors
/// As [`show`]; a form that cannot be read.
pub async fn act(
    State(desk): State<Arc<Desk>>,
    Path(reference): Path<String>,
    session: Session,
    body: String,
) -> Result<Response, Trouble> {
    let reference = named(reference)?;
    let sent = fields(&body);
    let chosen = Deed::named(only(&sent, "deed")?);
    let deed = chosen.ok_or_else(|| Trouble::malformed("The field `deed` is none of those that can be recorded."))?;
    let reason = short(&sent, "reason", LONGEST_REASON)?;
    let request = found(&desk, &reference).await?;
    let by = session.person.identity();
    match RequestDesk(&desk.table).enter_deed(&reference, deed, reason, &by, clock::now()).await? {
        Ok(_) => Ok(Redirect::to(&format!("{}#done", path(&reference))).into_response()),
        Err(why) => {
            let message = format!("{why} ({})", why.code());
            let refused = Refused { message, deed: deed.name().to_owned(), reason: reason.to_owned() };
            Ok((StatusCode::CONFLICT, page(&request, &session, Some(refused))?).into_response())
        }
    }
}

/// What is no name of a request names none.
fn named(reference: String) -> Result<Reference, Trouble> {
    Reference::try_from(reference).map_err(|_| Trouble::not_found())
}

async fn found(desk: &Desk, reference: &Reference) -> Result<PrivacyRequest, Trouble> {
    RequestDesk(&desk.table).find_request(reference).await?.ok_or_else(Trouble::not_found)
}

fn page(request: &PrivacyRequest, session: &Session, refused: Option<Refused>) -> Result<Response, Trouble> {
    let shell = shell(format!("Request {}", request.reference), session, Section::Requests);
    let may_act = session.roles.has(Role::Privacy);
    shown(&RequestPage::of(shell, request, may_act, refused, clock::now()))
}
