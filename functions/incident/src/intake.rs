//! Takes in one delivery of a finding: records it, and joins it to its incident.
//!
//! Everything that one delivery changes is written in one transaction, on the condition that nothing of what was read has
//! changed meanwhile. So there is no half-way state, whoever else writes and wherever this stops.

use crate::Digest;
use crate::analysis::correlation::{Placement, Sightings, Span, ties};
use crate::fault::Failure;
use crate::finding::Finding;
use crate::post_incident::RegisterEntry;
use crate::record::{Incident, IncidentId};
use crate::records::{FindingRecord, Key, MOST_WRITES, Member, Records, Versioned, Write};
use crate::scope::{Scope, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How many incidents one transaction merges: more than one tie alone leads to.
const MOST_LINKED: usize = 36;

/// How many ties one transaction takes; the rest of it is for the incidents, a register entry, the finding and its membership.
const MOST_TIES: usize = MOST_WRITES - MOST_LINKED - 3;

/// What a delivery is taken in under.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What is acted on.
    pub scope: &'a Scope,
    /// Within what time a tie makes two findings one incident.
    pub window: SignedDuration,
    /// Stands in for the region of a global finding.
    pub home_region: &'a str,
    /// The time now.
    pub now: Timestamp,
}

/// One delivery of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// What it says.
    pub finding: &'a Finding,
    /// The document that it stood in.
    pub document: &'a str,
    /// When it was received.
    pub received: Timestamp,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The record of the finding, after this delivery.
    Recorded(Box<FindingRecord>),
    /// Somebody else changed what this delivery is about: take it again.
    Contended,
}

/// Takes in a delivery. A repeat reads one record and writes nothing.
///
/// # Errors
/// What the table answers.
pub async fn take(records: &impl Records, terms: Terms<'_>, delivery: Delivery<'_>) -> Result<Taken, Failure> {
    let Delivery { finding, document, received } = delivery;
    let key = Key::finding(finding.identity());
    let known: Option<Versioned<FindingRecord>> = one(records, &key).await?;
    let over = known.as_ref().map(|known| known.version);
    let is_repeat = known.as_ref().is_some_and(|known| known.record.covers(finding));
    let mut record = match known {
        Some(Versioned { mut record, .. }) => {
            record.take_in(finding, document);
            record
        }
        None => FindingRecord::new(finding, document, received),
    };
    let suppressed = match terms.scope.decide(&record.finding, terms.now) {
        Verdict::Act => None,
        Verdict::Suppressed(suppression) => Some(suppression),
    };
    let is_as_before = is_repeat && record.suppressed == suppressed;
    record.suppressed = suppressed;
    if !is_as_before {
        record.write_parts(records, document).await?;
    }
    if record.suppressed.is_some() {
        let is_written = is_as_before || records.commit(vec![Write::new(key, &record, over)?]).await?;
        return Ok(if is_written { Taken::Recorded(Box::new(record)) } else { Taken::Contended });
    }
    let ties = ties(&record.finding, |entity| terms.scope.is_shared(entity, terms.now));
    if is_as_before && record.incident.is_some() && record.tied >= ties.len() {
        return Ok(Taken::Recorded(Box::new(record)));
    }
    if !is_as_before {
        record.tied = 0;
    }
    join(records, terms, record, over, &ties).await
}

/// Joins a finding to the incidents that its ties lead to, as many ties at a time as a transaction takes.
async fn join(
    records: &impl Records,
    terms: Terms<'_>,
    mut record: FindingRecord,
    mut over: Option<u64>,
    ties: &[Digest],
) -> Result<Taken, Failure> {
    loop {
        let left = ties.get(record.tied..).unwrap_or_default();
        let now = left.get(..MOST_TIES.min(left.len())).unwrap_or_default();
        if !join_some(records, terms, &mut record, over, now).await? {
            return Ok(Taken::Contended);
        }
        if record.tied >= ties.len() {
            return Ok(Taken::Recorded(Box::new(record)));
        }
        over = Some(over.unwrap_or(0) + 1);
    }
}

