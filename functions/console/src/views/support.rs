//! What those who answer customers may say: the notices that went to people, or are about to, and nothing of the investigation.

use super::badge::{Badge, Tone};
use super::shell::Shell;
use super::text::NoticeText;
use super::time::At;
use askama::Template;
use incident::Organisation;
use incident::notification::{Delivery, Draft, Duty, LegalReview};

/// What the classes of recipient hold who are people: those who call.
const PEOPLE: [&str; 7] = [
    "residents",
    "data_subjects",
    "individuals",
    "data_principals",
    "affected_parties",
    "service_recipients",
    "clients",
];

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "support.html")]
pub struct Support {
    /// What is around it.
    pub shell: Shell,
    /// Where a question about privacy goes: name, address, telephone.
    pub contact: (String, String, String),
    /// The notices.
    pub notices: Vec<Notice>,
}

/// What is recorded of one notice to people.
#[derive(Clone, Debug)]
pub struct Records {
    /// The duty.
    pub duty: Duty,
    /// The review of its last text.
    pub review: Option<LegalReview>,
    /// That text.
    pub draft: Option<Draft>,
    /// Its delivery.
    pub delivery: Option<Delivery>,
}

/// A notice to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What to quote in an answer.
    pub reference: String,
    /// Where the people live.
    pub place: String,
    /// Where it stands.
    pub state: Badge,
    /// When sending began.
    pub sent: Option<At>,
    /// How many people it went to.
    pub people: Option<u64>,
    /// Its language.
    pub language: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: NoticeText,
}

impl Support {
    /// The page of these notices.
    pub fn of(shell: Shell, organisation: &Organisation, records: &[Records]) -> Self {
        let contact = &organisation.privacy_contact;
        let mut notices: Vec<Notice> = records.iter().filter_map(Notice::of).collect();
        notices.sort_by(|one, other| other.sent.as_ref().map(|at| &at.iso).cmp(&one.sent.as_ref().map(|at| &at.iso)));
        Self { shell, contact: (contact.name.clone(), contact.email.clone(), contact.phone.clone()), notices }
    }
}

/// Whether a duty is to tell people, who then call.
pub fn is_to_people(duty: &Duty) -> bool {
    PEOPLE.iter().any(|people| duty.obligation.recipient_class.contains(people))
}

impl Notice {
    /// `None` for what nobody is told of: support learns of a text when counsel has approved it, and not before.
    fn of(records: &Records) -> Option<Self> {
        let Records { duty, review, draft, delivery } = records;
        if !is_to_people(duty) || !review.as_ref().is_some_and(LegalReview::is_approved) {
            return None;
        }
        let draft = draft.as_ref().filter(|draft| draft.is_intact())?;
        let state = match delivery {
            Some(_) => Badge::new(Tone::Good, "sent"),
            None => Badge::new(Tone::Open, "approved, not sent yet"),
        };
        Some(Self {
            reference: duty.incident.to_string(),
            place: duty.obligation.member_state.clone().unwrap_or_else(|| duty.obligation.jurisdiction.clone()),
            state,
            sent: delivery.as_ref().map(|delivery| At::of(delivery.sent_at)),
            people: draft.audience.as_ref().map(|list| list.people),
            language: draft.language.clone(),
            subject: draft.subject.clone(),
            text: NoticeText(draft.text.clone()),
        })
    }
}
