//! The rules that need no document.

use super::Suppression;
use crate::finding::{Category, Finding};

/// The names of these rules: no rule of a document may take one.
pub(super) const NAMES: [&str; 4] = ["sample", "archived", "posture", "unclassified"];

/// What is only recorded, whatever the organisation's scope.
pub(super) fn suppression(finding: &Finding) -> Option<Suppression> {
    let [sample, archived, posture, unclassified] = NAMES;
    if finding.sample {
        Some(Suppression::of(sample, "AWS generated the finding as a sample"))
    } else if finding.archived {
        Some(Suppression::of(archived, "the finding is archived, suppressed or resolved at its source"))
    } else if finding.category == Category::Misconfiguration {
        Some(Suppression::of(posture, "the finding reports a weak setting, not a breach"))
    } else if finding.format == "unclassified" {
        Some(Suppression::of(unclassified, "no source claims the document: a person has to read it"))
    } else {
        None
    }
}
