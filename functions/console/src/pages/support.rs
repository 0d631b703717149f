//! `/support`: what those who answer customers may say.

use super::{shell, shown};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::shell::Section;
use crate::views::support::{Records as Recorded, Support, is_to_people};
use ::incident::notification::{Duty, LegalReview};
use ::incident::organisation;
use ::incident::post_incident::RegisterEntry;
use ::incident::records::{Key, Listing, Records};
use ::incident::{Failure, IncidentId};
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use std::sync::Arc;

/// How many incidents are looked at, the latest first: nobody calls about older ones.
const MOST: usize = 50;

/// For how many of them, or of their notices, the table is asked at the same time.
const AT_ONCE: usize = 16;

/// Shows it.
///
/// # Errors
/// What the table or the settings answer.
pub async fn show(State(desk): State<Arc<Desk>>, session: Session) -> Result<Response, Trouble> {
    let mut entries: Vec<RegisterEntry> = desk.table.list(&Listing::register()).await?;
    entries.sort_by(|one, other| (other.aware_at, &other.incident).cmp(&(one.aware_at, &one.incident)));
    let duties = entries.into_iter().take(MOST).map(|entry| duties(Arc::clone(&desk), entry.incident));
    let duties: Vec<Vec<Duty>> = iter(duties).buffered(AT_ONCE).try_collect().await?;
    let notices = duties.into_iter().flatten().map(|duty| recorded(Arc::clone(&desk), duty));
    let notices: Vec<Recorded> = iter(notices).buffered(AT_ONCE).try_collect().await?;
    let organisation = organisation::load(&desk.settings).await?;
    let shell = shell("For those who answer customers", &session, Section::Support);
    shown(&Support::of(shell, &organisation, &notices))
}

/// The duties of an incident to tell people.
async fn duties(desk: Arc<Desk>, incident: IncidentId) -> Result<Vec<Duty>, Failure> {
    let duties: Vec<Duty> = desk.table.list(&Listing::of_incident(&incident, "OBLIGATION#")).await?;
    Ok(duties.into_iter().filter(is_to_people).collect())
}

async fn recorded(desk: Arc<Desk>, duty: Duty) -> Result<Recorded, Failure> {
    let (id, obligation) = (&duty.incident, &duty.obligation.id);
    let of_duty = Listing::of_incident(id, format!("REVIEW#{obligation}#"));
    let reviews: Vec<LegalReview> = desk.table.list(&of_duty).await?;
    // The last text that counsel let out: a newer one may wait, and nobody has been told in its words.
    let review = reviews.into_iter().rfind(LegalReview::is_approved);
    let draft = match &review {
        Some(review) => desk.table.get(&Key::draft(id, obligation, review.version)).await?,
        None => None,
    };
    Ok(Recorded { delivery: desk.table.get(&Key::delivery(id, obligation)).await?, draft, review, duty })
}
