//! Runs Automation documents. All power over accounts is in them and their roles.

use super::Sdk;
use super::member::{MemberRole, Members};
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{AutomationExecutionStatus as Status, StopType};
use incident::Failure;
use incident::containment::{ActionRunner, Automation, Place, Progress};
use std::collections::BTreeMap;

/// SSM Automation, in the account and region of each resource.
///
/// `TargetLocations` would start there as well, but what a run in another account and region put out cannot be read from here,
/// and the before-state is in it.
#[derive(Clone, Debug)]
pub struct Automations(Members<Client>);

impl Automations {
    /// Automation by this role of the member accounts.
    pub fn connect(sdk: &Sdk, role: MemberRole) -> Self {
        Self(Members::new(sdk, role, Client::new))
    }
}

impl ActionRunner for Automations {
    async fn start(&self, automation: &Automation) -> Result<String, Failure> {
        let place = &automation.place;
        let role = self.0.role_at(place, &automation.role);
        let mut start = self
            .0
            .at(place)
            .await?
            .start_automation_execution()
            .document_name(&automation.document)
            .client_token(&automation.token)
            .parameters("AutomationAssumeRole", vec![role]);
        for (name, values) in &automation.parameters {
            start = start.parameters(name, values.clone());
        }
        let answer = start.send().await.map_err(|error| self.0.failed_at(place, "starting an automation", error))?;
        answer.automation_execution_id.ok_or_else(|| Failure::transient("the automation started without an id"))
    }

    async fn stop(&self, place: &Place, id: &str) -> Result<(), Failure> {
        let client = self.0.at(place).await?;
        let stop = client.stop_automation_execution().automation_execution_id(id).r#type(StopType::Cancel);
        stop.send().await.map(|_| ()).map_err(|error| self.0.failed_at(place, "stopping an automation", error))
    }

    async fn progress(&self, place: &Place, id: &str) -> Result<Progress, Failure> {
        let answer = self.0.at(place).await?.get_automation_execution().automation_execution_id(id).send().await;
        let answer = answer.map_err(|error| self.0.failed_at(place, "reading an automation", error))?;
        let run = answer.automation_execution.ok_or_else(|| Failure::transient("the automation has no state yet"))?;
        let succeeded = match run.automation_execution_status {
            Some(Status::Success | Status::CompletedWithSuccess) => true,
            Some(
                Status::Failed
                | Status::Cancelled
                | Status::Timedout
                | Status::Exited
                | Status::Rejected
                | Status::CompletedWithFailure,
            ) => false,
            _ => return Ok(Progress::Running),
        };
        let mut outputs = BTreeMap::new();
        for step in run.step_executions.unwrap_or_default() {
            let name = step.step_name.unwrap_or_default();
            for (output, mut values) in step.outputs.unwrap_or_default() {
                if let Some(value) = values.drain(..).next() {
                    outputs.insert(format!("{name}.{output}"), value);
                }
            }
        }
        Ok(Progress::Ended { succeeded, outputs, failure: run.failure_message })
    }
}
