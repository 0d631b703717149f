//! The pages. Each answers a route of `routes`: it reads records, has a view made of them, and shows it.

pub mod facts;
mod form;
pub mod home;
pub mod incident;
pub mod incidents;
pub mod register;
pub mod requests;
pub mod review;
pub mod reviews;
pub mod support;

use crate::access::Roles;
use crate::access::{READERS, REGISTRARS, REQUEST_READERS, REVIEWERS, SUPPORTERS};
use crate::errors::Trouble;
use crate::session::Session;
use crate::views::shell::{Reader, Section, Shell};
use ::incident::records::{Key, Records};
use ::incident::{Failure, Incident, IncidentId};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};

/// The page of a view.
fn shown(view: &impl Template) -> Result<Response, Trouble> {
    let html = crate::views::render(view);
    let html = html.map_err(|error| Failure::needs_operator("a page cannot be written").because(error))?;
    Ok(Html(html).into_response())
}

/// What is around a page for whoever this session is.
fn shell(title: impl Into<String>, session: &Session, at: Section) -> Shell {
    let Session { person, roles, csrf, .. } = session;
    let reader = Reader { name: person.name.clone(), roles: roles.names(), csrf: csrf.clone() };
    Shell::of(title, reader, Some(at), |section| may(roles, section))
}

/// Whether the section is worth a link.
fn may(roles: &Roles, section: Section) -> bool {
    roles.any(match section {
        Section::Incidents => READERS,
        Section::Reviews => REVIEWERS,
        Section::Register => REGISTRARS,
        Section::Requests => REQUEST_READERS,
        Section::Support => SUPPORTERS,
    })
}

/// The incident that a path names; what is no name of one names none.
fn named(id: String) -> Result<IncidentId, Trouble> {
    IncidentId::try_from(id).map_err(|_| Trouble::not_found())
}

/// The incident of this name.
async fn found(records: &impl Records, id: &IncidentId) -> Result<Incident, Trouble> {
    records.get(&Key::incident(id)).await?.ok_or_else(Trouble::not_found)
}
