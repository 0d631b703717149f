//! What a case file tells in the order of time.

use super::{CaseFile, has_begun, word};
use crate::post_incident::{Event, Phase};
use crate::records::SentReminder;
use jiff::Timestamp;

impl CaseFile {
    /// What happened, in any order.
    pub(super) fn timeline(&self) -> Vec<Event> {
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
        for publication in &self.publications {
            let what = format!("{} made public at {}", publication.obligation, publication.address);
            add(publication.published_at, Phase::Notification, what, "tocsin");
        }
        for page in &self.pages {
            add(page.paged_at, Phase::PostIncident, format!("operator paged: {}", page.reason), "tocsin");
        }
        events
    }
}
