//! What is kept of a finding.

use super::{Key, Listing, Records};
use crate::Digest;
use crate::fault::Failure;
use crate::finding::Finding;
use crate::record::{Incident, IncidentId};
use crate::scope::Suppression;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much of a document, in bytes, one item takes: DynamoDB's limit is 400 KB for all attributes and their names.
const PART: usize = 200_000;

/// What is kept of a finding, of all forms and versions in which it was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// The incident that it belongs to; `None` for one that is only recorded.
    pub incident: Option<IncidentId>,
    /// Why nothing is done about it, as it stands now.
    pub suppressed: Option<Suppression>,
    /// Its newest version, with the entities of all of them.
    pub finding: Finding,
    /// The document of that version as it came, or the beginning of a large one.
    pub document: String,
    /// The digest of the whole document.
    pub digest: Digest,
    /// How many further parts the document has.
    pub further_parts: usize,
    /// When it was first received.
    pub received_at: Timestamp,
    /// The execution that responds to it; `None` if it brings nothing new.
    pub starts: Option<String>,
    /// Whether that execution is known to have been started.
    pub is_started: bool,
    /// To how many of its ties it was joined. A finding can have more than one transaction takes.
    pub tied: usize,
}

/// That a finding belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The finding, by [`Finding::identity`].
    pub finding: String,
}

/// The identities of the findings of an incident, and of those of the incidents that are part of it.
///
/// # Errors
/// What the table answers.
pub async fn finding_ids(records: &impl Records, incident: &Incident) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for id in incident.family() {
        let members: Vec<Member> = records.list(&Listing::of_incident(id, "FINDING#")).await?;
        ids.extend(members.into_iter().map(|member| member.finding));
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

impl FindingRecord {
    /// The record of a finding that was not delivered before.
    pub fn new(finding: &Finding, document: &str, received_at: Timestamp) -> Self {
        let mut record = Self {
            incident: None,
            suppressed: None,
            finding: finding.clone(),
            document: String::new(),
            digest: Digest::of(b""),
            further_parts: 0,
            received_at,
            starts: None,
            is_started: false,
            tied: 0,
        };
        record.keep(document);
        record
    }

    /// Whether a delivery of the finding is a repeat: not newer than what is known, and naming nothing else.
    pub fn covers(&self, finding: &Finding) -> bool {
        let known = |entity| self.finding.entities.iter().any(|known| is_same(known, entity));
        !self.is_older_than(finding) && finding.entities.iter().all(known)
    }

    /// Takes in another delivery of the finding. Deliveries come out of order: the newest says how the finding stands.
    pub fn take_in(&mut self, finding: &Finding, document: &str) {
        let is_older = self.is_older_than(finding);
        let (base, other) = if is_older { (finding, &self.finding) } else { (&self.finding, finding) };
        let mut newest = base.clone();
        for entity in &other.entities {
            if !newest.entities.iter().any(|known| is_same(known, entity)) {
                newest.entities.push(entity.clone());
            }
        }
        self.finding = newest;
        if is_older {
            self.keep(document);
        }
    }

    fn is_older_than(&self, finding: &Finding) -> bool {
        finding.version() > self.finding.version()
    }

    fn keep(&mut self, document: &str) {
        let mut parts = parts(document);
        self.digest = Digest::of(document.as_bytes());
        self.document = parts.next().unwrap_or_default().to_owned();
        self.further_parts = parts.count();
    }

    /// Writes the further parts of a large document. They lie under its digest, so a repeat changes nothing.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn write_parts(&self, records: &impl Records, document: &str) -> Result<(), Failure> {
        if self.digest == Digest::of(document.as_bytes()) {
            for (number, part) in parts(document).enumerate().skip(1) {
                let key = Key::document(self.finding.identity(), &self.digest, number);
                records.create(&key, &part.to_owned()).await?;
            }
        }
        Ok(())
    }

    /// The whole document as it came.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn whole_document(&self, records: &impl Records) -> Result<String, Failure> {
        let mut document = self.document.clone();
        for number in 1..=self.further_parts {
            let key = Key::document(self.finding.identity(), &self.digest, number);
            document += &records.require::<String>(&key, "part of this document").await?;
        }
        Ok(document)
    }
}

fn is_same(one: &crate::Entity, other: &crate::Entity) -> bool {
    one.kind == other.kind && one.id == other.id
}

/// The parts of a document, cut between characters.
fn parts(document: &str) -> impl Iterator<Item = &str> {
    let mut rest = document;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, left) = rest.split_at(rest.floor_char_boundary(PART));
        rest = left;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::{PART, parts};

    #[test]
    fn parts_join_to_the_document_and_are_small_enough() {
        for document in [String::new(), "short".to_owned(), "ä".repeat(PART), "x".repeat(5 * PART + 1)] {
            assert_eq!(parts(&document).collect::<String>(), document);
            assert!(parts(&document).all(|part| !part.is_empty() && part.len() <= PART));
        }
    }
}
