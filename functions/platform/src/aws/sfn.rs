//! Step Functions: starts executions, and tells those that wait for a person what was decided.

use super::Sdk;
use super::failure::failed;
use aws_sdk_sfn::Client;
use incident::Failure;
use incident::ports::{Gate, Responses};
use serde_json::Value;

/// A state machine.
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
            Err(error) => Err(failed("starting an execution", error)),
        }
    }
}

/// A task that waits for a person.
#[derive(Clone, Debug)]
pub struct WaitingTask(Client);

impl WaitingTask {
    /// Whichever task the token names.
    pub fn connect(sdk: &Sdk) -> Self {
        Self(Client::new(&sdk.0))
    }
}

impl Gate for WaitingTask {
    async fn resume(&self, token: &str, decision: &Value) -> Result<bool, Failure> {
        match self.0.send_task_success().task_token(token).output(decision.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(e) if e.is_task_timed_out() || e.is_task_does_not_exist() => Ok(false),
                _ => Err(failed("resuming an execution", error)),
            },
        }
    }
}
