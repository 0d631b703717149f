//! `/reviews/{incident}/{obligation}/{version}`: one text before counsel, and the decision about it.

use super::form::{LONGEST_REASON, only, short};
use super::{named, shell, shown};
use crate::access::Role;
use crate::desk::Desk;
use crate::errors::Trouble;
use crate::headers::Content;
use crate::session::Session;
use crate::views::review::{Records as Recorded, Refused, ReviewPage, Reviewer};
use crate::views::reviews::path;
use crate::views::shell::Section;
use ::incident::notification::{Draft, Duty, Facts, GateDesk, GateRequest, LegalReview, Rules};
use ::incident::records::{Key, Listing, Records};
use ::incident::{IncidentId, organisation};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use platform::clock;
use platform::telemetry::count_decision;
use platform::web::fields;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No obligation has a longer name, in bytes: nothing that is none is looked for.
const LONGEST_NAME: usize = 120;

/// The incident, the obligation and the version that a path names.
type Name = (String, String, String);

/// Shows it.
///
/// # Errors
/// A review that is not there; what the table or the settings answer.
pub async fn show(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<Name>,
    session: Session,
) -> Result<Response, Trouble> {
    let case = Case::of(&desk, name).await?;
    case.page(&session, None)
}

/// Shows the text as its recipients get it, in a frame of its own that runs nothing.
///
/// # Errors
/// As [`show`].
pub async fn text(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<Name>,
    _session: Session,
) -> Result<Response, Trouble> {
    let draft = reviewed(&desk, name).await?;
    Ok((Extension(Content::Notice), Html(draft.html)).into_response())
}

/// Shows the page as the public will read it, in such a frame.
///
/// # Errors
/// As [`show`]; where nothing is published under the duty.
pub async fn public_page(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<Name>,
    _session: Session,
) -> Result<Response, Trouble> {
    let page = reviewed(&desk, name).await?.page.ok_or_else(Trouble::not_found)?;
    Ok((Extension(Content::Notice), Html(page.html)).into_response())
}

