//! `/incidents`: the list.

use super::{shell, shown};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::incidents::{Incidents, Records as Line};
use crate::views::shell::Section;
use ::incident::post_incident::RegisterEntry;
use ::incident::records::{Key, Listing, Records};
use ::incident::{Failure, Incident};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use openidconnect::url::form_urlencoded;
use platform::clock;
use std::sync::Arc;

/// How many incidents that are over one page shows.
const PAST_PER_PAGE: usize = 50;

/// How many open incidents are shown with all that is known of them: each takes two queries. There are never as many but in a storm,
/// and then the worst are merged.
const MOST_OPEN: usize = 200;

/// For how many of them the table is asked at the same time.
const AT_ONCE: usize = 16;

/// Shows the list.
///
/// # Errors
/// What the table answers.
pub async fn list(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
    session: Session,
) -> Result<Response, Trouble> {
    let entries: Vec<RegisterEntry> = desk.table.list(&Listing::register()).await?;
    let (open, mut past): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.state() == "open");
    past.sort_by(|one, other| (other.aware_at, &other.incident).cmp(&(one.aware_at, &one.incident)));
    let from = page(query.as_deref());
    let older = (past.len() > from + PAST_PER_PAGE).then(|| format!("/incidents?from={}", from + PAST_PER_PAGE));
    let past: Vec<RegisterEntry> = past.into_iter().skip(from).take(PAST_PER_PAGE).collect();
    let keys: Vec<Key> = open.iter().take(MOST_OPEN).map(|entry| Key::incident(&entry.incident)).collect();
    let incidents = desk.table.read::<Incident>(&keys).await?.into_iter().flatten().map(|read| read.record);
    let lines = incidents.map(|incident| line(Arc::clone(&desk), incident));
    let lines: Vec<Line> = iter(lines).buffered(AT_ONCE).try_collect().await?;
    let shell = shell("Incidents", &session, Section::Incidents);
    shown(&Incidents::of(shell, &lines, &past, older, clock::now()))
}

/// What is known of an open incident.
async fn line(desk: Arc<Desk>, incident: Incident) -> Result<Line, Failure> {
    let [actions, duties] = ["ACTION#", "OBLIGATION#"].map(|prefix| Listing::of_incident(&incident.id, prefix));
    let (actions, duties) = tokio::try_join!(desk.table.list(&actions), desk.table.list(&duties))?;
    Ok(Line { incident, actions, duties })
}

/// Where the past ones begin; what is no number begins with the latest.
fn page(query: Option<&str>) -> usize {
    let mut fields = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    fields.find(|(name, _)| name == "from").and_then(|(_, from)| from.parse().ok()).unwrap_or(0).min(1_000_000)
}
