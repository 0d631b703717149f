//! The function that gives evidence out.

use super::{EvidenceError, print};
use crate::function::{CallError, call};
use incident::IncidentId;
use platform::Sdk;
use platform::aws::FunctionUrl;
use serde_json::{Value, json};

/// Which evidence, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// The incident.
    incident: String,
    /// The stack's output `EvidenceReleaseUrl`.
    #[arg(long)]
    url: String,
    /// Why; the custody log keeps it.
    #[arg(long)]
    reason: String,
    /// Print one JSON document.
    #[arg(long)]
    pub(super) json: bool,
}

/// The function, as the person at the terminal.
pub(super) struct Desk<'a> {
    function: FunctionUrl,
    incident: IncidentId,
    asked: &'a Asked,
}

impl<'a> Desk<'a> {
    /// What is wrong with an argument is found before anything is sent.
    pub(super) async fn at(asked: &'a Asked) -> Result<Self, EvidenceError> {
        let wrong = |argument, problem| EvidenceError::Argument { argument, problem };
        let incident = IncidentId::try_from(asked.incident.clone())
            .map_err(|_| wrong("INCIDENT", "is not `inc-` and 20 hexadecimal digits"))?;
        if asked.reason.trim().is_empty() {
            return Err(wrong("--reason", "is empty"));
        }
        Ok(Self { function: FunctionUrl::connect(&Sdk::load().await, asked.url.clone()), incident, asked })
    }

    /// Asks; `members` are those of the request beside incident and reason.
    pub(super) async fn ask(&self, path: &str, members: Value) -> Result<Value, EvidenceError> {
        let mut request = json!({"incident": self.incident, "reason": self.asked.reason});
        if let (Some(request), Value::Object(members)) = (request.as_object_mut(), members) {
            request.extend(members);
        }
        match call(&self.function, "POST", path, &request).await {
            Ok((_, answer)) => Ok(answer),
            Err(refused) => {
                // A program that asked for JSON gets the refusal as JSON, too.
                if let (CallError::Refused { answer, .. }, true) = (&refused, self.asked.json) {
                    print(true, answer, &[])?;
                }
                Err(refused.into())
            }
        }
    }
}
