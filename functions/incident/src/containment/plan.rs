//! The plan: which steps an incident calls for, in which order, and which of them wait for a person.

use super::{ActionId, Playbook, guard::Guard};
use crate::Digest;
use crate::finding::Entity;
use crate::record::IncidentId;
use serde::{Deserialize, Serialize};

/// One change to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: ActionId,
    /// The id of the resource that it is done to.
    pub target: String,
    /// 1, or 2 for the repetition that some actions need.
    pub pass: u32,
}

impl Step {
    /// The token that makes a repeated start join the first one: a UUID, since SSM takes nothing else as `ClientToken`.
    pub fn token(&self, incident: &IncidentId, purpose: &str) -> String {
        let pass = self.pass.to_string();
        uuid_of(&Digest::of_parts(&[incident.as_str(), self.action.as_str(), &self.target, &pass, purpose]))
    }
}

/// The first 32 digits of a digest in the form of a UUID.
pub fn uuid_of(digest: &Digest) -> String {
    let mut text = digest.short(32);
    for position in [20, 16, 12, 8] {
        text.insert(position, '-');
    }
    text
}

/// Steps that run at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// How long to wait before it, in seconds.
    pub after_seconds: u32,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step that does not run by itself, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The step.
    pub step: Step,
    /// What a person has to weigh.
    pub reason: String,
}

/// What an incident calls for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The playbook that it follows.
    pub playbook: String,
    /// What runs, in order.
    pub waves: Vec<Wave>,
    /// What waits for a person.
    pub withheld: Vec<Withheld>,
}

impl Plan {
    /// The plan for these entities. `repeat_after_seconds` is the time between the two passes of an action that needs two.
    ///
    /// A plan depends only on the set of entities: their order and repeats change nothing.
    pub fn of(playbook: &Playbook, entities: &[Entity], guard: &Guard, repeat_after_seconds: u32) -> Self {
        let mut plan = Self { playbook: playbook.id.clone(), waves: Vec::new(), withheld: Vec::new() };
        let mut repeated = Vec::new();
        let mut allowed = 0_usize;
        for actions in &playbook.waves {
            let mut steps = Vec::new();
            for (action, entity) in targets(actions, entities) {
                let step = Step { action, target: entity.id.clone(), pass: 1 };
                match guard.objection(playbook, action, entity, allowed) {
                    Some(reason) => plan.withheld.push(Withheld { step, reason }),
                    None => {
                        allowed += 1;
                        repeated.extend((2..=action.passes()).map(|pass| Step { pass, ..step.clone() }));
                        steps.push(step);
                    }
                }
            }
            if !steps.is_empty() {
                plan.waves.push(Wave { after_seconds: 0, steps });
            }
        }
        if !repeated.is_empty() {
            plan.waves.push(Wave { after_seconds: repeat_after_seconds, steps: repeated });
        }
        plan
    }

    /// The steps that run, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flat_map(|wave| &wave.steps)
    }
}

fn targets<'a>(actions: &[ActionId], entities: &'a [Entity]) -> Vec<(ActionId, &'a Entity)> {
    let mut found: Vec<(ActionId, &Entity)> = actions
        .iter()
        .flat_map(|action| {
            entities.iter().filter(|entity| entity.kind == action.target_kind()).map(|entity| (*action, entity))
        })
        .collect();
    found.sort_by(|one, other| (one.0, &one.1.id).cmp(&(other.0, &other.1.id)));
    found.dedup_by(|one, other| one.0 == other.0 && one.1.id == other.1.id);
    found
}
