//! Who keeps a resource contained. Several incidents may want the same: the first contains it, each keeps it, and only when the
//! last one lets go is it given back, to the state that the first one found.

use crate::record::IncidentId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a start that was announced is waited for. A function that was killed is called again well within it.
const STARTING: SignedDuration = SignedDuration::from_mins(2);

/// Who keeps a resource contained by an action, and how it was found. There is one for an action and a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The incidents that keep it.
    pub holders: Vec<IncidentId>,
    /// The first run, until its outcome is known.
    pub first: Option<FirstRun>,
    /// The state as found, as JSON. Written once: what later runs find is what the first one left.
    pub before: Option<String>,
    /// What was last observed while it was contained, as JSON.
    pub observation: Option<String>,
    /// The incident that gives it back. Nobody takes it meanwhile.
    pub released_by: Option<IncidentId>,
}

/// The run that records the state as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRun {
    /// The incident that starts it.
    pub incident: IncidentId,
    /// Its id, once it is started.
    pub automation: Option<String>,
    /// When it was announced.
    pub at: Timestamp,
}

/// What an incident that wants the resource contained does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Starts a run of its own, with the state as found where it is known.
    Start(Option<String>),
    /// Joins the run of another incident, which has not told yet how the resource was found.
    Join(FirstRun),
    /// Asks again: another incident is about to start, or gives it back.
    Wait(&'static str),
}

/// What an incident that lets go does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// Nothing: these incidents keep it contained.
    Kept(Vec<IncidentId>),
    /// Gives it back: it was the last one.
    GiveBack,
}

impl Hold {
    /// `incident` wants the resource contained.
    pub fn take(&mut self, incident: &IncidentId, now: Timestamp) -> Taken {
        if self.released_by.is_some() {
            return Taken::Wait("another incident is giving the resource back");
        }
        if self.before.is_none() {
            match &self.first {
                Some(first) if first.incident == *incident => {}
                Some(first) if first.automation.is_some() => {
                    let first = first.clone();
                    self.keep(incident);
                    return Taken::Join(first);
                }
                Some(first) if now.duration_since(first.at) < STARTING => {
                    return Taken::Wait("another incident is about to contain the resource");
                }
                _ => self.first = Some(FirstRun { incident: incident.clone(), automation: None, at: now }),
            }
        }
        self.keep(incident);
        Taken::Start(self.before.clone())
    }

    fn keep(&mut self, incident: &IncidentId) {
        if !self.holders.contains(incident) {
            self.holders.push(incident.clone());
            self.holders.sort();
        }
    }

    /// The run that `incident` announced was started.
    pub fn started(&mut self, incident: &IncidentId, automation: &str) {
        if let Some(first) = self.first.as_mut().filter(|first| first.incident == *incident) {
            first.automation = Some(automation.to_owned());
        }
    }

    /// A run ended: `before` is what it recorded, `observation` what it left, where it took effect.
    pub fn ended(&mut self, automation: &str, before: Option<&str>, observation: Option<&str>) {
        self.before = self.before.take().or_else(|| before.map(str::to_owned));
        if let Some(observation) = observation {
            self.observation = Some(observation.to_owned());
        }
        if self.first.as_ref().is_some_and(|first| first.automation.as_deref() == Some(automation)) {
            self.first = None;
        }
    }

    /// `incident` lets go, and with it the incidents that are part of it.
    pub fn let_go(&mut self, incident: &IncidentId, family: &[&IncidentId]) -> LetGo {
        if self.released_by.as_ref() == Some(incident) {
            return LetGo::GiveBack;
        }
        self.holders.retain(|holder| holder != incident && !family.contains(&holder));
        if self.holders.is_empty() {
            self.released_by = Some(incident.clone());
            LetGo::GiveBack
        } else {
            LetGo::Kept(self.holders.clone())
        }
    }
}
