//! Why an incident is as severe and as certain as it is.

use crate::finding::{Category, Finding, Severity};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What one finding contributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indication {
    /// The finding, by [`Finding::identity`].
    pub finding: String,
    /// The service that made it.
    pub source: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of breach it is a sign of.
    pub category: Category,
    /// How bad its source thinks it is.
    pub severity: Severity,
    /// How sure it is, 0 to 100.
    pub confidence: u8,
    /// One line for people.
    pub title: String,
}

impl Indication {
    /// What this finding contributes.
    pub fn of(finding: &Finding) -> Self {
        Self {
            finding: finding.identity().to_owned(),
            source: finding.source.clone(),
            kind: finding.kind.clone(),
            category: finding.category,
            severity: finding.severity.clone(),
            confidence: finding.confidence,
            title: finding.title.clone(),
        }
    }

    /// How sure these make an incident together, 0 to 99: each kind of finding takes its share of the doubt that the
    /// others leave. Repeats of one kind add nothing.
    pub fn together(indications: &[Self]) -> u8 {
        let doubt = indications.iter().fold(1_000_000_u64, |doubt, one| {
            let left = 100_u64.saturating_sub(u64::from(one.confidence));
            doubt * left / 100
        });
        u8::try_from(100_u64.saturating_sub(doubt.div_ceil(10_000))).unwrap_or(99).min(99)
    }
}

/// The strongest first: by severity, then by confidence; then by what does not change, so that the order is total.
impl Ord for Indication {
    fn cmp(&self, other: &Self) -> Ordering {
        let strength = |one: &Self| (one.severity.score, one.confidence);
        strength(other)
            .cmp(&strength(self))
            .then_with(|| self.category.cmp(&other.category))
            .then_with(|| self.finding.cmp(&other.finding))
            .then_with(|| self.source.cmp(&other.source))
            .then_with(|| self.kind.cmp(&other.kind))
            .then_with(|| self.title.cmp(&other.title))
    }
}

impl PartialOrd for Indication {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Indication;
    use crate::finding::{Category, Severity};

    fn sure(confidence: u8) -> Indication {
        Indication {
            finding: "f".to_owned(),
            source: "guardduty".to_owned(),
            kind: "k".to_owned(),
            category: Category::CredentialCompromise,
            severity: Severity::of(80),
            confidence,
            title: "t".to_owned(),
        }
    }

    #[test]
    fn several_kinds_make_surer_than_each_and_never_certain() {
        for (each, together) in
            [(&[][..], 0), (&[70], 70), (&[70, 70], 91), (&[70, 0], 70), (&[100], 99), (&[90; 8], 99)]
        {
            let each: Vec<_> = each.iter().map(|confidence| sure(*confidence)).collect();
            assert_eq!(Indication::together(&each), together, "{each:?}");
        }
    }
}
