//! `/incidents/{incident}`: one incident.

use super::{found, named, shell, shown};
use crate::access::{REVIEWERS, TELLERS};
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::incident::{IncidentPage, Records as Recorded, Rights};
use crate::views::shell::Section;
use crate::views::text::line;
use ::incident::notification::{Obligation, Rules};
use ::incident::post_incident::CaseFile;
use ::incident::{Organisation, organisation};
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
    // A page that shows what happened does not depend on rules of the organisation's own.
    let rules = desk.rules.of(&organisation).ok();
    let undetermined = rules.map(|rules| undetermined(&rules, &organisation, &case));
    let rights = Rights { enters_facts: session.roles.any(TELLERS), sees_reviews: session.roles.any(REVIEWERS) };
    let records = Recorded {
        report: &report,
        findings: &case.findings,
        actions: &case.actions,
        duties: &case.duties,
        reviews: &case.reviews,
        publications: &case.publications,
        evidence: &case.evidence,
        facts: &case.facts,
        undetermined: undetermined.as_deref(),
    };
    let shell = shell(line(&case.incident.title), &session, Section::Incidents);
    shown(&IncidentPage::of(shell, rights, records, now))
}

/// What unknown facts may bring beside the duties, under rules that are not turned on.
fn undetermined(rules: &Rules, organisation: &Organisation, case: &CaseFile) -> Vec<Obligation> {
    let assessed = case.facts.last().map(|facts| rules.assess(facts).obligations).unwrap_or_default();
    let is_duty = |id: &str| case.duties.iter().any(|duty| duty.obligation.id == id);
    assessed.into_iter().filter(|one| one.is_undetermined(organisation) && !is_duty(&one.id)).collect()
}
