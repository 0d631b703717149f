//! `/incidents/{incident}`: one incident.

use super::{found, named, shell, shown};
use crate::access::{REVIEWERS, TELLERS};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::incident::{IncidentPage, Records as Recorded, Rights};
use crate::views::shell::Section;
use crate::views::text::line;
use ::incident::organisation;
use ::incident::post_incident::CaseFile;
use axum::extract::{Path, State};
use axum::response::Response;
use platform::clock;
use std::sync::Arc;

/// Shows it.
///
/// # Errors
/// An incident that is not there; what the table or the settings answer.
pub async fn show(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    session: Session,
) -> Result<Response, Trouble> {
    let incident = found(&desk.table, &named(id)?).await?;
    let (organisation, case) =
        tokio::try_join!(organisation::load(&desk.settings), CaseFile::read(&desk.table, incident))?;
    let now = clock::now();
    let report = case.report(&organisation, now);
    let rights = Rights { enters_facts: session.roles.any(TELLERS), sees_reviews: session.roles.any(REVIEWERS) };
    let records = Recorded {
        report: &report,
        findings: &case.findings,
        actions: &case.actions,
        duties: &case.duties,
        reviews: &case.reviews,
        evidence: &case.evidence,
        facts: &case.facts,
    };
    let shell = shell(line(&case.incident.title), &session, Section::Incidents);
    shown(&IncidentPage::of(shell, rights, records, now))
}
