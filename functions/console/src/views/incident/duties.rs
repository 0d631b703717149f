//! Who has to be told by when, and where each notice stands.

use crate::views::badge::Badge;
use crate::views::text::spaced;
use crate::views::time::Due;
use incident::notification::{Duty, LegalReview, Obligation, Publication};
use jiff::Timestamp;

/// One duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyLine {
    /// Its identifier.
    pub id: String,
    /// The statute.
    pub citation: String,
    /// Who is told.
    pub recipient: String,
    /// By when; `None` where the law sets no limit or its clock has not started.
    pub due: Option<Due>,
    /// The limit in the words of the law.
    pub standard: String,
    /// Where it stands.
    pub state: Badge,
    /// Whether somebody has to do something about it.
    pub is_owed: bool,
    /// Where its text is reviewed.
    pub review: Option<String>,
    /// Where anybody may read it.
    pub public_at: Option<String>,
    /// What is to be known beside: a hold of law enforcement, unknown facts, why it ended.
    pub notes: Vec<String>,
}

impl DutyLine {
    /// Every duty: what is owed first, by its time.
    pub(super) fn all(
        duties: &[Duty],
        reviews: &[LegalReview],
        publications: &[Publication],
        sees_reviews: bool,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut duties: Vec<&Duty> = duties.iter().filter(|duty| !duty.obligation.is_internal()).collect();
        duties.sort_by_key(|duty| (duty.state.is_settled(), duty.obligation.due_at.is_none(), duty.obligation.due_at));
        duties.into_iter().map(|duty| Self::of(duty, reviews, publications, sees_reviews, now)).collect()
    }

    fn of(
        duty: &Duty,
        reviews: &[LegalReview],
        publications: &[Publication],
        sees_reviews: bool,
        now: Timestamp,
    ) -> Self {
        let obligation = &duty.obligation;
        let publication = publications.iter().find(|publication| publication.obligation == obligation.id);
        let own = reviews.iter().filter(|review| review.obligation == obligation.id);
        let last = own.max_by_key(|review| review.version).filter(|_| sees_reviews);
        let mut notes = Vec::new();
        if let Some(held) = &obligation.held {
            let until =
                held.until.as_ref().map_or_else(|| "no end is set".to_owned(), |until| format!("until {until}"));
            notes.push(format!("held back for {}, {until}", held.agency.as_deref().unwrap_or("law enforcement")));
        }
        if !obligation.unknown_facts.is_empty() {
            notes.push(format!("rests on what is not known: {}", obligation.unknown_facts.join(", ")));
        }
        notes.extend(duty.ended_because.clone());
        Self {
            id: obligation.id.clone(),
            citation: obligation.citation.clone(),
            recipient: recipient(obligation),
            due: obligation.due_at.map(|due| Due::of(due, now)),
            standard: obligation.standard.clone(),
            state: Badge::of_duty(duty.state),
            is_owed: !duty.state.is_settled(),
            review: last
                .map(|review| crate::views::reviews::path(&review.incident, &review.obligation, review.version)),
            public_at: publication.map(|publication| publication.address.clone()),
            notes,
        }
    }
}

/// A duty that only unknown facts bring, under a rule that is not turned on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndeterminedLine {
    /// Its identifier.
    pub id: String,
    /// The statute.
    pub citation: String,
    /// Who would be told.
    pub recipient: String,
    /// The facts that are not known.
    pub unknown: String,
}

impl UndeterminedLine {
    pub(super) fn of(obligation: &Obligation) -> Self {
        Self {
            id: obligation.id.clone(),
            citation: obligation.citation.clone(),
            recipient: recipient(obligation),
            unknown: obligation.unknown_facts.join(", "),
        }
    }
}

fn recipient(obligation: &Obligation) -> String {
    obligation.recipient_detail.clone().unwrap_or_else(|| spaced(&obligation.recipient_class))
}
