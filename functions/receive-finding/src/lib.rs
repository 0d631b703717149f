//! Takes findings from the queue, joins each to its incident, and starts the response.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use incident::intake::{self, Delivery, Taken, Terms};
use incident::ports::{DeadLetters, Responses, Settings};
use incident::records::{FindingRecord, Records};
use incident::scope;
use incident::sources::{Unreadable, read};
use incident::{Digest, Failure, Finding, Scope};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::{Level, count, log};
use serde_json::json;
use std::time::Duration;

/// How often a finding is taken again when others write to the same incident at the same time.
const ATTEMPTS: u32 = 24;

/// The intake of findings.
pub struct Intake<T, S, R, D> {
    /// The table.
    pub records: T,
    /// Holds the scope.
    pub settings: S,
    /// The public key that the scope is signed under; empty where nothing is trusted to narrow the response.
    pub settings_key: String,
    /// Starts the response.
    pub responses: R,
    /// Keeps what cannot be read.
    pub dead_letters: D,
    /// Stands in for the region of a global finding.
    pub home_region: String,
    /// How long a tie makes findings one incident.
    pub correlation_hours: u32,
}

impl<T: Records, S: Settings, R: Responses, D: DeadLetters> Intake<T, S, R, D> {
    /// Takes a batch. A message that fails is answered by its id and delivered again; the rest of the batch goes on.
    ///
    /// # Errors
    /// What the settings' bucket answers when it is asked for the scope. Never for the sake of one message.
    pub async fn take_batch(&self, batch: SqsEvent, now: Timestamp) -> Result<SqsBatchResponse, Failure> {
        let scope = self.scope(now).await?;
        let terms = Terms {
            scope: &scope,
            window: SignedDuration::from_hours(i64::from(self.correlation_hours)),
            home_region: &self.home_region,
            now,
        };
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            // The time of sending is the same at every delivery of the message.
            let sent = message.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
            let received = sent.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(now);
            if let Err(failure) = self.take_document(terms, &message.body.unwrap_or_default(), received).await {
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

    /// What is acted on. A scope that cannot be trusted suppresses nothing, and somebody hears of it.
    async fn scope(&self, now: Timestamp) -> Result<Scope, Failure> {
        let loaded = scope::load(&self.settings, &self.settings_key, now).await?;
        if let Some(distrust) = &loaded.distrust {
            count("ScopeDistrusted", 1);
            log(
                Level::Error,
                "the scope cannot be trusted: nothing is suppressed",
                &[("scope.distrust", &distrust.to_string())],
            );
        }
        Ok(loaded.scope)
    }

    async fn take_document(&self, terms: Terms<'_>, document: &str, received: Timestamp) -> Result<(), Failure> {
        match read(document.as_bytes()) {
            Err(unreadable) => self.refuse(document, &[unreadable]).await,
            Ok(findings) => {
                let mut refused = Vec::new();
                for finding in findings {
                    match finding {
                        Ok(finding) => self.take(terms, Delivery { finding: &finding, document, received }).await?,
                        Err(unreadable) => refused.push(unreadable),
                    }
                }
                self.refuse(document, &refused).await
            }
        }
    }

    /// Keeps a document once, whatever number of its findings cannot be read; the first says why.
    async fn refuse(&self, document: &str, refused: &[Unreadable]) -> Result<(), Failure> {
        let Some((Unreadable { code, path, message }, others)) = refused.split_first() else { return Ok(()) };
        let message = match others.len() {
            0 => message.clone(),
            more => format!("{message}; and {more} more findings of this document"),
        };
        self.dead_letters.keep(document, code, path, &message).await?;
        count("FindingsUnreadable", refused.len() as u64);
        log(
            Level::Error,
            "a finding cannot be read: it is in the dead-letter queue",
            &[("finding.code", code), ("finding.path", path)],
        );
        Ok(())
    }

    async fn take(&self, terms: Terms<'_>, delivery: Delivery<'_>) -> Result<(), Failure> {
        count("FindingsReceived", 1);
        let record = self.record(terms, delivery).await?;
        if let Some(suppression) = &record.suppressed {
            count(if suppression.rule == "unclassified" { "FindingsUnclassified" } else { "FindingsSuppressed" }, 1);
            return Ok(());
        }
        let (Some(incident), Some(name), false) = (&record.incident, &record.starts, record.is_started) else {
            return Ok(());
        };
        // An execution is of the incident that it was asked for, also when that one has become part of another since.
        let asked = name.get(..incident.as_str().len()).unwrap_or(name);
        self.responses.start(name, &json!({"incident": asked})).await?;
        intake::note_started(&self.records, &record).await
    }

    /// Takes a delivery in, again and again while others are in the way.
    async fn record(&self, terms: Terms<'_>, delivery: Delivery<'_>) -> Result<FindingRecord, Failure> {
        for attempt in 0..ATTEMPTS {
            match intake::take(&self.records, terms, delivery).await? {
                Taken::Recorded(record) => return Ok(*record),
                Taken::Contended => tokio::time::sleep(pause(delivery.finding, attempt)).await,
            }
        }
        Err(Failure::transient("others kept changing the same incident"))
    }
}

/// How long to wait before the next attempt: longer each time, up to a second, and another time for each finding.
fn pause(finding: &Finding, attempt: u32) -> Duration {
    let longest = 20_u64.saturating_mul(1 << attempt.min(6)).min(1_000);
    let drawn = Digest::of_parts(&[finding.identity(), &attempt.to_string()]).short(8);
    let share = u64::from_str_radix(&drawn, 16).unwrap_or_default() % 1_000;
    Duration::from_millis(longest * share / 1_000)
}
