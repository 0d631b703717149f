//! Gathers everything that was recorded of an incident into its report.

use crate::Closer;
use incident::containment::{ActionRecord, ActionState, Approval, ApprovalId};
use incident::evidence::{CustodyEntry, EvidenceFile, Preservation, Progress};
use incident::notification::{Attempt, Delivery, Duty, DutyState, Facts, LegalReview, Verdict};
use incident::ports::{FindingDesk, Settings, Vault};
use incident::post_incident::{
    ActionLine, DecisionLine, Event, EvidenceLine, FindingLine, GapLine, ObligationLine, Phase, Report,
};
use incident::records::{FindingRecord, Key, Listing, Page, Records, SentReminder, finding_ids};
use incident::{Failure, Incident, Organisation};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Everything that was recorded.
pub(crate) struct Record {
    pub(crate) findings: Vec<FindingRecord>,
    pub(crate) documents: Vec<Value>,
    pub(crate) actions: Vec<ActionRecord>,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) evidence: Vec<Preservation>,
    pub(crate) files: Vec<EvidenceFile>,
    pub(crate) custody: Vec<CustodyEntry>,
    pub(crate) duties: Vec<Duty>,
    pub(crate) reviews: Vec<LegalReview>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) reminders: Vec<SentReminder>,
    pub(crate) pages: Vec<Page>,
    pub(crate) facts: Option<Facts>,
}

impl<T: Records, V: Vault, S: Settings, F: FindingDesk> Closer<T, V, S, F> {
    pub(crate) async fn gather(&self, incident: &Incident) -> Result<Record, Failure> {
        let listing = |prefix: &str| Listing::of_incident(&incident.id, prefix);
        let mut findings: Vec<FindingRecord> = Vec::new();
        let mut documents = Vec::new();
        for id in finding_ids(&self.records, incident).await? {
            let found: Option<FindingRecord> = self.records.get(&Key::finding(&id)).await?;
            if let Some(record) = &found {
                documents.extend(serde_json::from_str(&record.whole_document(&self.records).await?).ok());
            }
            findings.extend(found);
        }
        findings.sort_by_key(|record| record.received_at);
        Ok(Record {
            documents,
            findings,
            actions: self.records.list(&listing("ACTION#")).await?,
            approvals: self.records.list(&listing("APPROVAL#")).await?,
            evidence: self.records.list(&listing("EVIDENCE#")).await?,
            files: self.records.list(&listing("FILE#")).await?,
            custody: self.records.list(&listing("CUSTODY#")).await?,
            duties: self.records.list(&listing("OBLIGATION#")).await?,
            reviews: self.records.list(&listing("REVIEW#")).await?,
            attempts: self.records.list(&listing("ATTEMPT#")).await?,
            deliveries: self.records.list(&listing("DELIVERY#")).await?,
            reminders: self.records.list(&listing("REMINDER#")).await?,
            pages: self.records.list(&listing("PAGE#")).await?,
            facts: self.records.list(&listing("FACTS#")).await?.into_iter().next_back(),
        })
    }
}

impl Record {
    /// The approvals that nobody has answered, or whose steps are not at an end.
    pub(crate) fn open_approvals(&self) -> Vec<ApprovalId> {
        let is_under_way = |action: &ActionRecord| match action.state {
            ActionState::Started | ActionState::Withheld => true,
            ActionState::Contained
            | ActionState::Failed
            | ActionState::Reversed
            | ActionState::Released
            | ActionState::Declined => false,
        };
        let is_open = |approval: &&Approval| {
            let mut under_way = self.actions.iter().filter(|action| is_under_way(action));
            under_way.any(|action| approval.steps().any(|asked| asked.step == action.step))
        };
        self.approvals.iter().filter(is_open).map(|approval| approval.id.clone()).collect()
    }

    pub(crate) fn report(&self, incident: Incident, organisation: &Organisation, now: Timestamp) -> Report {
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
            facts: self.facts.clone(),
            incident,
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

    fn timeline(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut add = |at: Timestamp, phase, what: String, who: &str| {
            events.push(Event { at, phase, what, who: who.to_owned() });
        };
        for finding in &self.findings {
            let what = format!("finding received: {}", finding.finding.title);
            add(finding.received_at, Phase::Detection, what, &finding.finding.source);
        }
        for action in &self.actions {
            let step = format!("{} on {}", action.step.action, action.step.target);
            let pass = if action.step.pass > 1 { ", repeated" } else { "" };
            if has_begun(action) {
                add(action.started_at, Phase::Containment, format!("{step} started{pass}"), "tocsin");
            }
            if let Some(at) = action.contained_at {
                add(at, Phase::Containment, format!("{step} observed to have taken effect{pass}"), "tocsin");
            }
            if let Some(at) = action.reversed_at {
                add(at, Phase::Containment, format!("{step} reversed, the account is as it was found"), "tocsin");
            }
        }
        for approval in &self.approvals {
            let asked = format!("approval {} of {} steps asked for", approval.id, approval.steps().count());
            add(approval.requested_at, Phase::Containment, asked, approval.requested_by.as_deref().unwrap_or("tocsin"));
            if let Some(decision) = &approval.decision {
                let (approved, declined) = (decision.approved.len(), decision.declined.len());
                let what =
                    format!("approval {}: {approved} approved, {declined} declined: {}", approval.id, decision.reason);
                add(decision.at, Phase::Containment, what, &decision.by);
            }
        }
        for entry in &self.custody {
            add(entry.at, Phase::Evidence, format!("{} {}", word(&entry.deed), entry.path), &entry.custodian);
        }
        for review in &self.reviews {
            let what = format!("{} version {} put before counsel", review.obligation, review.version);
            add(review.requested_at, Phase::Notification, what, "tocsin");
            if let Some(closed) = &review.closed {
                let what =
                    format!("{} version {} needs no decision: {}", review.obligation, review.version, closed.reason);
                add(closed.at, Phase::Notification, what, "tocsin");
            }
        }
        for reminder in &self.reminders {
            let SentReminder { obligation, version, percent, .. } = reminder;
            let what = format!("{obligation} version {version}: counsel reminded at {percent} % of the time");
            add(reminder.at, Phase::Notification, what, "tocsin");
        }
        for attempt in &self.attempts {
            let outcome = attempt.refusal.map_or_else(String::new, |refusal| format!(", refused: {}", refusal.code()));
            let what = format!(
                "{} version {}: {}{outcome}",
                attempt.obligation,
                attempt.version,
                word(&attempt.request.verdict)
            );
            add(attempt.at, Phase::Notification, what, &attempt.reviewer);
        }
        for delivery in &self.deliveries {
            let what = format!("{} sent to {}", delivery.obligation, delivery.recipient);
            add(delivery.sent_at, Phase::Notification, what, "tocsin");
        }
        for page in &self.pages {
            add(page.paged_at, Phase::PostIncident, format!("operator paged: {}", page.reason), "tocsin");
        }
        events
    }
}

/// Whether anything was done: a step that waits for a person, or was declined, has not begun.
fn has_begun(record: &ActionRecord) -> bool {
    !matches!(record.state, ActionState::Withheld | ActionState::Declined)
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

/// The word that a value is recorded by.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}
