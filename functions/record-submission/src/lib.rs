//! Records that a person handed an approved notice in at the portal of an authority: when, under which reference, by whom, as AWS has
//! authenticated them (function URL, `AWS_IAM`). The clocks that run from it start.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::notification::{Delivery, DeliveryState, Rules, delivery};
use incident::ports::Settings;
use incident::records::{Key, Records};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;
use platform::entry::parse;
use platform::telemetry::count;
use platform::{Answer, Halt};
use serde::Deserialize;
use serde_json::json;
use std::cell::RefCell;

/// The longest reference of an authority.
const MOST_REFERENCE: usize = 200;

/// Takes submissions.
pub struct Desk<T, S> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// The rules of law: a notice that was handed in starts the clock of others.
    pub rules: Rules,
}

/// What a person sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    incident: IncidentId,
    obligation: String,
    /// Of the text that was handed in.
    digest: Digest,
    /// What the authority calls it.
    reference: String,
    /// When it was handed in.
    submitted_at: Timestamp,
}

impl<T: Records, S: Settings> Desk<T, S> {
    /// Answers one request. The same once more is answered alike.
    ///
    /// # Errors
    /// `Transient`: what may be answered otherwise the next time.
    pub async fn answer(&self, request: LambdaFunctionUrlRequest, now: Timestamp) -> Result<Answer, Failure> {
        let identity = request.request_context.authorizer.and_then(|authorizer| authorizer.iam);
        let Some(person) = identity.and_then(|iam| iam.user_arn).filter(|arn| !arn.is_empty()) else {
            return Ok(Answer::refused(403, "not-signed-in", "sign in with a role that holds `Tocsin-LegalReviewer`"));
        };
        let body = request.body.unwrap_or_default();
        let submission = match serde_json::from_str(&body) {
            Ok(value) => parse::<Submission>(value),
            Err(_) => Err(Failure::rejected("the body is not JSON")),
        };
        let submission = match submission {
            Ok(submission) => submission,
            Err(failure) => return Ok(Answer::refused(400, "malformed", &failure.chain())),
        };
        self.record(submission, &person, now).await.or_else(|halt| halt.answered("SubmissionsRefused"))
    }

    async fn record(&self, submission: Submission, person: &str, now: Timestamp) -> Result<Answer, Halt> {
        let Submission { incident, obligation, digest, reference, submitted_at } = submission;
        let reference = reference.trim().to_owned();
        if reference.is_empty() || reference.len() > MOST_REFERENCE || reference.chars().any(char::is_control) {
            return Err(Halt::refuse(
                400,
                "reference",
                "the authority's reference is needed: one line of up to 200 bytes",
            ));
        }
        if submitted_at > now {
            return Err(Halt::refuse(400, "submitted-at", "`submitted_at` is in the future"));
        }
        let key = Key::delivery(&incident, &obligation);
        if self.records.get::<Delivery>(&key).await?.is_none() {
            return Err(Halt::refuse(404, "nothing-waits", "no notice of this name waits to be handed in"));
        }
        let refusal = RefCell::new(None);
        let change = |delivery: &mut Delivery| {
            *refusal.borrow_mut() = None;
            let refuse = |code, message| *refusal.borrow_mut() = Some((code, message));
            let is_known = delivery.reference.as_ref() == Some(&reference) && delivery.sent_at == submitted_at;
            match delivery.state {
                DeliveryState::Sent if delivery.submitted_by.is_some() && is_known => {}
                DeliveryState::Sent | DeliveryState::Sending => {
                    refuse("already-recorded", "this notice was handed in or sent before");
                }
                DeliveryState::AwaitingSubmission if delivery.digest != digest => {
                    refuse("text-changed", "the text that was approved is another one");
                }
                DeliveryState::AwaitingSubmission if submitted_at < delivery.approved_at => {
                    refuse("before-approval", "it was handed in before counsel had approved it");
                }
                DeliveryState::AwaitingSubmission => {
                    delivery.state = DeliveryState::Sent;
                    delivery.sent_at = submitted_at;
                    delivery.reference = Some(reference.clone());
                    delivery.submitted_by = Some(person.to_owned());
                }
            }
            Ok(())
        };
        let kept = self.records.update(&key, change).await?;
        if let Some((code, message)) = refusal.into_inner() {
            return Err(Halt::refuse(409, code, message));
        }
        delivery::settle(&self.records, &self.settings, &self.rules, &kept, now).await?;
        count("SubmissionsRecorded", 1);
        Ok(Answer::of(200, &json!({"accepted": true, "delivery": kept})))
    }
}
