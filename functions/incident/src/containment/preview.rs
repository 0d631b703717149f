//! What an action would do, read from the account before anything is done.

use super::{Progress, Step};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One preview that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Its name: `plan-` and 20 hexadecimal digits.
    pub id: String,
    /// The incident that it would belong to, where one was named.
    pub incident: Option<IncidentId>,
    /// What would be done.
    #[serde(flatten)]
    pub step: Step,
    /// Who asked, an ARN.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The run of the document that reads the account.
    pub automation: String,
    /// Why it would wait for a second person.
    pub objections: Vec<String>,
}

/// What a preview found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Foreseen {
    /// The state as found.
    pub found: Value,
    /// The API calls that would be made, in order.
    pub calls: Value,
    /// Whom they would hit, as far as the account tells.
    pub hits: Value,
}

impl Preview {
    /// The name of a preview that is asked for at this moment.
    pub fn name(step: &Step, by: &str, at: Timestamp) -> String {
        let region = step.region.as_deref().unwrap_or_default();
        let parts = [step.action.as_str(), &step.account, region, &step.target, by, &at.to_string()];
        format!("plan-{}", Digest::of_parts(&parts).short(20))
    }
}

impl Foreseen {
    /// What the run found; `None` while it is running.
    ///
    /// # Errors
    /// Why it found nothing.
    pub fn of(progress: Progress) -> Result<Option<Self>, String> {
        let Progress::Ended { succeeded, outputs, failure } = progress else { return Ok(None) };
        if !succeeded {
            return Err(failure.unwrap_or_else(|| "the preview did not succeed".to_owned()));
        }
        let read = |name: &str| {
            let text = outputs.get(&format!("PreviewContainment.{name}"));
            text.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| format!("the preview gave no `{name}`"))
        };
        Ok(Some(Self { found: read("State")?, calls: read("Calls")?, hits: read("Impact")? }))
    }
}
