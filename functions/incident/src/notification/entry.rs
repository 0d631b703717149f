//! Facts that a person enters outside a review: what they would change is shown first, and nobody overwrites what others know.

use super::changes::{DutyChange, changes};
use super::duty::{Duty, DutyState};
use super::facts::{FactError, Facts};
use super::rules::Rules;
use crate::fault::Failure;
use crate::organisation;
use crate::ports::{Responses, Settings};
use crate::record::{Incident, IncidentId};
use crate::records::{Key, Listing, Records};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a person enters.
#[derive(Clone, Debug, PartialEq)]
pub struct FactsEntry {
    /// The version of the facts that the person saw.
    pub seen: u32,
    /// The facts by name, as [`Rules::typed`] reads them; `null` says that one is not known. What is as it was counts as left alone.
    pub values: BTreeMap<String, Value>,
    /// Why, or from where.
    pub reason: String,
}

/// Facts that were entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    /// The new version.
    pub facts: Facts,
    /// The execution of the response that works out the duties anew.
    pub execution: String,
}

/// What would follow from an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The version that would be written.
    pub facts: Facts,
    /// What would become of the duties, by identifier.
    pub foreseen: Vec<Foreseen>,
}

/// What would become of one duty.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreseen {
    /// The change.
    pub change: DutyChange,
    /// Where the duty stands now; `None` where none was recorded. A final one stays as it is, whatever the facts are.
    pub state: Option<DutyState>,
    /// Whether counsel has turned its rule on: only then is a notice drafted.
    pub is_turned_on: bool,
}

/// Why an entry was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefused {
    /// There is no incident of this id.
    #[error("there is no incident of this id")]
    NoIncident,
    /// The response has not come that far.
    #[error("the facts are not worked out yet; try again when the obligations were assessed")]
    NotAssessed,
    /// The duties are another incident's.
    #[error("the incident turned out to be part of {0}: enter the facts there")]
    PartOf(IncidentId),
    /// Somebody else, or a finding, was faster.
    #[error("the facts have changed since they were shown: they are at version {last} now")]
    Outdated {
        /// The last version.
        last: u32,
    },
    /// Everything is as it was.
    #[error("nothing that was entered differs from what is known")]
    Unchanged,
    /// Fields that cannot be used.
    #[error("some facts cannot be entered")]
    Unusable(Vec<FactError>),
}

impl EntryRefused {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoIncident => "no-incident",
            Self::NotAssessed => "not-assessed",
            Self::PartOf(_) => "absorbed",
            Self::Outdated { .. } => "facts-outdated",
            Self::Unchanged => "unchanged",
            Self::Unusable(_) => "facts-refused",
        }
    }
}

/// Takes facts.
#[derive(Debug)]
pub struct FactsDesk<'a, T, S, N> {
    /// The table.
    pub records: &'a T,
    /// Holds the organisation's settings.
    pub settings: &'a S,
    /// Starts executions of the response to an incident (`incident-response`).
    pub responses: &'a N,
    /// The rules of law.
    pub rules: &'a Rules,
}

