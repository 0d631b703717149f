//! Records what the mail service reports of notices: deliveries, bounces, complaints. Reports come at least once, in any order, and
//! by best effort: that none came says nothing.

mod event;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use event::{Event, MailEvent};
use incident::Failure;
use incident::notification::Delivery;
use incident::notification::delivery::{Addressee, ReportKind};
use incident::records::{Key, Records};
use jiff::Timestamp;
use platform::telemetry::{Level, count, log};
use std::cell::Cell;

/// Records.
pub struct Recorder<T> {
    /// The table.
    pub records: T,
}

impl<T: Records> Recorder<T> {
    /// Takes a batch. A message that fails is answered by its id and delivered again.
    ///
    /// # Errors
    /// Never for the sake of one message.
    pub async fn take_batch(&self, batch: SqsEvent, now: Timestamp) -> Result<SqsBatchResponse, Failure> {
        let mut response = SqsBatchResponse::default();
        for message in batch.records {
            if let Err(failure) = self.take(&message.body.unwrap_or_default(), now).await {
                let fields = [("error.name", failure.fault().error_name()), ("error.message", &failure.chain())];
                log(Level::Error, "a report of the mail service was not recorded and will be delivered again", &fields);
                let mut failed = BatchItemFailure::default();
                failed.item_identifier = message.message_id.unwrap_or_default();
                response.batch_item_failures.push(failed);
            }
        }
        Ok(response)
    }

    async fn take(&self, body: &str, now: Timestamp) -> Result<(), Failure> {
        let event = match MailEvent::read(body, now)? {
            Event::Ours(event) => event,
            // Such as mails of others through the same configuration set.
            Event::Another => return Ok(()),
        };
        let is_new = Cell::new(false);
        match &event.person {
            Some(name) => {
                let key = Key::addressee(&event.incident, &event.obligation, name);
                let change = |addressee: &mut Addressee| {
                    is_new.set(addressee.take(&event.report));
                    Ok(())
                };
                self.records.update(&key, change).await?;
            }
            None => {
                let key = Key::delivery(&event.incident, &event.obligation);
                let change = |delivery: &mut Delivery| {
                    is_new.set(delivery.reports.take(&event.report));
                    Ok(())
                };
                self.records.update(&key, change).await?;
            }
        }
        if is_new.get() {
            count(metric(event.report.kind), 1);
        }
        Ok(())
    }
}

fn metric(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Delivered => "NoticesDelivered",
        ReportKind::Bounced | ReportKind::Rejected => "NoticesBounced",
        ReportKind::Complained => "NoticesComplained",
    }
}
