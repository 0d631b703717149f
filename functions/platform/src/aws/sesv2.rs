//! Mail through SES v2.

use super::Sdk;
use super::failure::{code_of, failed};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as SesMessage, MessageTag};
use incident::Failure;
use incident::notification::delivery::Quota;
use incident::ports::{Handover, Mail, Message};

/// Sends as one verified identity.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    sender: String,
    configuration_set: String,
}

/// Codes of SES that are about one message, not about the account.
const OF_ONE_MESSAGE: [&str; 2] = ["MessageRejected", "BadRequestException"];

impl Mailer {
    /// Sends as `sender`, through a configuration set that reports what becomes of each mail. A send is never repeated by the SDK: SES has no idempotency token, and a notice is sent once.
    pub fn connect(sdk: &Sdk, sender: String, configuration_set: String) -> Self {
        let once =
            aws_sdk_sesv2::config::Builder::from(&sdk.0).retry_config(aws_config::retry::RetryConfig::disabled());
        Self { client: Client::from_conf(once.build()), sender, configuration_set }
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
        let mut tags = Vec::new();
        for (name, value) in &message.tags {
            let tag = MessageTag::builder().name(*name).value(value).build();
            tags.push(tag.map_err(|e| Failure::rejected("a tag without a value").because(e))?);
        }
        let send = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .configuration_set_name(&self.configuration_set)
            .set_email_tags(Some(tags))
            .destination(Destination::builder().to_addresses(&message.to).build())
            .content(EmailContent::builder().simple(simple).build());
        match send.send().await {
            Ok(answer) => Ok(Handover::Taken(answer.message_id.unwrap_or_else(|| "without a message id".to_owned()))),
            // An answer below 500 is a refusal; anything else may have gone out.
            Err(error) if error.raw_response().is_some_and(|answer| answer.status().is_client_error()) => {
                let is_of_one = code_of(&error).is_some_and(|code| OF_ONE_MESSAGE.contains(&code));
                Ok(Handover::Refused(if is_of_one {
                    Failure::rejected("the mail service refused the notice").because(error)
                } else {
                    failed("sending a notice", error)
                }))
            }
            Err(error) => Err(failed("sending a notice", error)),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, which SES gives as a double")]
    async fn quota(&self) -> Result<Quota, Failure> {
        let account = self.client.get_account().send().await.map_err(|error| failed("asking for the quota", error))?;
        if !account.sending_enabled {
            return Err(Failure::needs_operator("SES does not let this account send"));
        }
        let quota = account.send_quota.ok_or_else(|| Failure::transient("SES gave no quota"))?;
        // SES says -1 where there is no limit.
        let left = (quota.max24_hour_send >= 0.0).then(|| (quota.max24_hour_send - quota.sent_last24_hours).max(0.0));
        Ok(Quota { per_second: quota.max_send_rate, left_today: left.map(|left| left as u64) })
    }
}
