//! Who turned a rule on or changed it, when and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A decision of counsel in the organisation's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Decided {
    /// What is missing of it; `None` if nothing is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let missing = [(&self.by, "`by` says nobody"), (&self.reason, "`reason` says nothing")];
        missing.iter().find(|(text, _)| text.trim().is_empty()).map(|(_, problem)| *problem)
    }
}
