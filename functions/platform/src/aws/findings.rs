//! The services that make findings: GuardDuty and Security Hub.

use super::Sdk;
use super::failure::failed;
use aws_sdk_securityhub::types::{AwsSecurityFindingIdentifier, NoteUpdate, WorkflowStatus, WorkflowUpdate};
use incident::Failure;
use incident::ports::FindingDesk;
use serde_json::{Value, json};

/// GuardDuty and Security Hub. A client is built when it is first needed.
#[derive(Clone, Debug)]
pub struct FindingServices(Sdk);

impl FindingServices {
    /// Both services, in the function's region.
    pub fn connect(sdk: &Sdk) -> Self {
        Self(sdk.clone())
    }

    async fn at_guardduty(&self, detector: &str, id: &str) -> Result<Option<Value>, Failure> {
        let client = aws_sdk_guardduty::Client::new(&self.0.0);
        let answer = client.get_findings().detector_id(detector).finding_ids(id).send().await;
        let answer = answer.map_err(|error| failed("reading a finding from GuardDuty", error))?;
        Ok(answer.findings().first().map(|finding| {
            json!({
                "service": "guardduty",
                "id": finding.id(),
                "type": finding.r#type(),
                "severity": finding.severity(),
                "updated_at": finding.updated_at(),
                "count": finding.service().and_then(|service| service.count()),
                "archived": finding.service().and_then(|service| service.archived()),
            })
        }))
    }
}

impl FindingDesk for FindingServices {
    async fn finding(&self, source: &str, document: &Value) -> Result<Option<Value>, Failure> {
        let finding = finding_of(document);
        let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str);
        match (source, text("/service/detectorId"), text("/id")) {
            ("guardduty", Some(detector), Some(id)) => self.at_guardduty(detector, id).await,
            _ => Ok(None),
        }
    }

    async fn mark_notified(&self, document: &Value, note: &str) -> Result<(), Failure> {
        let finding = finding_of(document);
        let text = |name: &str| finding.get(name).and_then(Value::as_str);
        let (Some(id), Some(product)) = (text("Id"), text("ProductArn")) else { return Ok(()) };
        let client = aws_sdk_securityhub::Client::new(&self.0.0);
        let update = client
            .batch_update_findings()
            .finding_identifiers(AwsSecurityFindingIdentifier::builder().id(id).product_arn(product).build())
            .workflow(WorkflowUpdate::builder().status(WorkflowStatus::Notified).build())
            .note(NoteUpdate::builder().text(note).updated_by("tocsin").build());
        let answer = update.send().await.map_err(|error| failed("updating a finding in Security Hub", error))?;
        match answer.unprocessed_findings().first() {
            Some(refused) => {
                let code = refused.error_code().unwrap_or("no code");
                Err(Failure::needs_operator(format!("Security Hub did not take the workflow status ({code})")))
            }
            None => Ok(()),
        }
    }
}

/// The finding inside its event, whatever wraps it.
fn finding_of(document: &Value) -> &Value {
    let detail = document.get("detail").unwrap_or(document);
    detail.pointer("/findings/0").or_else(|| detail.pointer("/Findings/0")).unwrap_or(detail)
}
