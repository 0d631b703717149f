//! Guards: what no automatic action may touch, and how many actions run without a person.

use super::{ActionId, Playbook};
use crate::finding::Entity;
use crate::organisation::Organisation;

/// The limits of what runs without a person. They come from the organisation's settings, never from tags: an attacker
/// can write tags.
#[derive(Clone, Debug)]
pub struct Guard {
    protected: Vec<String>,
    actions_an_incident: usize,
}

impl Guard {
    /// The guard that the organisation's settings describe.
    pub fn of(organisation: &Organisation) -> Self {
        Self { protected: organisation.protected.clone(), actions_an_incident: organisation.actions_an_incident }
    }

    /// The guard where no settings are at hand: nothing is protected, nothing is capped. For showing a plan only.
    pub fn open() -> Self {
        Self { protected: Vec::new(), actions_an_incident: usize::MAX }
    }

    /// Why this action on this entity must wait for a person, if it must. `already` actions of the incident are allowed.
    pub fn objection(&self, playbook: &Playbook, action: ActionId, entity: &Entity, already: usize) -> Option<String> {
        if self.protected.iter().any(|protected| *protected == entity.id || Some(protected) == entity.arn.as_ref()) {
            Some("the resource is protected by the organisation's settings".to_owned())
        } else if playbook.ask_first.contains(&action) {
            Some(format!("playbook `{}` asks a person first", playbook.id))
        } else if already >= self.actions_an_incident {
            Some(format!("the cap of {} actions an incident is reached", self.actions_an_incident))
        } else {
            None
        }
    }
}
