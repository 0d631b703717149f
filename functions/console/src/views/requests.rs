//! The requests of people about their own data: the list by the time that is left, and one of them with what was done.

use super::badge::{Badge, Tone};
use super::shell::Shell;
use super::text::Verbatim;
use super::time::{At, Due};
use askama::Template;
use incident::privacy_request::{Deed, PrivacyRequest, Reference, RequestKind, Residence, Standing};
use jiff::Timestamp;

/// How many settled requests the list shows, the latest first.
const MOST_SETTLED: usize = 100;

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "requests.html")]
pub struct Requests {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// What waits for an answer.
    pub open: Vec<Line>,
    /// What was answered or refused.
    pub settled: Vec<Line>,
    /// How many more of those there are.
    pub unlisted: usize,
}

/// One request in the list. It does not say whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it is seen.
    pub href: String,
    /// Its name.
    pub reference: String,
    /// What is asked for.
    pub kind: &'static str,
    /// Where the person lives.
    pub residence: &'static str,
    /// By when it is answered.
    pub due: Due,
    /// When its form came.
    pub received: At,
    /// Where it stands.
    pub standing: Badge,
    /// When it was settled.
    pub settled: Option<At>,
}

/// Where a request is seen.
pub fn path(reference: &Reference) -> String {
    format!("/requests/{reference}")
}

impl Requests {
    /// The list of these requests.
    pub fn of(shell: Shell, requests: &[PrivacyRequest], now: Timestamp) -> Self {
        let (mut open, mut settled): (Vec<_>, Vec<_>) =
            requests.iter().partition(|request| request.standing() == Standing::Open);
        open.sort_by_key(|request| (request.due_at(), request.received_at));
        settled.sort_by_key(|request| std::cmp::Reverse(request.acts.last().map(|act| act.at)));
        Self {
            shell,
            now: At::of(now),
            open: open.into_iter().map(|request| Line::of(request, now)).collect(),
            unlisted: settled.len().saturating_sub(MOST_SETTLED),
            settled: settled.into_iter().take(MOST_SETTLED).map(|request| Line::of(request, now)).collect(),
        }
    }
}

impl Line {
    fn of(request: &PrivacyRequest, now: Timestamp) -> Self {
        let is_open = request.standing() == Standing::Open;
        Self {
            href: path(&request.reference),
            reference: request.reference.to_string(),
            kind: kind(request.kind),
            residence: residence(request.residence),
            due: Due::of(request.due_at(), now),
            received: At::of(request.received_at),
            standing: standing(request),
            settled: request.acts.last().filter(|_| !is_open).map(|act| At::of(act.at)),
        }
    }
}

/// One request.
#[derive(Clone, Debug, Template)]
#[template(path = "request.html")]
pub struct RequestPage {
    /// What is around it.
    pub shell: Shell,
    /// As the list has it.
    pub line: Line,
    /// Where the answer goes.
    pub email: String,
    /// The language of the person's form.
    pub language: String,
    /// What the person adds.
    pub words: String,
    /// When the link was used.
    pub confirmed: At,
    /// When the receipt was mailed.
    pub receipt: Option<At>,
    /// By when the receipt has to be confirmed, where the rule says so.
    pub acknowledge_by: Option<At>,
    /// The rule: its name, its citation, and the limit in its words.
    pub rule: (String, Option<String>, String),
    /// The latest that the law allows.
    pub latest: At,
    /// Until when the time can be extended, once.
    pub extends_to: Option<At>,
    /// What was done.
    pub acts: Vec<ActLine>,
    /// What can be done.
    pub offers: Vec<Offer>,
    /// Why what was sent was not taken, and what was written.
    pub refused: Option<Refused>,
    /// Whether it waits.
    pub is_open: bool,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActLine {
    /// What.
    pub deed: &'static str,
    /// Who.
    pub by: String,
    /// When.
    pub at: At,
    /// Why.
    pub reason: String,
}

/// Something that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name in the form.
    pub value: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What follows from it.
    pub meaning: &'static str,
}

/// A deed that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub message: String,
    /// What was chosen.
    pub deed: String,
    /// What was written.
    pub reason: String,
}

impl RequestPage {
    /// The page of this request; `may_act` where the reader may do something about it.
    pub fn of(shell: Shell, request: &PrivacyRequest, may_act: bool, refused: Option<Refused>, now: Timestamp) -> Self {
        let term = &request.term;
        let is_open = request.standing() == Standing::Open;
        let is_offered = |deed: &Deed| match deed {
            Deed::IdentityVerified => !request.is_verified(),
            Deed::Extended => term.extends_to.is_some() && request.extension.is_none() && now <= term.due_at,
            Deed::Answered | Deed::Refused => true,
        };
        let offers = Deed::ALL.into_iter().filter(is_offered).filter(|_| is_open && may_act);
        Self {
            shell,
            line: Line::of(request, now),
            email: request.email.clone(),
            language: request.language.clone(),
            words: request.words.clone(),
            confirmed: At::of(request.confirmed_at),
            receipt: request.receipt_mailed_at.map(At::of),
            acknowledge_by: term.acknowledge_by.map(At::to_the_minute),
            rule: (term.rule.clone(), term.citation.clone(), term.standard.clone()),
            latest: At::to_the_minute(term.latest_at),
            extends_to: term.extends_to.map(At::to_the_minute),
            acts: request.acts.iter().map(ActLine::of).collect(),
            offers: offers.map(offer).collect(),
            refused,
            is_open,
        }
    }

    /// Whether this was chosen in a form that was not taken.
    fn was_chosen(&self, value: &str) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.deed == value)
    }

    /// What was written in it.
    fn written(&self) -> &str {
        self.refused.as_ref().map_or("", |refused| &refused.reason)
    }
}

impl ActLine {
    fn of(act: &incident::privacy_request::Act) -> Self {
        let reason = act.reason.clone();
        Self { deed: offer(act.deed).label, by: act.by.clone(), at: At::of(act.at), reason }
    }
}

fn offer(deed: Deed) -> Offer {
    let (label, meaning) = match deed {
        Deed::IdentityVerified => ("Identity verified", "You have made sure who the person is. The time runs on."),
        Deed::Extended => {
            ("Extended", "You need longer, and have told the person so, with the reason. Can be done once.")
        }
        Deed::Answered => ("Answered", "You have done what was asked, and told the person."),
        Deed::Refused => ("Refused", "You have told the person why you do not do it, and where to complain."),
    };
    Offer { value: deed.name(), label, meaning }
}

fn standing(request: &PrivacyRequest) -> Badge {
    match request.standing() {
        Standing::Open if request.extension.is_some() => Badge::new(Tone::Open, "open, extended"),
        Standing::Open if request.is_verified() => Badge::new(Tone::Open, "open, identity verified"),
        Standing::Open => Badge::new(Tone::Open, "open"),
        Standing::Answered => Badge::new(Tone::Good, "answered"),
        Standing::Refused => Badge::new(Tone::Quiet, "refused"),
    }
}

fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => "access",
        RequestKind::Erasure => "erasure",
        RequestKind::OptOut => "opt-out",
    }
}

fn residence(residence: Residence) -> &'static str {
    match residence {
        Residence::Europe => "European Union or EEA",
        Residence::UnitedKingdom => "United Kingdom",
        Residence::Switzerland => "Switzerland",
        Residence::California => "California",
        Residence::Brazil => "Brazil",
        Residence::Canada => "Canada",
        Residence::Elsewhere => "elsewhere",
    }
}
