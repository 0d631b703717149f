//! The report that a case file adds up to, line by line.

use super::{CaseFile, has_begun, word};
use crate::containment::ActionRecord;
use crate::evidence::{EvidenceFile, Preservation, Progress};
use crate::notification::{Duty, DutyState, Verdict};
use crate::organisation::Organisation;
use crate::post_incident::{ActionLine, DecisionLine, EvidenceLine, FindingLine, GapLine, ObligationLine, Report};
use crate::records::FindingRecord;
use jiff::Timestamp;

impl CaseFile {
    /// The report as it stands at `now`.
    pub fn report(&self, organisation: &Organisation, now: Timestamp) -> Report {
        Report {
            organisation: organisation.name.clone(),
            written_at: now,
            timeline: self.timeline(),
            findings: self.findings.iter().map(finding_line).collect(),
            actions: self.actions.iter().map(action_line).collect(),
            evidence: self.evidence.iter().filter_map(|item| evidence_line(item, &self.files)).collect(),
            custody_head: self.custody.last().map(|entry| entry.hash.clone()),
            obligations: self.duties.iter().map(|duty| self.obligation_line(duty, organisation)).collect(),
            decisions: self.decision_lines(),
            gaps: self.gaps(),
            facts: self.facts.last().cloned(),
            incident: self.incident.clone(),
        }
    }

    fn obligation_line(&self, duty: &Duty, organisation: &Organisation) -> ObligationLine {
        let obligation = &duty.obligation;
        let delivery = self.deliveries.iter().find(|delivery| delivery.obligation == obligation.id);
        let named = organisation.recipients.get(&obligation.id).map(|recipient| recipient.name.clone());
        ObligationLine {
            obligation: obligation.id.clone(),
            citation: obligation.citation.clone(),
            recipient: named.unwrap_or_else(|| obligation.recipient_class.clone()),
            due_at: obligation.due_at,
            state: word(&duty.state),
            because: duty.ended_because.clone(),
            sent_at: delivery.map(|delivery| delivery.sent_at),
            reference: delivery.and_then(|delivery| delivery.reference.clone()),
            digest: delivery.map(|delivery| delivery.digest.clone()),
        }
    }

    /// Each decision, and after it that it was taken back.
    fn decision_lines(&self) -> Vec<DecisionLine> {
        let mut lines = Vec::new();
        for decision in self.reviews.iter().filter_map(|review| review.decision.as_ref()) {
            let line = DecisionLine {
                obligation: decision.obligation.clone(),
                version: decision.version,
                verdict: decision.verdict,
                reviewer: decision.reviewer.clone(),
                first_reviewer: decision.first.as_ref().map(|first| first.reviewer.clone()),
                reason: decision.reason.clone(),
                missing_items_reason: decision.missing_items_reason.clone(),
                decided_at: decision.decided_at,
                digest: decision.digest.clone(),
            };
            let taken_back = decision.withdrawn.as_ref().map(|withdrawal| DecisionLine {
                verdict: Verdict::Withdrawn,
                reviewer: withdrawal.reviewer.clone(),
                first_reviewer: None,
                reason: withdrawal.reason.clone(),
                missing_items_reason: None,
                decided_at: withdrawal.at,
                ..line.clone()
            });
            lines.push(line);
            lines.extend(taken_back);
        }
        lines
    }

    fn gaps(&self) -> Vec<GapLine> {
        let mut gaps: Vec<GapLine> = Vec::new();
        for preservation in &self.evidence {
            let of = preservation.item.folder();
            for gap in &preservation.gaps {
                gaps.push(GapLine { of: format!("{of}/{}", gap.part), what: gap.reason.clone() });
            }
            if !preservation.is_done() {
                gaps.push(GapLine { of, what: "it was not complete when this was written".to_owned() });
            }
        }
        for duty in self.duties.iter().filter(|duty| duty.state == DutyState::NotTurnedOn) {
            let what = "the organisation has named no recipient, so no notice was drafted".to_owned();
            gaps.push(GapLine { of: duty.obligation.id.clone(), what });
        }
        for page in &self.pages {
            gaps.push(GapLine { of: page.at_state.clone(), what: format!("a person was paged: {}", page.reason) });
        }
        gaps
    }
}

fn finding_line(record: &FindingRecord) -> FindingLine {
    FindingLine {
        id: record.finding.id.clone(),
        source: record.finding.source.clone(),
        title: record.finding.title.clone(),
        severity: word(&record.finding.severity.label),
        received_at: record.received_at,
    }
}

fn action_line(record: &ActionRecord) -> ActionLine {
    let pass = if record.step.pass > 1 { " (repeated)" } else { "" };
    ActionLine {
        action: format!("{}{pass}", record.step.action),
        target: record.step.target.clone(),
        account: record.step.account.clone(),
        region: record.step.region.clone(),
        state: word(&record.state),
        started_at: has_begun(record).then_some(record.started_at),
        contained_at: record.contained_at,
        reversed_at: record.reversed_at,
        reason: record.reason.clone(),
    }
}

/// An item by the digest of its files' list: they can be thousands, and the manifest names each.
fn evidence_line(preservation: &Preservation, files: &[EvidenceFile]) -> Option<EvidenceLine> {
    let Progress::Done { sums, at } = &preservation.progress else { return None };
    let bytes = preservation.files(files).iter().map(|file| file.bytes).sum();
    Some(EvidenceLine { path: preservation.item.folder(), sha256: sums.clone(), bytes, collected_at: Some(*at) })
}
