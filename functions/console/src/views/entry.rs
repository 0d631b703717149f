//! The form in which a person enters facts, and what it sends back.

mod field;
mod read;
mod typed;

pub use field::{Choice, Control, Group, Shown};
pub use read::{Form, Slip};

use super::shell::Shell;
use super::text::Verbatim;
use askama::Template;
use incident::notification::{Duty, Facts, Field, Rules, Takes};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many empty lines there are for places that are not known yet.
const EMPTY_PLACES: usize = 3;

/// What the form asks: the free record `notice.items` for what is missing in a text, and for what was answered before.
pub fn questions(rules: &Rules, facts: &Facts, missing: &[String]) -> Vec<Field> {
    let mut questions = rules.fields();
    let answered = facts.known("notice.items").and_then(Value::as_object);
    let items = missing.iter().chain(answered.into_iter().flat_map(|items| items.keys()));
    let items: BTreeSet<String> = items.cloned().collect();
    for question in questions.iter_mut().filter(|question| question.name == "notice.items") {
        question.takes = Takes::Table(items.iter().cloned().collect());
    }
    questions
}

/// Whether the form asks for this fact: what it does not ask for is not entered by it, such as which incident the facts are of.
pub fn is_asked_for(fact: &str, questions: &[Field]) -> bool {
    let is_place = fact.starts_with("affected.");
    is_place || questions.iter().any(|question| question.name == fact && field::is_open(question))
}

/// The page with the form.
#[derive(Clone, Debug, Template)]
#[template(path = "facts.html")]
pub struct EntryPage {
    /// What is around it.
    pub shell: Shell,
    /// The incident.
    pub incident: String,
    /// The version of the facts that the form shows.
    pub version: u32,
    /// Why what was sent cannot be entered.
    pub slips: Vec<Slip>,
    /// The questions; those that decide about a duty come first and are open.
    pub groups: Vec<Group>,
    /// How many people live where: the places that are known, and empty lines.
    pub places: Vec<(String, String)>,
    /// Why the facts are changed, as it was sent.
    pub reason: String,
    /// Whether the reader may enter anything.
    pub may_enter: bool,
}

impl EntryPage {
    /// The form over these facts. `sent` is what was sent and refused, with the reasons.
    pub fn of(
        shell: Shell,
        incident: &str,
        questions: &[Field],
        facts: &Facts,
        duties: &[Duty],
        may_enter: bool,
        sent: Option<(&Form, Vec<Slip>)>,
    ) -> Self {
        let deciding: BTreeSet<&str> = duties
            .iter()
            .filter(|duty| !duty.state.is_settled())
            .flat_map(|duty| duty.obligation.unknown_facts.iter().map(String::as_str))
            .collect();
        let recorded = facts.entries().filter_map(|(name, _)| Some((name.strip_prefix("affected.")?, name)));
        let known = recorded
            .map(|(place, name)| (place.to_owned(), facts.known(name).map(super::text::value).unwrap_or_default()));
        let empty = std::iter::repeat_n((String::new(), String::new()), EMPTY_PLACES);
        let (form, slips) = sent.map_or((None, Vec::new()), |(form, slips)| (Some(form), slips));
        // A form that had no such lines, such as that of the preview, says nothing about places.
        let sent_places = form.map(Form::places).filter(|places| !places.is_empty());
        Self {
            shell,
            incident: incident.to_owned(),
            version: facts.version(),
            groups: Group::all(questions, facts, &deciding, form, &slips),
            places: sent_places.unwrap_or_else(|| known.chain(empty).collect()),
            reason: form.map(|form| form.reason().to_owned()).unwrap_or_default(),
            slips,
            may_enter,
        }
    }
}
