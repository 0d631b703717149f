//! Asks each source for its evidence.

use crate::Preserver;
use incident::containment::plan::uuid_of;
use incident::containment::{ActionRunner, Automation, Place, Progress};
use incident::evidence::{EvidenceItem, ItemKind};
use incident::finding::{EntityKind, Located};
use incident::ports::{ActivityReader, BucketReader, Collected, FindingDesk, Gap, Vault};
use incident::records::{FindingRecord, Key, Records};
use incident::{Digest, Failure, Fault, Incident};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SNAPSHOT_DOCUMENT: &str = "Tocsin-SnapshotVolumes";

impl<T, V, A, B, L, F> Preserver<T, V, A, B, L, F>
where
    T: Records,
    V: Vault,
    A: ActionRunner,
    B: BucketReader,
    L: ActivityReader,
    F: FindingDesk,
{
    /// What the item's source answers, with the name of its API; `None` while it is still at work.
    pub(crate) async fn collect(
        &self,
        incident: &Incident,
        item: &EvidenceItem,
    ) -> Result<Option<(&'static str, Collected)>, Failure> {
        let subject = &item.subject;
        let place = place_of(incident, item);
        match item.kind {
            ItemKind::BucketConfiguration => {
                let source = "s3:GetBucketPolicy, s3:GetBucketAcl, s3:GetPublicAccessBlock";
                Ok(Some((source, self.buckets.configuration(&place, subject).await?)))
            }
            ItemKind::BucketVersions => {
                Ok(Some(("s3:ListObjectVersions", self.buckets.versions(&place, subject).await?)))
            }
            ItemKind::PrincipalActivity => {
                let kind = item.subject_kind.unwrap_or(EntityKind::User);
                let before = SignedDuration::from_hours(i64::from(self.activity_days) * 24);
                let from = incident.aware_at.saturating_sub(before).unwrap_or(incident.aware_at);
                // Events reach the history about five minutes late, so those of the last minutes are taken as well.
                let to = incident.aware_at.saturating_add(SignedDuration::from_mins(15)).unwrap_or(incident.aware_at);
                Ok(Some(("cloudtrail:LookupEvents", self.trail.activity(&place, kind, subject, from, to).await?)))
            }
            ItemKind::InstanceVolumes => {
                let collected = self.snapshots(incident, place, subject).await?;
                Ok(collected.map(|collected| ("ec2:CreateSnapshots", collected)))
            }
            ItemKind::Finding => Ok(Some(("EventBridge event, GetFindings", self.finding(subject).await?))),
        }
    }

    async fn finding(&self, id: &str) -> Result<Collected, Failure> {
        let Some(record) = self.records.get::<FindingRecord>(&Key::finding(id)).await? else {
            return Ok(Err(Gap("the finding was not recorded".to_owned())));
        };
        let text = record.whole_document(&self.records).await?;
        let document = serde_json::from_str(&text).unwrap_or(Value::String(text));
        // The event is the evidence; what its service holds now is an addition.
        let at_source = match self.findings.finding(&record.finding.source, &document).await {
            Err(failure) if failure.fault() != Fault::Transient => Some(json!({"unavailable": failure.to_string()})),
            answer => answer?,
        };
        Ok(Ok(json!({"document": document, "received_at": record.received_at, "at_source": at_source})))
    }

    async fn snapshots(&self, incident: &Incident, place: Place, instance: &str) -> Result<Option<Collected>, Failure> {
        let run = Automation {
            document: SNAPSHOT_DOCUMENT.to_owned(),
            role: SNAPSHOT_DOCUMENT.to_owned(),
            place: place.clone(),
            parameters: BTreeMap::from([
                ("IncidentId".to_owned(), vec![incident.id.to_string()]),
                ("InstanceId".to_owned(), vec![instance.to_owned()]),
            ]),
            token: uuid_of(&Digest::of_parts(&[incident.id.as_str(), "snapshot-volumes", instance])),
        };
        let run = self.runner.start(&run).await?;
        Ok(match self.runner.progress(&place, &run).await? {
            Progress::Running => None,
            Progress::Ended { succeeded: true, outputs, .. } => {
                let snapshots = outputs.get("PreserveVolumes.Snapshots");
                let snapshots = snapshots.and_then(|text| serde_json::from_str::<Value>(text).ok());
                Some(match snapshots {
                    Some(snapshots) => Ok(json!({"instance": instance, "snapshots": snapshots})),
                    None => Err(Gap("the automation named no snapshots".to_owned())),
                })
            }
            Progress::Ended { failure, .. } => {
                Some(Err(Gap(failure.unwrap_or_else(|| "the snapshot automation did not succeed".to_owned()))))
            }
        })
    }
}

/// Where the subject of an item is. What a principal did is recorded in the region that its finding is about.
fn place_of(incident: &Incident, item: &EvidenceItem) -> Place {
    let is_it = |found: &&Located| Some(found.entity.kind) == item.subject_kind && found.entity.id == item.subject;
    let found = incident.entities.iter().find(is_it);
    Place {
        account: found.map_or(&incident.account, |found| &found.account).clone(),
        region: found.and_then(|found| found.region.clone()),
    }
}
