//! The first version of an incident's facts, from what the organisation has told about itself and what the findings name.

use super::Rules;
use super::facts::{AUTHOR, Facts, Source};
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
            facts.put(name, value.clone(), Source::DataMap, ORGANISATION);
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
    fn put(&mut self, name: &str, value: Value, source: Source, reason: &str) {
        self.facts.set(name, value, source, AUTHOR, reason, self.at);
    }

    /// Awareness and discovery: the first finding is the earliest that can be meant, so no deadline is later than the law's.
    fn put_clocks(&mut self, incident: &Incident) {
        for clock in ["t.aware", "t.discovery", "t.discovery_or_notification"] {
            self.put(clock, json!(incident.aware_at.to_string()), Source::Tocsin, "receipt of the first finding");
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
            self.put("incident.malicious", json!(true), Source::Finding, FINDINGS);
        }
        if malicious && category != Category::DenialOfService {
            self.put("incident.external_unauthorised_access", json!(true), Source::Finding, FINDINGS);
        }
    }

    /// What the touched data is used for, as what, and whose models and training data it is: where the holdings agree, and
    /// the inventory knows every store. Where they do not, a role is unknown, and counts as each of them.
    fn put_uses(&mut self, touched: &Touched<'_>) {
        let surfaces: BTreeSet<&str> =
            touched.holdings.iter().filter_map(|holding| holding.surface.as_deref()).collect();
        if !surfaces.is_empty() {
            self.put("data.surface", json!(surfaces), Source::DataMap, INVENTORY);
        }
        if touched.holdings.iter().any(|holding| holding.role.is_some()) {
            let own = self.facts.text("entity.role").map(str::to_owned);
            let own = own.as_deref().filter(|_| touched.complete);
            let role = agreed(touched.holdings.iter().map(|holding| holding.role.as_deref().or(own)));
            let role = role.filter(|_| touched.complete).map_or(Value::Null, |role| json!(role));
            self.put("entity.role", role, Source::DataMap, INVENTORY);
        }
        let models = agreed(touched.holdings.iter().map(|holding| holding.model_owner.as_deref()));
        if let Some(owner) = models.map(str::to_owned) {
            self.put("model.owner", json!(owner), Source::DataMap, INVENTORY);
        }
        let training = agreed(touched.holdings.iter().map(|holding| holding.training_data_owner.as_deref()));
        if let Some(owner) = training.map(str::to_owned) {
            self.put("training_data.owner", json!(owner), Source::DataMap, INVENTORY);
        }
    }

    fn put_data(&mut self, organisation: &Organisation, incident: &Incident) {
        let touched = Touched::by(incident, organisation);
        let classes: BTreeSet<&str> =
            touched.holdings.iter().flat_map(|holding| holding.data_classes.iter().map(String::as_str)).collect();
        let people = touched.holdings.iter().any(|holding| holding.affected.values().any(|count| *count > 0));
        if (people || !classes.is_empty()) && self.facts.known("incident.external_unauthorised_access").is_some() {
            self.put("personal_data_breach", json!(true), Source::DataMap, INVENTORY);
        }
        if !classes.is_empty() {
            self.put("data_classes", json!(classes), Source::DataMap, INVENTORY);
            for state in states_counting(&classes) {
                self.put(&format!("us_pi.{state}"), json!(true), Source::DataMap, INVENTORY);
            }
        }
        self.put_uses(&touched);
        for (jurisdiction, count) in counts(organisation, &touched) {
            let fact = format!("affected.{jurisdiction}");
            if touched.complete {
                self.put(&fact, json!(count), Source::DataMap, INVENTORY);
            } else if !touched.holdings.is_empty() {
                // Said rather than left out, so that a number from before the findings named the other store goes.
                self.put(
                    &fact,
                    Value::Null,
                    Source::DataMap,
                    "the data inventory lacks a store that the findings name",
                );
            }
        }
    }
}

/// What all of these say alike; `None` where one says nothing or something else.
fn agreed<'a>(said: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let all: Option<BTreeSet<&str>> = said.collect();
    all.filter(|all| all.len() == 1)?.into_iter().next()
}

/// The people in the touched holdings, by jurisdiction: zero where the inventory knows people, but none in these holdings.
/// Someone in two holdings is counted twice, so each number is an upper bound.
fn counts(organisation: &Organisation, touched: &Touched<'_>) -> BTreeMap<String, u64> {
    let everywhere = organisation.data_inventory.iter().flat_map(|holding| holding.affected.keys());
    let mut counts: BTreeMap<String, u64> = everywhere.map(|jurisdiction| (jurisdiction.clone(), 0)).collect();
    let all_told = !touched.holdings.is_empty() && touched.holdings.iter().all(|holding| holding.affected_is_complete);
    if let Some(rules) = Rules::embedded().ok().filter(|_| all_told) {
        counts.extend(rules.places().map(|place| (place.to_owned(), 0)));
    }
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
    if resource.contains('*') {
        let bucket = entity.arn.as_deref().and_then(|arn| arn.strip_prefix("arn:aws:s3:::"));
        let names = [Some(entity.id.as_str()), entity.arn.as_deref(), bucket];
        return names
            .into_iter()
            .flatten()
            .any(|name| matches(resource, name) || matches(&format!("{resource}/*"), name));
    }
    let below = |name: &str| name.strip_prefix(resource).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let arn = entity.arn.as_deref().unwrap_or_default();
    below(&entity.id) || below(arn) || arn.strip_prefix("arn:aws:s3:::").is_some_and(below)
}

/// Whether `name` is as `pattern` says, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            // The earliest place leaves the most for what follows.
            let Some((_, after)) = rest.split_once(before) else { return false };
            rest = after;
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}
