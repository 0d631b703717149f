//! `/incidents/{incident}/facts`: what is known, what would change, and that it is so.

use super::form::{is_longer, only, short};
use super::{found, named, shell, shown};
use crate::access::TELLERS;
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::changes::ChangesPage;
use crate::views::entry::{EntryPage, Form, Slip, is_asked_for, questions};
use crate::views::shell::Section;
use ::incident::notification::{Duty, EntryRefused, Facts, FactsDesk, FactsEntry, LegalReview};
use ::incident::organisation;
use ::incident::records::{Listing, Records};
use ::incident::{Failure, Incident};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::clock;
use platform::web::fields;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No reason is longer, in letters.
const LONGEST_REASON: usize = 2000;

/// No text of a fact is longer, in letters.
const LONGEST_TEXT: usize = 8000;

/// Shows the form.
///
/// # Errors
/// An incident that is not there, or has no facts yet; what the table answers.
pub async fn show(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    session: Session,
) -> Result<Response, Trouble> {
    let known = Known::of(&desk, id).await?;
    shown(&known.form(&desk, &session, None).await?)
}

/// Shows what would change; or the form again, with what is wrong by its field.
///
/// # Errors
/// As [`show`].
pub async fn preview(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    session: Session,
    body: String,
) -> Result<Response, Trouble> {
    let known = Known::of(&desk, id).await?;
    let form = Form::from(fields(&body));
    let rules = organisation::rules(&desk.settings, &desk.rules).await?;
    let values = form.changes(&rules, &questions(&rules, known.last()?, &known.missing()), known.last()?);
    let seen = form.version().ok_or_else(|| Trouble::malformed("The version of the facts is missing."))?;
    let entry = FactsEntry { seen, values, reason: form.reason().to_owned() };
    let mut wrong = too_long(&entry.values);
    if entry.reason.is_empty() {
        wrong.push(Slip::new("", "A reason is missing: the records keep why a fact is changed."));
    } else if is_longer(&entry.reason, LONGEST_REASON) {
        wrong.push(Slip::new("", format!("The reason has more than {LONGEST_REASON} letters.")));
    }
    if !wrong.is_empty() {
        return known.refuse(&desk, &session, &form, wrong).await;
    }
    let now = clock::now();
    let facts = facts_desk(&desk);
    match facts.preview(&known.incident.id, &entry, &session.person.identity(), now).await? {
        Ok(preview) => {
            let shell = shell("What would change", &session, Section::Incidents);
            let id = known.incident.id.as_str();
            let page = ChangesPage::of(shell, id, known.last()?, &entry.values, &entry.reason, &preview.foreseen, now);
            shown(&page.map_err(|error| Failure::rejected("the changes cannot be written").because(error))?)
        }
        Err(refused) => known.refuse(&desk, &session, &form, slips(&refused)).await,
    }
}

/// Saves what was shown as a preview. It is checked again: what a browser holds is not trusted.
///
/// # Errors
/// As [`show`]; a form that cannot be read; facts that have changed since they were shown.
pub async fn save(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    session: Session,
    body: String,
) -> Result<Response, Trouble> {
    let known = Known::of(&desk, id).await?;
    let sent = fields(&body);
    let malformed = |what: &'static str| Trouble::malformed(what);
    let seen = only(&sent, "version")?.parse().map_err(|_| malformed("The version of the facts is no number."))?;
    let values: BTreeMap<String, Value> =
        serde_json::from_str(only(&sent, "changes")?).map_err(|_| malformed("The changes cannot be read."))?;
    let reason = short(&sent, "reason", LONGEST_REASON)?.trim().to_owned();
    let entry = FactsEntry { seen, values, reason };
    if !too_long(&entry.values).is_empty() {
        return Err(malformed("A text is longer than the page takes."));
    }
    let rules = organisation::rules(&desk.settings, &desk.rules).await?;
    let asked = questions(&rules, known.last()?, &known.missing());
    if !entry.values.keys().all(|fact| is_asked_for(fact, &asked)) {
        return Err(malformed("The page does not ask for one of these facts."));
    }
    let facts = facts_desk(&desk);
    match facts.enter(&known.incident.id, &entry, &session.person.identity(), clock::now()).await? {
        Ok(_) => Ok(Redirect::to(&format!("/incidents/{}#facts", known.incident.id)).into_response()),
        Err(refused) => known.refuse(&desk, &session, &Form::default(), slips(&refused)).await,
    }
}

/// What is known of an incident.
struct Known {
    incident: Incident,
    facts: Vec<Facts>,
    duties: Vec<Duty>,
    reviews: Vec<LegalReview>,
}

impl Known {
    async fn of(desk: &Desk, id: String) -> Result<Self, Trouble> {
        let incident = found(&desk.table, &named(id)?).await?;
        let [facts, duties, reviews] =
            ["FACTS#", "OBLIGATION#", "REVIEW#"].map(|prefix| Listing::of_incident(&incident.id, prefix));
        let table = &desk.table;
        let (facts, duties, reviews) = tokio::try_join!(table.list(&facts), table.list(&duties), table.list(&reviews))?;
        Ok(Self { incident, facts, duties, reviews })
    }

    fn last(&self) -> Result<&Facts, Trouble> {
        let early = "The facts are not worked out yet: the response has not come that far. Try again in a moment.";
        self.facts.last().ok_or_else(|| Trouble::conflict(early))
    }

    /// What the texts lack that wait.
    fn missing(&self) -> Vec<String> {
        let waiting = self.reviews.iter().filter(|review| review.closed.is_none() && !review.is_approved());
        waiting.flat_map(|review| review.missing_items.iter().cloned()).collect()
    }

    async fn form(
        &self,
        desk: &Desk,
        session: &Session,
        sent: Option<(&Form, Vec<Slip>)>,
    ) -> Result<EntryPage, Trouble> {
        let rules = organisation::rules(&desk.settings, &desk.rules).await?;
        let questions = questions(&rules, self.last()?, &self.missing());
        let shell = shell("Facts", session, Section::Incidents);
        let may_enter = session.roles.any(TELLERS);
        Ok(EntryPage::of(shell, self.incident.id.as_str(), &questions, self.last()?, &self.duties, may_enter, sent))
    }

    /// The form again, with what was sent and why it cannot be taken.
    async fn refuse(&self, desk: &Desk, session: &Session, form: &Form, slips: Vec<Slip>) -> Result<Response, Trouble> {
        let page = shown(&self.form(desk, session, Some((form, slips))).await?)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }
}

fn facts_desk(
    desk: &Desk,
) -> FactsDesk<'_, platform::aws::Table, platform::aws::SettingsBucket, platform::aws::StateMachine> {
    FactsDesk { records: &desk.table, settings: &desk.settings, responses: &desk.response, rules: &desk.rules }
}

/// The texts that are longer than their fields on the page.
fn too_long(values: &BTreeMap<String, Value>) -> Vec<Slip> {
    let long = values.iter().filter(|(_, value)| value.as_str().is_some_and(|text| is_longer(text, LONGEST_TEXT)));
    long.map(|(fact, _)| Slip::new(fact, format!("It has more than {LONGEST_TEXT} letters."))).collect()
}

fn slips(refused: &EntryRefused) -> Vec<Slip> {
    match refused {
        EntryRefused::Unusable(errors) => Slip::all(errors),
        EntryRefused::NoIncident
        | EntryRefused::NotAssessed
        | EntryRefused::PartOf(_)
        | EntryRefused::Outdated { .. }
        | EntryRefused::Unchanged => vec![Slip::new("", refused.to_string())],
    }
}
