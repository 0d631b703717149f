//! The case file: everything that was recorded of an incident, and the report that it adds up to at any time.

mod events;
mod lines;

use crate::containment::{ActionRecord, ActionState, Approval, ApprovalId};
use crate::evidence::{CustodyEntry, EvidenceFile, Preservation};
use crate::fault::Failure;
use crate::notification::{Attempt, Delivery, Duty, Facts, LegalReview, Publication};
use crate::record::Incident;
use crate::records::{FindingRecord, Key, Listing, Page, Records, SentReminder, finding_ids};
use futures_util::try_join;
use serde::Serialize;
use serde_json::Value;

/// Everything that was recorded of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    /// The incident.
    pub incident: Incident,
    /// Its findings and those of the incidents that are part of it, in the order in which they were received.
    pub findings: Vec<FindingRecord>,
    /// The steps of containment.
    pub actions: Vec<ActionRecord>,
    /// The steps that wait for a person, or waited.
    pub approvals: Vec<Approval>,
    /// What is preserved, and how far that is.
    pub evidence: Vec<Preservation>,
    /// The files of the evidence.
    pub files: Vec<EvidenceFile>,
    /// The custody log.
    pub custody: Vec<CustodyEntry>,
    /// The duties to tell someone.
    pub duties: Vec<Duty>,
    /// The legal reviews of every version of every draft.
    pub reviews: Vec<LegalReview>,
    /// Every attempt to decide, accepted or refused.
    pub attempts: Vec<Attempt>,
    /// What was sent.
    pub deliveries: Vec<Delivery>,
    /// The notices that anybody may read.
    pub publications: Vec<Publication>,
    /// The reminders to counsel.
    pub reminders: Vec<SentReminder>,
    /// The pages to the operator.
    pub pages: Vec<Page>,
    /// Every version of the facts, the oldest first.
    pub facts: Vec<Facts>,
}

impl CaseFile {
    /// Reads what was recorded so far, all of it at the same time: a person waits for the page.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn read(records: &impl Records, incident: Incident) -> Result<Self, Failure> {
        let of = |prefix: &str| Listing::of_incident(&incident.id, prefix);
        let [actions, approvals, evidence, files, custody] =
            ["ACTION#", "APPROVAL#", "EVIDENCE#", "FILE#", "CUSTODY#"].map(of);
        let [duties, reviews, attempts, deliveries, publications] =
            ["OBLIGATION#", "REVIEW#", "ATTEMPT#", "DELIVERY#", "PUBLICATION#"].map(of);
        let [reminders, pages, facts] = ["REMINDER#", "PAGE#", "FACTS#"].map(of);
        let (
            findings,
            actions,
            approvals,
            evidence,
            files,
            custody,
            duties,
            reviews,
            attempts,
            deliveries,
            publications,
            reminders,
            pages,
            facts,
        ) = try_join!(
            findings(records, &incident),
            records.list(&actions),
            records.list(&approvals),
            records.list(&evidence),
            records.list(&files),
            records.list(&custody),
            records.list(&duties),
            records.list(&reviews),
            records.list(&attempts),
            records.list(&deliveries),
            records.list(&publications),
            records.list(&reminders),
            records.list(&pages),
            records.list(&facts),
        )?;
        Ok(Self {
            incident,
            findings,
            actions,
            approvals,
            evidence,
            files,
            custody,
            duties,
            reviews,
            attempts,
            deliveries,
            publications,
            reminders,
            pages,
            facts,
        })
    }

    /// The documents of its findings, as they came.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn documents(&self, records: &impl Records) -> Result<Vec<Value>, Failure> {
        let mut documents = Vec::new();
        for record in &self.findings {
            documents.extend(serde_json::from_str(&record.whole_document(records).await?).ok());
        }
        Ok(documents)
    }

    /// Whether nothing is left to do: no duty that is still open, no step that waits, failed or was reversed, and no page, since
    /// whoever was paged has something to do that is not recorded here.
    pub fn is_settled(&self) -> bool {
        // What a person declined is settled, too.
        let is_contained =
            |action: &ActionRecord| action.contained_at.is_some() || action.state == ActionState::Declined;
        self.duties.iter().all(|duty| duty.state.is_settled())
            && self.actions.iter().all(is_contained)
            && self.pages.is_empty()
    }

    /// The approvals that nobody has answered, or whose steps are not at an end.
    pub fn open_approvals(&self) -> Vec<ApprovalId> {
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
}

/// The findings of an incident and of its parts, in the order in which they were received.
async fn findings(records: &impl Records, incident: &Incident) -> Result<Vec<FindingRecord>, Failure> {
    let keys: Vec<Key> = finding_ids(records, incident).await?.iter().map(|id| Key::finding(id)).collect();
    let found = records.read::<FindingRecord>(&keys).await?;
    let mut findings: Vec<FindingRecord> = found.into_iter().flatten().map(|found| found.record).collect();
    findings.sort_by_key(|record| record.received_at);
    Ok(findings)
}

/// Whether anything was done: a step that waits for a person, or was declined, has not begun.
fn has_begun(record: &ActionRecord) -> bool {
    !matches!(record.state, ActionState::Withheld | ActionState::Declined)
}

/// The word that a value is recorded by.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}