impl<T: Records, S: Settings, N: Responses> FactsDesk<'_, T, S, N> {
    /// What would follow from this entry. It is refused as [`FactsDesk::enter`] would refuse it, but may be without a reason yet.
    ///
    /// # Errors
    /// What the table answers; `NeedsOperator` where the organisation's settings cannot be used.
    pub async fn preview(
        &self,
        incident: &IncidentId,
        entry: &FactsEntry,
        author: &str,
        now: Timestamp,
    ) -> Result<Result<Preview, EntryRefused>, Failure> {
        let versions = match self.versions(incident).await? {
            Ok(versions) => versions,
            Err(refused) => return Ok(Err(refused)),
        };
        let reason = if entry.reason.trim().is_empty() { "a preview" } else { &entry.reason };
        let entry = FactsEntry { reason: reason.to_owned(), ..entry.clone() };
        let (last, facts) = match amended(&versions, &entry, author, now) {
            Ok(amended) => amended,
            Err(refused) => return Ok(Err(refused)),
        };
        let organisation = organisation::load(self.settings).await?;
        let rules = self.rules.of(&organisation).map_err(organisation::unusable)?;
        let duties: Vec<Duty> = self.records.list(&Listing::of_incident(incident, "OBLIGATION#")).await?;
        let states: BTreeMap<&str, DutyState> =
            duties.iter().map(|duty| (duty.obligation.id.as_str(), duty.state)).collect();
        let foresee = |change: DutyChange| Foreseen {
            state: states.get(change.obligation.id.as_str()).copied(),
            is_turned_on: change.obligation.is_turned_on(&organisation),
            change,
        };
        let changes = changes(&rules.assess(last), &rules.assess(&facts));
        Ok(Ok(Preview { foreseen: changes.into_iter().map(foresee).collect(), facts }))
    }

    /// Writes the entry as the next version of the facts, and has the duties worked out anew. The same once more by the same person
    /// is answered alike, and starts nothing twice.
    ///
    /// # Errors
    /// What the table or Step Functions answers. Where the start failed the facts are written: a repeat starts it.
    pub async fn enter(
        &self,
        incident: &IncidentId,
        entry: &FactsEntry,
        author: &str,
        now: Timestamp,
    ) -> Result<Result<Entered, EntryRefused>, Failure> {
        let versions = match self.versions(incident).await? {
            Ok(versions) => versions,
            Err(refused) => return Ok(Err(refused)),
        };
        let facts = match amended(&versions, entry, author, now) {
            Ok((_, next)) => {
                let (kept, is_new) = self.records.create(&Key::facts(incident, next.version()), &next).await?;
                if !is_new && !is_same_entry(&kept, &next) {
                    return Ok(Err(EntryRefused::Outdated { last: kept.version() }));
                }
                kept
            }
            Err(refused) => match written_before(&versions, entry, author, now) {
                Some(written) => written.clone(),
                None => return Ok(Err(refused)),
            },
        };
        let execution = execution(incident, &facts);
        self.responses.start(&execution, &json!({"incident": incident})).await?;
        Ok(Ok(Entered { facts, execution }))
    }

    /// Every version of the facts, of an incident whose duties are its own.
    async fn versions(&self, id: &IncidentId) -> Result<Result<Vec<Facts>, EntryRefused>, Failure> {
        let incident: Option<Incident> = self.records.get(&Key::incident(id)).await?;
        let Some(incident) = incident else { return Ok(Err(EntryRefused::NoIncident)) };
        if let Some(elder) = incident.absorbed_by {
            return Ok(Err(EntryRefused::PartOf(elder)));
        }
        let versions: Vec<Facts> = self.records.list(&Listing::of_incident(id, "FACTS#")).await?;
        Ok(if versions.is_empty() { Err(EntryRefused::NotAssessed) } else { Ok(versions) })
    }
}

/// The name of the execution that works out the duties of these facts: the same facts have the same name, so a repeat joins it.
fn execution(incident: &IncidentId, facts: &Facts) -> String {
    format!("{incident}-f{}", facts.version())
}

/// The last version, and the one that the entry makes of it.
fn amended<'a>(
    versions: &'a [Facts],
    entry: &FactsEntry,
    author: &str,
    now: Timestamp,
) -> Result<(&'a Facts, Facts), EntryRefused> {
    let last = versions.last().ok_or(EntryRefused::NotAssessed)?;
    if last.version() != entry.seen {
        return Err(EntryRefused::Outdated { last: last.version() });
    }
    let recorded: BTreeMap<&str, &Value> = last.entries().map(|(name, fact)| (name, &fact.value)).collect();
    let news = |(name, value): &(&String, &Value)| recorded.get(name.as_str()) != Some(value);
    let news: BTreeMap<String, Value> =
        entry.values.iter().filter(news).map(|(name, value)| (name.clone(), value.clone())).collect();
    if news.is_empty() {
        return Err(EntryRefused::Unchanged);
    }
    last.enter(news, author, &entry.reason, now).map(|next| (last, next)).map_err(EntryRefused::Unusable)
}

/// The version that this very entry made when it came before.
fn written_before<'a>(versions: &'a [Facts], entry: &FactsEntry, author: &str, now: Timestamp) -> Option<&'a Facts> {
    let place = versions.iter().position(|facts| facts.version() == entry.seen)?;
    let (_, made) = amended(versions.get(..=place)?, entry, author, now).ok()?;
    versions.get(place + 1).filter(|written| is_same_entry(written, &made))
}

/// Whether two versions are the same but for when they were written.
fn is_same_entry(one: &Facts, other: &Facts) -> bool {
    let said = |facts: &Facts| -> Vec<(String, Value, String, String)> {
        let all = facts.entries();
        all.map(|(name, fact)| (name.to_owned(), fact.value.clone(), fact.author.clone(), fact.reason.clone()))
            .collect()
    };
    one.version() == other.version() && said(one) == said(other)
}
