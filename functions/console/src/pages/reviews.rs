//! `/reviews`: what waits for counsel.

use super::{shell, shown};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::reviews::Reviews;
use crate::views::shell::Section;
use ::incident::notification::Duty;
use ::incident::records::{Key, Listing, Records, WaitingReview};
use axum::extract::State;
use axum::response::Response;
use platform::clock;
use std::sync::Arc;

/// Shows it.
///
/// # Errors
/// What the table answers.
pub async fn list(State(desk): State<Arc<Desk>>, session: Session) -> Result<Response, Trouble> {
    let waiting: Vec<WaitingReview> = desk.table.list(&Listing::waiting()).await?;
    let keys: Vec<Key> = waiting.iter().map(|review| Key::obligation(&review.incident, &review.obligation)).collect();
    let duties = desk.table.read::<Duty>(&keys).await?.into_iter().map(|read| read.map(|read| read.record));
    let waiting: Vec<(WaitingReview, Option<Duty>)> = waiting.into_iter().zip(duties).collect();
    let shell = shell("Legal review", &session, Section::Reviews);
    shown(&Reviews::of(shell, &waiting, &session.person.identity(), clock::now()))
}
