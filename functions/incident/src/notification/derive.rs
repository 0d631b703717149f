//! The first version of an incident's facts, from what the organisation has told about itself and what the findings name.

use super::Rules;
use super::facts::{AUTHOR, Facts};
use crate::finding::{Category, Entity, EntityKind};
use crate::organisation::{DataHolding, Organisation};
use crate::record::Incident;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ORGANISATION: &str = "settings of the organisation";
const INVENTORY: &str = "data inventory, for the resources that the findings name";
const FINDINGS: &str = "the findings";

impl Facts {
    /// The facts as far as they follow without a person.
    ///
    /// What would end a duty is left to counsel: that no personal data was breached, that data was safely encrypted, that
    /// the classes of data are none of a statute's. Numbers of people are upper bounds, and only where every store of data
    /// that the findings name is in the inventory.
    pub fn derive(organisation: &Organisation, incident: &Incident) -> Self {
        let mut facts = Draught { facts: Self::unknown(), at: incident.aware_at };
        for (name, value) in &organisation.facts {
            facts.put(name, value.clone(), ORGANISATION);
        }
        facts.put_clocks(incident);
        facts.put_intent(incident.category);
        facts.put_data(organisation, incident);
        facts.facts
    }
}

/// The holdings that an incident touches.
pub(crate) struct Touched<'a> {
    pub(crate) holdings: Vec<&'a DataHolding>,
    /// Whether the inventory knows every store of data that the findings name.
    pub(crate) complete: bool,
}

impl<'a> Touched<'a> {
    pub(crate) fn by(incident: &Incident, organisation: &'a Organisation) -> Self {
        let inventory = &organisation.data_inventory;
        let holdings: Vec<_> =
            inventory.iter().filter(|holding| named(incident).any(|entity| is_in(entity, holding))).collect();
        let stores = named(incident).filter(|entity| is_store(entity.kind));
        let complete = !holdings.is_empty()
            && stores.into_iter().all(|entity| holdings.iter().any(|holding| is_in(entity, holding)));
        Self { holdings, complete }
    }
}

fn named(incident: &Incident) -> impl Iterator<Item = &Entity> {
    incident.entities.iter().map(|found| &found.entity)
}

struct Draught {
    facts: Facts,
    at: Timestamp,
}

impl Draught {
    fn put(&mut self, name: &str, value: Value, reason: &str) {
        self.facts.set(name, value, AUTHOR, reason, self.at);
    }

    /// Awareness and discovery: the first finding is the earliest that can be meant, so no deadline is later than the law's.
    fn put_clocks(&mut self, incident: &Incident) {
        for clock in ["t.aware", "t.discovery", "t.discovery_or_notification"] {
            self.put(clock, json!(incident.aware_at.to_string()), "receipt of the first finding");
        }
    }

    fn put_intent(&mut self, category: Category) {
        let malicious = match category {
            Category::CredentialCompromise
            | Category::InstanceCompromise
            | Category::ContainerCompromise
            | Category::DatabaseCompromise
            | Category::DataExfiltration
            | Category::Ransomware
            | Category::AccountTakeover
            | Category::ModelArtifactTheft
            | Category::TrainingDataLeak
            | Category::InferenceLogLeak
            | Category::LlmAbuse
            | Category::DefenseEvasion
            | Category::CryptoMining
            | Category::Malware
            | Category::DenialOfService => true,
            // Exposure and probing can be someone's mistake; the finding alone does not tell.
            Category::BucketExposure
            | Category::ResourceExposure
            | Category::SnapshotExposure
            | Category::Reconnaissance
            | Category::Misconfiguration
            | Category::Unclassified => false,
        };
        if malicious {
            self.put("incident.malicious", json!(true), FINDINGS);
        }
        if malicious && category != Category::DenialOfService {
            self.put("incident.external_unauthorised_access", json!(true), FINDINGS);
        }
    }

    fn put_data(&mut self, organisation: &Organisation, incident: &Incident) {
        let touched = Touched::by(incident, organisation);
        let classes: BTreeSet<&str> =
            touched.holdings.iter().flat_map(|holding| holding.data_classes.iter().map(String::as_str)).collect();
        let people = touched.holdings.iter().any(|holding| holding.affected.values().any(|count| *count > 0));
        if (people || !classes.is_empty()) && self.facts.known("incident.external_unauthorised_access").is_some() {
            self.put("personal_data_breach", json!(true), INVENTORY);
        }
        if !classes.is_empty() {
            self.put("data_classes", json!(classes), INVENTORY);
            for state in states_counting(&classes) {
                self.put(&format!("us_pi.{state}"), json!(true), INVENTORY);
            }
        }
        for (jurisdiction, count) in counts(organisation, &touched) {
            let fact = format!("affected.{jurisdiction}");
            if touched.complete {
                self.put(&fact, json!(count), INVENTORY);
            } else if !touched.holdings.is_empty() {
                // Said rather than left out, so that a number from before the findings named the other store goes.
                self.put(&fact, Value::Null, "the data inventory lacks a store that the findings name");
            }
        }
    }
}

/// The people in the touched holdings, by jurisdiction: zero where the inventory knows people, but none in these holdings.
/// Someone in two holdings is counted twice, so each number is an upper bound.
fn counts(organisation: &Organisation, touched: &Touched<'_>) -> BTreeMap<String, u64> {
    let everywhere = organisation.data_inventory.iter().flat_map(|holding| holding.affected.keys());
    let mut counts: BTreeMap<String, u64> = everywhere.map(|jurisdiction| (jurisdiction.clone(), 0)).collect();
    for (jurisdiction, count) in touched.holdings.iter().flat_map(|holding| &holding.affected) {
        let sum = counts.entry(jurisdiction.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
    counts
}

/// The states whose statute covers one of these classes of data. That it covers none is for counsel to say.
fn states_counting(classes: &BTreeSet<&str>) -> Vec<String> {
    let Ok(rules) = Rules::embedded() else { return Vec::new() };
    rules.states_counting(classes)
}

/// What holds data by itself: if the inventory lacks it, nobody knows whose data it was.
fn is_store(kind: EntityKind) -> bool {
    let stores = [EntityKind::Bucket, EntityKind::Object, EntityKind::Database, EntityKind::Table];
    stores.contains(&kind) || [EntityKind::Volume, EntityKind::Snapshot].contains(&kind)
}

fn is_in(entity: &Entity, holding: &DataHolding) -> bool {
    let resource = holding.resource.as_str();
    let below = |name: &str| name.strip_prefix(resource).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let arn = entity.arn.as_deref().unwrap_or_default();
    below(&entity.id) || below(arn) || arn.strip_prefix("arn:aws:s3:::").is_some_and(below)
}
