//! `/register`: the register of breaches, as a page and as files.

use super::{shell, shown};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::register::{self, Register};
use crate::views::shell::Section;
use ::incident::Failure;
use ::incident::post_incident::RegisterEntry;
use ::incident::records::{Listing, Records};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use platform::clock;
use std::sync::Arc;

/// Shows it.
///
/// # Errors
/// What the table answers.
pub async fn show(State(desk): State<Arc<Desk>>, session: Session) -> Result<Response, Trouble> {
    let shell = shell("Register of breaches", &session, Section::Register);
    shown(&Register::of(shell, &entries(&desk).await?, clock::now()))
}

/// Gives it out as CSV.
///
/// # Errors
/// What the table answers.
pub async fn csv(State(desk): State<Arc<Desk>>, _session: Session) -> Result<Response, Trouble> {
    Ok(file("text/csv; charset=utf-8; header=present", "csv", register::csv(&entries(&desk).await?)))
}

/// Gives it out as JSON.
///
/// # Errors
/// What the table answers.
pub async fn json(State(desk): State<Arc<Desk>>, _session: Session) -> Result<Response, Trouble> {
    let json = register::json(&entries(&desk).await?);
    let json = json.map_err(|error| Failure::rejected("the register cannot be written as JSON").because(error))?;
    Ok(file("application/json", "json", json))
}

async fn entries(desk: &Desk) -> Result<Vec<RegisterEntry>, Failure> {
    desk.table.list(&Listing::register()).await
}

/// A file that a browser saves and does not show.
fn file(content_type: &'static str, ending: &str, content: String) -> Response {
    let name = format!("attachment; filename=\"breach-register-{}.{ending}\"", clock::now().strftime("%Y-%m-%d"));
    ([(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, name)], content).into_response()
}
