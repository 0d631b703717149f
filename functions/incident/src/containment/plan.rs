//! The plan: which steps an incident calls for, in which order, and which of them wait for a person.

use super::guard::{Count, Guard, Window};
use super::{ActionId, Place, Playbook};
use crate::Digest;
use crate::finding::{EntityKind, Located, Reach};
use crate::record::IncidentId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One change to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: ActionId,
    /// The account of the resource.
    pub account: String,
    /// Its region; `None` for a global resource, which is reached from any.
    #[serde(default)]
    pub region: Option<String>,
    /// The id of the resource that it is done to.
    pub target: String,
    /// 1, or 2 for the repetition that some actions need.
    pub pass: u32,
}

impl Step {
    /// The first pass of this action on what was found.
    pub fn on(action: ActionId, found: &Located) -> Self {
        let Located { entity, account, region } = found;
        // A name of IAM is the same in every region, whatever region a finding gives.
        let region = region.clone().filter(|_| entity.kind.reach() != Reach::Account);
        Self { action, account: account.clone(), region, target: entity.id.clone(), pass: 1 }
    }

    /// Where it is done.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }

    /// The token that makes a repeated start join the first one: a UUID, since SSM takes nothing else as `ClientToken`.
    pub fn token(&self, incident: &IncidentId, purpose: &str) -> String {
        let pass = self.pass.to_string();
        uuid_of(&Digest::of_parts(&[
            incident.as_str(),
            self.action.as_str(),
            &self.account,
            self.region.as_deref().unwrap_or_default(),
            &self.target,
            &pass,
            purpose,
        ]))
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
    /// `others` is what was planned elsewhere within the hour, for the caps.
    pub fn of(
        playbook: &Playbook,
        entities: &[Located],
        guard: &Guard,
        others: &Window,
        repeat_after_seconds: u32,
    ) -> Self {
        let mut plan = Self { playbook: playbook.id.clone(), waves: Vec::new(), withheld: Vec::new() };
        let mut repeated = Vec::new();
        let mut window = others.clone();
        let mut incident = 0_usize;
        for actions in &playbook.waves {
            let mut steps = Vec::new();
            for (action, found) in targets(actions, entities) {
                let step = Step::on(action, &found);
                let (hour, account) = window.counts(&step.account);
                match guard.objection(Some(playbook), action, &found, Count { incident, hour, account }) {
                    Some(reason) => plan.withheld.push(Withheld { step, reason }),
                    None => {
                        incident += 1;
                        window.add(&step.account);
                        repeated.extend((2..=action.passes).map(|pass| Step { pass, ..step.clone() }));
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

    /// The steps that run, each once: a second pass is the same step again.
    pub fn first_passes(&self) -> impl Iterator<Item = &Step> {
        self.steps().filter(|step| step.pass == 1)
    }

    /// The steps that run, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flat_map(|wave| &wave.steps)
    }
}

fn targets<'a>(actions: &[ActionId], entities: &'a [Located]) -> Vec<(ActionId, Cow<'a, Located>)> {
    let reachable: Vec<Cow<'a, Located>> = entities.iter().filter_map(|found| in_cluster(found, entities)).collect();
    let of = |action: ActionId| reachable.iter().filter(move |found| action.fits(found)).cloned();
    let mut found: Vec<(ActionId, Cow<'a, Located>)> =
        actions.iter().flat_map(|action| of(*action).map(|found| (*action, found))).collect();
    let place = |(action, found): &(ActionId, Cow<'a, Located>)| {
        (*action, found.account.clone(), found.region.clone(), found.entity.id.clone())
    };
    found.sort_by_key(place);
    found.dedup_by_key(|one| place(one));
    found
}

/// A pod is reached through its cluster, which findings name beside it: `cluster/namespace/name`. Where they name none, or
/// several, nobody can tell which it is; and a pod without its namespace may be one of many.
fn in_cluster<'a>(found: &'a Located, entities: &'a [Located]) -> Option<Cow<'a, Located>> {
    if found.entity.kind != EntityKind::Pod {
        return Some(Cow::Borrowed(found));
    }
    match found.entity.id.matches('/').count() {
        1 => {}
        2 => return Some(Cow::Borrowed(found)),
        _ => return None,
    }
    // A cluster of ECS or EMR has no pods. It has an ARN, and with it a region, where the pod may have none.
    let has_pods = |other: &Located| other.entity.arn.as_ref().is_none_or(|arn| arn.split(':').nth(2) == Some("eks"));
    let is_near = |other: &&Located| {
        other.entity.kind == EntityKind::Cluster
            && other.account == found.account
            && (found.region.is_none() || other.region == found.region)
            && has_pods(other)
    };
    let mut clusters = entities.iter().filter(is_near);
    let (Some(cluster), None) = (clusters.next(), clusters.next()) else { return None };
    let mut pod = found.clone();
    pod.region.clone_from(&cluster.region);
    pod.entity.id = format!("{}/{}", cluster.entity.id, found.entity.id);
    Some(Cow::Owned(pod))
}
