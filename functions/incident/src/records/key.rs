//! Where each kind of record lies: partition and sort key.

use super::Page;
use crate::Digest;
use crate::containment::{ApprovalId, OrderId, Step};
use crate::evidence::EvidenceItem;
use crate::privacy_request::Reference;
use crate::record::IncidentId;

/// Where a record lies: partition and sort key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The partition.
    pub partition: String,
    /// The sort key within the partition.
    pub sort: String,
}

pub(super) fn incident(id: &IncidentId) -> String {
    format!("INCIDENT#{id}")
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self { partition, sort: sort.into() }
    }

    /// The incident itself.
    pub fn incident(id: &IncidentId) -> Self {
        Self::new(incident(id), "INCIDENT")
    }

    /// Its entry in the register of breaches: a partition of its own, so that a policy can name it.
    pub fn register(id: &IncidentId) -> Self {
        Self::new("REGISTER".to_owned(), id.as_str())
    }

    /// A finding, by [`Finding::identity`].
    pub fn finding(identity: &str) -> Self {
        Self::new(format!("FINDING#{}", Digest::of(identity.as_bytes()).short(40)), "FINDING")
    }

    /// A further part of a finding's document, which is larger than one item may be.
    pub fn document(identity: &str, document: &Digest, part: usize) -> Self {
        let Self { partition, .. } = Self::finding(identity);
        Self::new(partition, format!("DOCUMENT#{}#{part:02}", document.short(24)))
    }

    /// That a finding belongs to an incident.
    pub fn member(id: &IncidentId, identity: &str) -> Self {
        Self::new(incident(id), format!("FINDING#{}", Digest::of(identity.as_bytes()).short(40)))
    }

    /// Which incidents a tie led to.
    pub fn tie(tie: &Digest) -> Self {
        Self::new(format!("TIE#{}", tie.short(40)), "SIGHTINGS")
    }

    /// Who keeps a resource contained by this action, whichever pass.
    pub fn hold(step: &Step) -> Self {
        let Step { action, account, region, target, .. } = step;
        let region = region.as_deref().unwrap_or_default();
        let name = Digest::of_parts(&[action.as_str(), account, region, target]);
        Self::new(format!("HOLD#{}", name.short(40)), "HOLD")
    }

    /// The last signed settings of containment that were trusted.
    pub fn guard() -> Self {
        Self::new("GUARD".to_owned(), "TRUSTED")
    }

    /// What was contained without a person in the last hour.
    pub fn tally() -> Self {
        Self::new("GUARD".to_owned(), "TALLY")
    }

    /// One step of the containment.
    pub fn action(id: &IncidentId, step: &Step) -> Self {
        let Step { action, account, region, target, pass } = step;
        let region = region.as_deref().unwrap_or("global");
        Self::new(incident(id), format!("ACTION#{action}#{account}#{region}#{target}#{pass}"))
    }

    /// What a person has decided to do.
    pub fn order(id: &IncidentId, order: &OrderId) -> Self {
        Self::new(incident(id), format!("ORDER#{order}"))
    }

    /// Steps that wait for a person, and what was decided about them.
    pub fn approval(id: &IncidentId, approval: &ApprovalId) -> Self {
        Self::new(incident(id), format!("APPROVAL#{approval}"))
    }

    /// One attempt to answer an approval, accepted or refused.
    pub fn approval_attempt(id: &IncidentId, approval: &ApprovalId, attempt: &Digest) -> Self {
        Self::new(incident(id), format!("APPROVAL-ATTEMPT#{approval}#{}", attempt.short(24)))
    }

    /// The task token of an approval: a partition of its own, so that a policy can name it.
    pub fn approval_token(id: &IncidentId, approval: &ApprovalId) -> Self {
        Self::new(format!("APPROVAL-GATE#{id}#{approval}"), "TOKEN")
    }

    /// An approval that waits for an answer.
    pub fn waiting_approval(id: &IncidentId, approval: &ApprovalId) -> Self {
        Self::new("APPROVALS".to_owned(), format!("{id}#{approval}"))
    }

    /// The wish of a person to take a step back, by [`crate::containment::Reversal::id`].
    pub fn reversal(id: &IncidentId, reversal: &str) -> Self {
        Self::new(incident(id), format!("REVERSAL#{reversal}"))
    }

    /// A preview that a person asked for: it belongs to no incident yet.
    pub fn preview(id: &str) -> Self {
        Self::new(format!("PREVIEW#{id}"), "PREVIEW")
    }

    /// One item of evidence.
    pub fn evidence(id: &IncidentId, item: &EvidenceItem) -> Self {
        Self::new(incident(id), format!("EVIDENCE#{}", item.folder()))
    }

    /// One file of an item of evidence.
    pub fn evidence_file(id: &IncidentId, path: &str) -> Self {
        Self::new(incident(id), format!("FILE#{path}"))
    }

    /// How far the copy of one line of an order is.
    pub fn copy(id: &IncidentId, order: &str, line: usize) -> Self {
        Self::new(incident(id), format!("COPY#{order}#{line:04}"))
    }

    /// Which order names an object: `digest` is that of the object's place, key and version.
    pub fn ordered(id: &IncidentId, digest: &Digest) -> Self {
        Self::new(incident(id), format!("ORDERED#{digest}"))
    }

    /// The end of the custody log.
    pub fn custody_head(id: &IncidentId) -> Self {
        Self::new(incident(id), "CUSTODY-HEAD")
    }

    /// That a statement is in the custody log.
    pub fn custody_mark(id: &IncidentId, statement: &Digest) -> Self {
        Self::new(incident(id), format!("CUSTODY-MARK#{}", statement.short(40)))
    }

    /// One entry of the custody log.
    pub fn custody(id: &IncidentId, sequence: u64) -> Self {
        Self::new(incident(id), format!("CUSTODY#{sequence:08}"))
    }

    /// The last seal of the evidence.
    pub fn seal(id: &IncidentId) -> Self {
        Self::new(incident(id), "SEAL")
    }

    /// Whether all evidence is kept beyond its retention, and how far that has come.
    pub fn legal_hold(id: &IncidentId) -> Self {
        Self::new(incident(id), "LEGAL-HOLD")
    }

    /// One version of the facts.
    pub fn facts(id: &IncidentId, version: u32) -> Self {
        Self::new(incident(id), format!("FACTS#{version:06}"))
    }

    /// A duty to tell someone.
    pub fn obligation(id: &IncidentId, obligation: &str) -> Self {
        Self::new(incident(id), format!("OBLIGATION#{obligation}"))
    }

    /// One version of a draft.
    pub fn draft(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(incident(id), format!("DRAFT#{obligation}#{version:06}"))
    }

    /// The review of one version of a draft.
    pub fn review(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(incident(id), format!("REVIEW#{obligation}#{version:06}"))
    }

    /// One attempt to decide, accepted or refused.
    pub fn decision_attempt(id: &IncidentId, obligation: &str, version: u32, attempt: &Digest) -> Self {
        Self::new(incident(id), format!("ATTEMPT#{obligation}#{version:06}#{}", attempt.short(24)))
    }

    /// A reminder about the review of one version of a draft.
    pub fn reminder(id: &IncidentId, obligation: &str, version: u32, percent: u8) -> Self {
        Self::new(incident(id), format!("REMINDER#{obligation}#{version:06}#{percent:03}"))
    }

    /// The delivery of a notice.
    pub fn delivery(id: &IncidentId, obligation: &str) -> Self {
        Self::new(incident(id), format!("DELIVERY#{obligation}"))
    }

    /// That a notice is on the public pages.
    pub fn publication(id: &IncidentId, obligation: &str) -> Self {
        Self::new(incident(id), format!("PUBLICATION#{obligation}"))
    }

    /// One person of a delivery, by a name that tells nobody who it is. A delivery has many partitions, since one takes about a
    /// thousand writes a second.
    pub fn addressee(id: &IncidentId, obligation: &str, name: &str) -> Self {
        let shard: String = name.chars().take(2).collect();
        Self::new(format!("NOTICE#{id}#{obligation}#{shard}"), format!("PERSON#{name}"))
    }

    /// A page to the operator.
    pub fn page(page: &Page) -> Self {
        let name = Digest::of_parts(&[&page.at_state, &page.reason]).short(24);
        Self::new(incident(&page.incident), format!("PAGE#{name}"))
    }

    /// The task token of a review: a partition of its own, so that a policy can name it.
    pub fn gate_token(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new(format!("GATE#{id}#{obligation}#{version:06}"), "TOKEN")
    }

    /// How far the list of a source in a region has been read.
    pub fn watermark(source: &str, region: &str) -> Self {
        Self::new(format!("WATERMARK#{source}#{region}"), "WATERMARK")
    }

    /// A notice that waits for counsel.
    pub fn waiting(id: &IncidentId, obligation: &str, version: u32) -> Self {
        Self::new("REVIEWS".to_owned(), format!("{id}#{obligation}#{version:06}"))
    }

    /// What somebody asked about their own data and has not confirmed, by the digest of the link's token.
    pub fn privacy_link(token: &Digest) -> Self {
        Self::new(format!("PRIVACY-REQUEST-LINK#{token}"), "LINK")
    }

    /// The request of a person about their own data: a partition of its own, so that a policy can name it.
    pub fn privacy_request(reference: &Reference) -> Self {
        Self::new("PRIVACY-REQUESTS".to_owned(), reference.as_str())
    }

    /// How often somebody has asked on a day, by a keyed digest of who.
    pub fn privacy_limit(name: &str, day: &str) -> Self {
        Self::new(format!("PRIVACY-REQUEST-LIMIT#{name}"), day)
    }

    /// A person's session in the console, by the digest of the cookie: whoever reads the table cannot take it over.
    pub fn session(cookie: &Digest) -> Self {
        Self::new(format!("SESSION#{cookie}"), "SESSION")
    }

    /// One attempt to sign in to the console, by the digest of its `state`.
    pub fn sign_in(state: &Digest) -> Self {
        Self::new(format!("SIGN-IN#{state}"), "SIGN-IN")
    }
}
