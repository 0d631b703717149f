//! Step Functions: starts a response, and lets a notice through the gate.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sfn::Client;
use incident::Failure;
use incident::ports::{Gate, Responses};
use serde_json::Value;

/// The state machine `incident-response`.
#[derive(Clone, Debug)]
pub struct StateMachine {
    client: Client,
    arn: String,
}

impl StateMachine {
    /// The state machine with this ARN.
    pub fn connect(sdk: &Sdk, arn: String) -> Self {
        Self { client: Client::new(&sdk.0), arn }
    }
}

impl Responses for StateMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<(), Failure> {
        let start = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input.to_string());
        match start.send().await {
            Ok(_) => Ok(()),
            // It has run to its end already: a late repeat of a delivery.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => Ok(()),
            Err(error) => Err(failed("starting the response", error)),
        }
    }
}

/// The task that waits for counsel.
#[derive(Clone, Debug)]
pub struct LegalGate(Client);

impl LegalGate {
    /// The gate.
    pub fn connect(sdk: &Sdk) -> Self {
        Self(Client::new(&sdk.0))
    }
}

impl Gate for LegalGate {
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure> {
        match self.0.send_task_success().task_token(token).output(decision.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(e) if e.is_task_timed_out() || e.is_task_does_not_exist() => Ok(false),
                _ => Err(failed("resuming the notification", error)),
            },
        }
    }
}
