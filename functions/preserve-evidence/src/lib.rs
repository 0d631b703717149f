//! Preserves what is not yet preserved of an incident, most volatile first.

mod collect;

use incident::containment::{ActionRunner, Playbooks};
use incident::evidence::custody::{self, Statement};
use incident::evidence::{Deed, EvidenceItem, EvidenceRecord, ItemKind, Outcome, Stage};
use incident::ports::{ActivityReader, BucketReader, Collected, FindingDesk, Gap, Vault};
use incident::records::{Key, Records, finding_ids};
use incident::{Failure, Fault, Incident, IncidentId, organisation};
use jiff::Timestamp;
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Preserves evidence.
pub struct Preserver<T, V, A, B, L, F> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// Runs the snapshot document.
    pub runner: A,
    /// Reads buckets.
    pub buckets: B,
    /// Reads what principals did.
    pub trail: L,
    /// The services that made the findings.
    pub findings: F,
    /// All playbooks.
    pub playbooks: Playbooks,
    /// Who preserves: this function's name.
    pub custodian: String,
    /// How many days before awareness the activity of a principal is read from.
    pub activity_days: u32,
}

/// Which incident, and which stage of its response.
#[derive(Debug, Deserialize)]
pub struct PreserveTask {
    /// The incident.
    pub incident: IncidentId,
    /// Before or beside containment.
    pub stage: Stage,
}

/// How far preservation has come.
#[derive(Debug, Serialize)]
pub struct Preserved {
    incident: IncidentId,
    stage: Stage,
    state: State,
    preserved: usize,
    gaps: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    InProgress,
    Preserved,
}

impl<T, V, A, B, L, F> Preserver<T, V, A, B, L, F>
where
    T: Records,
    V: Vault,
    A: ActionRunner,
    B: BucketReader,
    L: ActivityReader,
    F: FindingDesk,
{
    /// Preserves every item that is ready. Called until it says `preserved`; what is preserved stays as it is.
    ///
    /// # Errors
    /// `Transient` where a source throttles. What is missing at the source is a gap, not an error.
    pub async fn preserve(&self, task: PreserveTask, now: Timestamp) -> Result<Preserved, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        // Evidence does not wait for settings to be mended.
        let holdings = match organisation::load(&self.vault).await {
            Ok(organisation) => organisation.data_inventory,
            Err(failure) if failure.fault() == Fault::Transient => return Err(failure),
            Err(_) => Vec::new(),
        };
        let playbook = self.playbooks.choose(incident.category, &incident.entities, &holdings).playbook;
        let findings = finding_ids(&self.records, &incident).await?;
        let mut items = EvidenceItem::of(playbook, &incident, &findings, task.stage);
        // Snapshots take longest, so they are started before the rest is read.
        items.sort_by_key(|item| item.kind != ItemKind::InstanceVolumes);
        let mut result = Preserved {
            incident: incident.id.clone(),
            stage: task.stage,
            state: State::Preserved,
            preserved: 0,
            gaps: 0,
        };
        let mut waiting = Vec::new();
        for item in items {
            match self.settle(&incident, &item, now).await? {
                Some(record) => result.add(&record),
                None => waiting.push(item),
            }
        }
        for item in waiting {
            match self.settle(&incident, &item, now).await? {
                Some(record) => result.add(&record),
                None => result.state = State::InProgress,
            }
        }
        Ok(result)
    }

    /// The record of an item, after it was preserved if it was not; `None` while its source is still at work.
    async fn settle(
        &self,
        incident: &Incident,
        item: &EvidenceItem,
        now: Timestamp,
    ) -> Result<Option<EvidenceRecord>, Failure> {
        let key = Key::evidence(&incident.id, item);
        if let Some(record) = self.records.get(&key).await? {
            return Ok(Some(record));
        }
        let (source, collected) = match self.collect(incident, item).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(None),
            Err(failure) if failure.fault() == Fault::Transient => return Err(failure),
            // One source that cannot be asked must not keep the others from being preserved.
            Err(failure) => ("none", Err(Gap(failure.to_string()))),
        };
        let outcome = self.put(incident, item, source, collected, now).await?;
        let record = EvidenceRecord {
            incident: incident.id.clone(),
            item: item.clone(),
            path: item.path(),
            outcome,
            collected_at: now,
            source: source.to_owned(),
        };
        let (record, is_new) = self.records.create(&key, &record).await?;
        if is_new {
            count("EvidencePreserved", 1);
        }
        Ok(Some(record))
    }

    async fn put(
        &self,
        incident: &Incident,
        item: &EvidenceItem,
        source: &str,
        collected: Collected,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let path = item.path();
        let (deed, outcome, reason) = match collected {
            Ok(content) => {
                let document = json!({"item": item, "collected_at": now, "source": source, "content": content});
                let (sha256, bytes) = self
                    .vault
                    .preserve(&format!("incidents/{}/{path}", incident.id), document.to_string().into_bytes())
                    .await?;
                (Deed::Preserved, Outcome::Preserved { sha256, bytes }, format!("response to {}", incident.id))
            }
            Err(Gap(reason)) => (Deed::GapRecorded, Outcome::Gap { reason: reason.clone() }, reason),
        };
        let sha256 = match &outcome {
            Outcome::Preserved { sha256, .. } => Some(sha256.clone()),
            Outcome::Gap { .. } => None,
        };
        let statement = Statement { custodian: self.custodian.clone(), deed, path, sha256, reason };
        custody::enter(&self.records, &incident.id, now, &statement).await?;
        Ok(outcome)
    }
}

impl Preserved {
    fn add(&mut self, record: &EvidenceRecord) {
        match record.outcome {
            Outcome::Preserved { .. } => self.preserved += 1,
            Outcome::Gap { .. } => self.gaps += 1,
        }
    }
}
