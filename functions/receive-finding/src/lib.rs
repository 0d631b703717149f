//! Takes findings from the queue, joins each to its incident, and starts the response.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use incident::finding::EntityKind;
use incident::ports::{DeadLetters, Responses};
use incident::records::{EntityPointer, FindingRecord, Key, Records};
use incident::sources::{Unreadable, read};
use incident::{Entity, Failure, Finding, Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::{Level, count, log};
use serde_json::json;

/// The intake of findings.
pub struct Intake<T, R, D> {
    /// The table.
    pub records: T,
    /// Starts the response.
    pub responses: R,
    /// Keeps what cannot be read.
    pub dead_letters: D,
    /// Stands in for the region of a global finding.
    pub home_region: String,
    /// How long an entity ties a new finding to an open incident.
    pub correlation_hours: u32,
}

impl<T: Records, R: Responses, D: DeadLetters> Intake<T, R, D> {
    /// Takes a batch. A message that fails is answered by its id and delivered again; the rest of the batch goes on.
    ///
    /// # Errors
    /// Never for the sake of one message.
    pub async fn take_batch(&self, batch: SqsEvent, now: Timestamp) -> Result<SqsBatchResponse, Failure> {
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            // The time of sending is the same at every delivery of the message.
            let sent = message.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
            let received = sent.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(now);
            if let Err(failure) = self.take_document(&message.body.unwrap_or_default(), received).await {
                log(
                    Level::Error,
                    "a finding was not taken and will be delivered again",
                    &[("error.name", failure.fault().error_name()), ("error.message", &failure.chain())],
                );
                let mut failed = BatchItemFailure::default();
                failed.item_identifier = message.message_id.unwrap_or_default();
                response.batch_item_failures.push(failed);
            }
        }
        Ok(response)
    }

    async fn take_document(&self, document: &str, received: Timestamp) -> Result<(), Failure> {
        match read(document.as_bytes()) {
            Err(unreadable) => self.refuse(document, &unreadable).await,
            Ok(findings) => {
                for finding in findings {
                    match finding {
                        Ok(finding) => self.take(&finding, document, received).await?,
                        Err(unreadable) => self.refuse(document, &unreadable).await?,
                    }
                }
                Ok(())
            }
        }
    }

    async fn refuse(&self, document: &str, unreadable: &Unreadable) -> Result<(), Failure> {
        let Unreadable { code, path, message } = unreadable;
        self.dead_letters.keep(document, code, path, message).await?;
        count("FindingsUnreadable", 1);
        log(
            Level::Error,
            "a finding cannot be read: it is in the dead-letter queue",
            &[("finding.code", code), ("finding.path", path)],
        );
        Ok(())
    }

    async fn take(&self, finding: &Finding, document: &str, received: Timestamp) -> Result<(), Failure> {
        count("FindingsReceived", 1);
        let key = Key::finding(finding.identity());
        let known: Option<FindingRecord> = self.records.get(&key).await?;
        let record = match known {
            Some(known) if known.incident.is_some() => known,
            _ => self.record(&key, finding, document, received).await?,
        };
        match (record.incident, record.starts) {
            (Some(incident), Some(name)) => self.responses.start(&name, &json!({"incident": incident})).await,
            _ => Ok(()),
        }
    }

    async fn record(
        &self,
        key: &Key,
        finding: &Finding,
        document: &str,
        received: Timestamp,
    ) -> Result<FindingRecord, Failure> {
        let mut record = FindingRecord {
            incident: None,
            finding: finding.clone(),
            document: document.to_owned(),
            received_at: received,
            starts: None,
        };
        if finding.is_actionable() {
            let incident = self.join(finding, received).await?;
            record.starts = incident.execution_for(finding);
            record.incident = Some(incident.id);
        }
        let (kept, is_new) = self.records.create(key, &record).await?;
        if is_new || kept.incident.is_some() || record.incident.is_none() {
            return Ok(kept);
        }
        // It was recorded as archived or as a sample, and is active now.
        self.records
            .update(key, |kept: &mut FindingRecord| {
                kept.clone_from(&record);
                Ok(())
            })
            .await
    }

    /// Joins the finding to the open incident of one of its entities, or opens one. A repeat changes nothing.
    async fn join(&self, finding: &Finding, received: Timestamp) -> Result<Incident, Failure> {
        let id = match self.correlated(finding, received).await? {
            Some(id) => id,
            None => IncidentId::opened_by(finding),
        };
        let opened = Incident::open(finding, received, &self.home_region);
        let key = Key::incident(&id);
        let (mut incident, is_new) = self.records.create(&key, &opened).await?;
        if !is_new && !incident.findings.iter().any(|known| known == finding.identity()) {
            incident = self
                .records
                .update(&key, |incident: &mut Incident| {
                    incident.join(finding);
                    Ok(())
                })
                .await?;
        }
        for entity in finding.entities.iter().filter(|entity| ties(entity)) {
            let pointer = EntityPointer { incident: incident.id.clone(), seen_at: received };
            let key = Key::entity(&finding.account, entity);
            let (kept, is_new) = self.records.create(&key, &pointer).await?;
            if !is_new && kept.seen_at < received {
                self.records
                    .update(&key, |kept: &mut EntityPointer| {
                        kept.clone_from(&pointer);
                        Ok(())
                    })
                    .await?;
            }
        }
        Ok(incident)
    }

    async fn correlated(&self, finding: &Finding, received: Timestamp) -> Result<Option<IncidentId>, Failure> {
        let window = SignedDuration::from_hours(i64::from(self.correlation_hours));
        for entity in finding.entities.iter().filter(|entity| ties(entity)) {
            let pointer: Option<EntityPointer> = self.records.get(&Key::entity(&finding.account, entity)).await?;
            let Some(pointer) = pointer.filter(|pointer| received.duration_since(pointer.seen_at) <= window) else {
                continue;
            };
            let incident: Option<Incident> = self.records.get(&Key::incident(&pointer.incident)).await?;
            if incident.is_some_and(|incident| incident.closed_at.is_none()) {
                return Ok(Some(pointer.incident));
            }
        }
        Ok(None)
    }
}

/// Whether two findings that name this entity are about one incident. An address or an image is shared by strangers.
fn ties(entity: &Entity) -> bool {
    use EntityKind::{
        AccessKey, Bucket, Cluster, Database, Endpoint, Function, Instance, Notebook, Pod, Role, Session, User,
    };
    [Instance, Role, Session, AccessKey, User, Bucket, Function, Database, Cluster, Pod, Endpoint, Notebook]
        .contains(&entity.kind)
}