/// Takes a decision. A refusal shows the page again, with why and with what was written.
///
/// # Errors
/// As [`show`]; a form that cannot be read.
pub async fn decide(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<Name>,
    session: Session,
    body: String,
) -> Result<Response, Trouble> {
    let (id, obligation, version) = read(name.clone())?;
    let sent = fields(&body);
    let request: GateRequest = request(&id, &obligation, version, &sent)?;
    let refused = Refused {
        message: String::new(),
        verdict: Some(request.verdict),
        reason: request.reason.clone(),
        missing_items_reason: request.missing_items_reason.clone().unwrap_or_default(),
    };
    let gate =
        GateDesk { records: &desk.table, gate: &desk.gate, silencer: &desk.silencer, notification: &desk.notification };
    let decided = gate.decide(request, &session.person.identity(), clock::now()).await?;
    count_decision(&decided);
    match decided {
        Ok(_) => Ok(Redirect::to(&format!("{}#decide", path(&id, &obligation, version))).into_response()),
        Err(why) => {
            let message = format!("{} ({})", why, why.code());
            let page = Case::of(&desk, name).await?.page(&session, Some(Refused { message, ..refused }))?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
    }
}

/// The draft that a review is about. One that nobody was asked about yet is nobody's to see.
async fn reviewed(desk: &Desk, name: Name) -> Result<Draft, Trouble> {
    let (id, obligation, version) = read(name)?;
    let review: Option<LegalReview> = desk.table.get(&Key::review(&id, &obligation, version)).await?;
    let draft: Option<Draft> = desk.table.get(&Key::draft(&id, &obligation, version)).await?;
    review.and(draft).ok_or_else(Trouble::not_found)
}

fn read((id, obligation, version): Name) -> Result<(IncidentId, String, u32), Trouble> {
    let is_name = !obligation.is_empty()
        && obligation.len() <= LONGEST_NAME
        && obligation.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !is_name {
        return Err(Trouble::not_found());
    }
    let version = version.parse().map_err(|_| Trouble::not_found())?;
    Ok((named(id)?, obligation, version))
}

/// What the form says, read as every door to the gate reads it.
fn request(id: &IncidentId, obligation: &str, version: u32, sent: &[(String, String)]) -> Result<GateRequest, Trouble> {
    let missing = sent.iter().any(|(name, _)| name == "missing_items_reason");
    let missing = if missing { Some(short(sent, "missing_items_reason", LONGEST_REASON)?) } else { None };
    let request = json!({
        "incident": id, "obligation": obligation, "version": version, "digest": only(sent, "digest")?,
        "verdict": only(sent, "verdict")?, "reason": short(sent, "reason", LONGEST_REASON)?,
        "missing_items_reason": missing.filter(|reason| !reason.trim().is_empty()),
        "facts": BTreeMap::<String, String>::new(),
    });
    serde_json::from_value(request).map_err(|_| Trouble::malformed("The decision is none of those that can be taken."))
}

/// What a review is about.
struct Case {
    review: LegalReview,
    draft: Draft,
    previous: Option<Draft>,
    duty: Duty,
    facts: Vec<Facts>,
    rules: Rules,
}

impl Case {
    async fn of(desk: &Desk, name: Name) -> Result<Self, Trouble> {
        let (id, obligation, version) = read(name)?;
        let table = &desk.table;
        let review: Option<LegalReview> = table.get(&Key::review(&id, &obligation, version)).await?;
        let review = review.ok_or_else(Trouble::not_found)?;
        let before = async {
            match version.checked_sub(1) {
                None | Some(0) => Ok(None),
                Some(before) => table.get::<Draft>(&Key::draft(&id, &obligation, before)).await,
            }
        };
        let (draft, duty) = (Key::draft(&id, &obligation, version), Key::obligation(&id, &obligation));
        let facts = Listing::of_incident(&id, "FACTS#");
        let (previous, rules, draft, duty, facts) = tokio::try_join!(
            before,
            organisation::rules(&desk.settings, &desk.rules),
            table.require(&draft, "draft of this review"),
            table.require(&duty, "duty of this review"),
            table.list(&facts),
        )?;
        Ok(Self { review, draft, previous, duty, facts, rules })
    }

    fn page(&self, session: &Session, refused: Option<Refused>) -> Result<Response, Trouble> {
        let Self { review, draft, previous, duty, facts, rules } = self;
        let id = session.person.identity();
        let reviewer = Reviewer { id: &id, may_decide: session.roles.has(Role::Counsel) };
        let shell =
            shell(format!("{}, version {}", duty.obligation.citation, review.version), session, Section::Reviews);
        let records = Recorded { review, draft, previous: previous.as_ref(), duty, facts, rules };
        let page = shown(&ReviewPage::of(shell, records, reviewer, refused, clock::now()))?;
        Ok((Extension(Content::PageWithNotice), page).into_response())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn name(obligation: &str, version: &str) -> Result<(IncidentId, String, u32), Trouble> {
        read(("inc-0123456789abcdef0123".to_owned(), obligation.to_owned(), version.to_owned()))
    }

    #[test]
    fn a_path_names_a_review_and_no_other_record() {
        assert_eq!(name("eu-gdpr-33-1", "2").unwrap().1, "eu-gdpr-33-1");
        let long = "a".repeat(121);
        for obligation in ["", "a#000001", "a/b", "../a", "a b", "ä", "a\r\nb", long.as_str()] {
            assert_eq!(name(obligation, "1"), Err(Trouble::not_found()), "{obligation}");
        }
        for version in ["", "-1", "1.0", "99999999999", "1#", " 1"] {
            assert_eq!(name("eu-gdpr-33-1", version), Err(Trouble::not_found()), "{version}");
        }
    }
}
