//! What entering facts would change, before it is saved.

use super::shell::Shell;
use super::text::{NoticeText, Verbatim, spaced, value};
use super::time::{At, Due};
use askama::Template;
use incident::notification::{Change, DutyState, Facts, Foreseen};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "changes.html")]
pub struct ChangesPage {
    /// What is around it.
    pub shell: Shell,
    /// The incident.
    pub incident: String,
    /// The version of the facts that the person saw.
    pub version: u32,
    /// Why the facts are changed.
    pub reason: String,
    /// The facts that change.
    pub facts: Vec<FactChange>,
    /// The duties that change.
    pub duties: Vec<DutyLine>,
    /// The changes as they are sent to be saved.
    pub sent: String,
}

/// A fact that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactChange {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub before: String,
    /// How it would.
    pub after: NoticeText,
}

/// A duty that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyLine {
    /// Its identifier.
    pub id: String,
    /// The statute.
    pub citation: String,
    /// Who is told.
    pub recipient: String,
    /// What becomes of it, in words.
    pub what: String,
    /// Its sign, which is read without colour.
    pub sign: &'static str,
    /// Its name in the style sheet.
    pub class: &'static str,
    /// By when before.
    pub before: Option<At>,
    /// By when afterwards.
    pub after: Option<Due>,
    /// What keeps the change from having an effect.
    pub note: Option<String>,
}

impl ChangesPage {
    /// What `changes` would make of the facts, and of the duties.
    ///
    /// # Errors
    /// Never for values that were read from a form.
    pub fn of(
        shell: Shell,
        incident: &str,
        facts: &Facts,
        changes: &BTreeMap<String, Value>,
        reason: &str,
        duties: &[Foreseen],
        now: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let fact = |(name, after): (&String, &Value)| FactChange {
            name: name.clone(),
            before: match facts.entries().find(|(known, _)| known == name) {
                Some((_, fact)) => value(&fact.value),
                None => "nothing is recorded".to_owned(),
            },
            after: NoticeText(value(after)),
        };
        Ok(Self {
            shell,
            incident: incident.to_owned(),
            version: facts.version(),
            reason: reason.to_owned(),
            facts: changes.iter().map(fact).collect(),
            duties: duties.iter().map(|foreseen| DutyLine::of(foreseen, now)).collect(),
            sent: serde_json::to_string(changes)?,
        })
    }
}

impl DutyLine {
    fn of(foreseen: &Foreseen, now: Timestamp) -> Self {
        let (obligation, change) = (&foreseen.change.obligation, &foreseen.change.change);
        let due = obligation.due_at.map(|due| Due::of(due, now));
        let (sign, class, what, before, after) = match change {
            Change::Appears => ("+", "alarm", "a new duty".to_owned(), None, due),
            Change::Ends { because } => {
                ("−", "quiet", format!("ends: {because}"), obligation.due_at.map(At::to_the_minute), None)
            }
            Change::Moves { from, to } => {
                let earlier = match (from, to) {
                    (Some(from), Some(to)) => to < from,
                    (None, Some(_)) => true,
                    (Some(_) | None, None) => false,
                };
                let what = if earlier { "due earlier" } else { "due later" };
                let class = if earlier { "alarm" } else { "open" };
                (
                    if earlier { "▲" } else { "▼" },
                    class,
                    what.to_owned(),
                    from.map(At::to_the_minute),
                    to.map(|to| Due::of(to, now)),
                )
            }
            Change::Established => ("=", "open", "no longer rests on what is not known".to_owned(), None, due),
            Change::Assumed => ("?", "open", "rests on what is not known".to_owned(), None, due),
            Change::HeldBack { request } => {
                let agency = request.agency.as_deref().unwrap_or("law enforcement");
                ("○", "quiet", format!("held back for {agency}"), None, due)
            }
            Change::Released => ("◆", "alarm", "no longer held back".to_owned(), None, due),
        };
        Self {
            id: obligation.id.clone(),
            citation: obligation.citation.clone(),
            recipient: obligation.recipient_detail.clone().unwrap_or_else(|| spaced(&obligation.recipient_class)),
            what,
            sign,
            class,
            before,
            after,
            note: note(foreseen),
        }
    }
}

/// What is final stays as it is, whatever the facts are; and what counsel has not turned on drafts no notice.
fn note(foreseen: &Foreseen) -> Option<String> {
    match foreseen.state {
        Some(DutyState::Sent) => Some("it was sent already, and stays so".to_owned()),
        Some(DutyState::Withheld | DutyState::NotNotifiable) => {
            Some("counsel has decided already, and that stays".to_owned())
        }
        Some(DutyState::Open | DutyState::NotTurnedOn | DutyState::Obsolete) | None => {
            (!foreseen.is_turned_on).then(|| "counsel has not turned this rule on: nothing is drafted".to_owned())
        }
    }
}
