//! Mail through SES v2.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as SesMessage};
use incident::Failure;
use incident::ports::{Handover, Mail, Message};

/// Sends as one verified identity.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    /// Sends as `sender`. A send is never repeated by the SDK: SES has no idempotency token, and a notice is sent once.
    pub fn connect(sdk: &Sdk, sender: String) -> Self {
        let once =
            aws_sdk_sesv2::config::Builder::from(&sdk.0).retry_config(aws_config::retry::RetryConfig::disabled());
        Self { client: Client::from_conf(once.build()), sender }
    }
}

impl Mail for Mailer {
    async fn send(&self, message: &Message) -> Result<Handover, Failure> {
        let content = |text: &str| {
            Content::builder()
                .charset("UTF-8")
                .data(text)
                .build()
                .map_err(|e| Failure::rejected("empty content").because(e))
        };
        let body = Body::builder().text(content(&message.text)?).html(content(&message.html)?).build();
        let simple = SesMessage::builder().subject(content(&message.subject)?).body(body).build();
        let send = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(&message.to).build())
            .content(EmailContent::builder().simple(simple).build());
        match send.send().await {
            Ok(answer) => Ok(Handover::Taken(answer.message_id.unwrap_or_else(|| "without a message id".to_owned()))),
            // An answer below 500 is a refusal; anything else may have gone out.
            Err(error) if error.raw_response().is_some_and(|answer| answer.status().is_client_error()) => {
                Ok(Handover::Refused(failed("sending a notice", error)))
            }
            Err(error) => Err(failed("sending a notice", error)),
        }
    }
}
