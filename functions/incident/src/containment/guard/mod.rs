//! Guards: what no automatic action may touch, and how many actions run without a person.
//!
//! They come from a signed document (`settings/containment.json`), never from tags: an attacker can write tags. A document that
//! proves nothing changes nothing: the last one that was trusted goes on to count, and where there never was one every action
//! waits for a person.

mod document;
mod load;
mod tally;

pub use document::{Caps, Critical, EvidencePlace, GuardDocument};
pub use load::{Loaded, Remembered, load, remembered, trust};
pub use tally::{Tally, Window};

use super::{ActionId, Playbook};
use crate::finding::Located;

/// Where the document lies among the settings.
pub const PATH: &str = "settings/containment.json";

/// Where its detached signature lies.
pub const SIGNATURE_PATH: &str = "settings/containment.json.sig";

/// The limits of what runs without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody has said what must not be touched: every action waits for a person. The text says why.
    Shut(String),
    /// What the organisation signed.
    Signed(Box<GuardDocument>),
    /// For showing what a playbook asks for: nothing is protected, nothing is capped.
    Open,
}

/// How many actions run without a person already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In this incident.
    pub incident: usize,
    /// Within an hour, everywhere.
    pub hour: usize,
    /// Within an hour, in the account of the resource.
    pub account: usize,
}

impl Guard {
    /// The same, with evidence protected whatever the document says.
    #[must_use]
    pub fn sparing(mut self, evidence: &EvidencePlace) -> Self {
        if let Self::Signed(document) = &mut self {
            document.evidence = Some(evidence.clone());
        }
        self
    }

    /// Why this action on this resource must wait for a person, if it must.
    pub fn objection(
        &self,
        playbook: Option<&Playbook>,
        action: ActionId,
        found: &Located,
        already: Count,
    ) -> Option<String> {
        let document = match self {
            Self::Open => None,
            Self::Shut(reason) => return Some(reason.clone()),
            Self::Signed(document) => Some(document),
        };
        document
            .and_then(|document| document.objection(found).or_else(|| document.lacks(action)))
            .or_else(|| action.asks.then(|| format!("`{action}` always asks a person: {}", action.impact)))
            .or_else(|| {
                let asking = playbook.filter(|playbook| playbook.ask_first.contains(&action));
                asking.map(|playbook| format!("playbook `{}` asks a person first", playbook.id))
            })
            .or_else(|| document.and_then(|document| document.caps.objection(already)))
    }

    /// The roles that keep access while something is shut.
    pub fn responders(&self) -> &[String] {
        match self {
            Self::Signed(document) => &document.responders,
            Self::Open | Self::Shut(_) => &[],
        }
    }

    /// What the organisation has set for a parameter of an action.
    pub fn setting(&self, action: ActionId, parameter: &str) -> Option<&[String]> {
        match self {
            Self::Signed(document) => document.actions.get(action.as_str())?.get(parameter).map(Vec::as_slice),
            Self::Open | Self::Shut(_) => None,
        }
    }

    /// What business this resource serves, where the organisation says so.
    pub fn serves(&self, found: &Located) -> Option<&str> {
        match self {
            Self::Signed(document) => document.serves(found),
            Self::Open | Self::Shut(_) => None,
        }
    }
}