async fn join_some(
    records: &impl Records,
    terms: Terms<'_>,
    record: &mut FindingRecord,
    over: Option<u64>,
    ties: &[Digest],
) -> Result<bool, Failure> {
    let identity = record.finding.identity().to_owned();
    let span = Span::of(&record.finding, record.received_at);
    let keys: Vec<Key> = ties.iter().map(Key::tie).collect();
    let known: Vec<Option<Versioned<Sightings>>> = records.read(&keys).await?;
    let mut linked: BTreeSet<IncidentId> = record.incident.clone().into_iter().collect();
    let mut taken = 0;
    for known in &known {
        let near = known.iter().flat_map(|known| known.record.near(span, terms.window));
        let more: BTreeSet<IncidentId> = near.cloned().chain(linked.iter().cloned()).collect();
        if more.len() > MOST_LINKED {
            break;
        }
        linked = more;
        taken += 1;
    }
    let Family { open, closed } = family(records, linked.into_iter().collect()).await?;
    // The finding's own incident may be closed. What it says of the time before belongs there.
    if let Some(own) = record.incident.as_ref().and_then(|id| closed.iter().find(|closed| closed.id == *id)) {
        let is_over = record.finding.last_seen.unwrap_or(record.received_at) <= own.closed_at.unwrap_or(terms.now);
        if is_over {
            record.tied += taken;
            return records.commit(vec![Write::new(Key::finding(&identity), record, over)?]).await;
        }
    }
    let opens = match &record.incident {
        Some(earlier) if open.is_empty() => IncidentId::reopened_by(&record.finding, earlier),
        _ => IncidentId::opened_by(&record.finding),
    };
    let versions: Vec<(IncidentId, u64)> = open.iter().map(|open| (open.record.id.clone(), open.version)).collect();
    let before: Vec<Incident> = open.into_iter().map(|open| open.record).collect();
    let placed = Placement::of(&record.finding, record.received_at, before.clone(), opens, terms.home_region);

    let version = |id: &IncidentId| versions.iter().find(|(known, _)| known == id).map(|(_, version)| *version);
    let id = placed.incident.id.clone();
    let mut writes = Vec::new();
    for incident in std::iter::once(&placed.incident).chain(&placed.absorbed) {
        if !before.contains(incident) {
            let over = version(&incident.id);
            writes.push(Write::new(Key::incident(&incident.id), incident, over)?);
            if over.is_none() {
                let entry = RegisterEntry::opening(incident, terms.now);
                writes.push(Write::new(Key::register(&incident.id), &entry, None)?);
            }
        }
    }
    for (key, known) in keys.into_iter().zip(known).take(taken) {
        let (mut sightings, over) = known.map_or((Sightings::default(), None), |k| (k.record, Some(k.version)));
        if sightings.add(span, terms.window, &id) {
            writes.push(Write::new(key, &sightings, over)?);
        }
    }
    let member = Key::member(&id, &identity);
    if one::<Member>(records, &member).await?.is_none() {
        writes.push(Write::new(member, &Member { finding: identity.clone() }, None)?);
    }
    record.incident = Some(id);
    record.tied += taken;
    if let Some(name) = placed.starts {
        record.starts = Some(name);
        record.is_started = false;
    }
    writes.push(Write::new(Key::finding(&identity), record, over)?);
    records.commit(writes).await
}

/// The incidents behind some ids: each stands for the one that it turned out to be part of.
#[derive(Default)]
struct Family {
    open: Vec<Versioned<Incident>>,
    closed: Vec<Incident>,
}

async fn family(records: &impl Records, mut ids: Vec<IncidentId>) -> Result<Family, Failure> {
    let mut family = Family::default();
    let mut seen: Vec<IncidentId> = Vec::new();
    while !ids.is_empty() {
        ids.sort();
        ids.dedup();
        ids.retain(|id| !seen.contains(id));
        seen.extend(ids.iter().cloned());
        let keys: Vec<Key> = std::mem::take(&mut ids).iter().map(Key::incident).collect();
        let found: Vec<Option<Versioned<Incident>>> = records.read(&keys).await?;
        for found in found.into_iter().flatten() {
            match (&found.record.absorbed_by, found.record.closed_at) {
                (Some(elder), _) => ids.push(elder.clone()),
                (None, Some(_)) => family.closed.push(found.record),
                (None, None) => family.open.push(found),
            }
        }
    }
    Ok(family)
}

/// Notes that the response to a finding has been started. Nothing depends on it but that repeats do not start it again.
///
/// # Errors
/// What the table answers.
pub async fn note_started(records: &impl Records, record: &FindingRecord) -> Result<(), Failure> {
    let started = |known: &mut FindingRecord| {
        if known.starts == record.starts {
            known.is_started = true;
        }
        Ok(())
    };
    records.update(&Key::finding(record.finding.identity()), started).await.map(|_| ())
}

async fn one<T: serde::de::DeserializeOwned>(
    records: &impl Records,
    key: &Key,
) -> Result<Option<Versioned<T>>, Failure> {
    Ok(records.read(std::slice::from_ref(key)).await?.into_iter().next().flatten())
}
