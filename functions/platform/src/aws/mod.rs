//! One file an AWS service, each implementing ports of the core. AWS types never leave this folder.

mod answer_body;
mod dynamodb;
mod evidence_desk;
mod failure;
mod feeds;
mod findings;
mod function_url;
mod held_vault;
mod kms;
mod link;
mod lists;
mod member;
mod objects;
mod pages;
mod s3;
mod scheduler;
mod sesv2;
mod sfn;
mod signed_request;
mod sns;
mod sources;
mod sqs;
mod ssm;
mod web;

pub use dynamodb::Table;
pub use feeds::RegionalFeed;
pub use findings::FindingServices;
pub use function_url::FunctionUrl;
pub use kms::{DigestKey, SigningKey};
pub use link::Download;
pub use lists::ListBucket;
pub use member::MemberRole;
pub use objects::Objects;
pub use pages::PagesBucket;
pub use s3::{LockedBucket, SettingsBucket};
pub use scheduler::{FunctionCalls, Schedules};
pub use sesv2::Mailer;
pub use sfn::{StateMachine, WaitingTask};
pub use sns::Topic;
pub use sources::Sources;
pub use sqs::{DeadLetterQueue, FindingsQueue};
pub use ssm::Automations;
pub use web::{Web, WebAnswer, WebRequest};

use aws_config::SdkConfig;

/// What every client is built from. A function builds only the clients that it needs.
#[derive(Clone, Debug)]
pub struct Sdk(SdkConfig);

impl Sdk {
    /// Reads region and credentials from the function's environment.
    pub async fn load() -> Self {
        Self(aws_config::load_from_env().await)
    }

    /// The configuration, for a client that people run.
    pub fn config(&self) -> &SdkConfig {
        &self.0
    }
}
