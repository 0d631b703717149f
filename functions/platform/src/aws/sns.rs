//! Pages through SNS.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sns::Client;
use incident::Failure;
use incident::ports::Pager;
use incident::records::Page;

/// A topic that people are subscribed to.
#[derive(Clone, Debug)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic with this ARN.
    pub fn connect(sdk: &Sdk, arn: String) -> Self {
        Self { client: Client::new(&sdk.0), arn }
    }
}

impl Pager for Topic {
    async fn page(&self, page: &Page) -> Result<(), Failure> {
        let text = format!(
            "Incident {} needs a person.\n\nWhere: {}\nWhy: {}\nSince: {}\n\nNext: look at the execution `{}` in Step Functions.\n",
            page.incident, page.at_state, page.reason, page.paged_at, page.incident
        );
        self.tell(&format!("Tocsin: {} needs a person", page.incident), &text).await
    }

    async fn tell(&self, subject: &str, text: &str) -> Result<(), Failure> {
        let publish = self.client.publish().topic_arn(&self.arn).subject(subject).message(text);
        publish.send().await.map(|_| ()).map_err(|error| failed("reaching people", error))
    }
}
