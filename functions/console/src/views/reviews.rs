//! What waits for counsel, by the time that is left.

use super::badge::{Badge, Tone};
use super::shell::Shell;
use super::text::spaced;
use super::time::{At, Due};
use askama::Template;
use incident::IncidentId;
use incident::notification::Duty;
use incident::notification::reviewer::{are_comparable, is_same_person};
use incident::records::WaitingReview;
use jiff::Timestamp;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "reviews.html")]
pub struct Reviews {
    /// What is around it.
    pub shell: Shell,
    /// When it was made.
    pub now: At,
    /// What waits.
    pub lines: Vec<Line>,
}

/// A text that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it is reviewed.
    pub href: String,
    /// The incident.
    pub incident: String,
    /// The statute.
    pub citation: String,
    /// Who is told.
    pub recipient: String,
    /// The version of the text.
    pub version: u32,
    /// By when; `None` where the law sets no limit or its clock has not started.
    pub due: Option<Due>,
    /// Since when it waits.
    pub since: At,
    /// Who still has to decide.
    pub eyes: Badge,
}

/// Where the review of a version is.
pub fn path(incident: &IncidentId, obligation: &str, version: u32) -> String {
    format!("/reviews/{incident}/{obligation}/{version}")
}

impl Reviews {
    /// The page of what waits, each with its duty where that was found. `reader` is who reads it, as records name them.
    pub fn of(shell: Shell, waiting: &[(WaitingReview, Option<Duty>)], reader: &str, now: Timestamp) -> Self {
        let mut waiting: Vec<&(WaitingReview, Option<Duty>)> = waiting.iter().collect();
        waiting.sort_by_key(|(review, _)| (review.due_at.is_none(), review.due_at, review.requested_at));
        let lines = waiting.into_iter().map(|(review, duty)| Line::of(review, duty.as_ref(), reader, now)).collect();
        Self { shell, now: At::of(now), lines }
    }
}

impl Line {
    fn of(review: &WaitingReview, duty: Option<&Duty>, reader: &str, now: Timestamp) -> Self {
        let obligation = duty.map(|duty| &duty.obligation);
        let recipient =
            obligation.map(|one| one.recipient_detail.clone().unwrap_or_else(|| spaced(&one.recipient_class)));
        Self {
            href: path(&review.incident, &review.obligation, review.version),
            incident: review.incident.to_string(),
            citation: obligation.map_or_else(|| review.obligation.clone(), |one| one.citation.clone()),
            recipient: recipient.unwrap_or_default(),
            version: review.version,
            due: review.due_at.map(|due| Due::of(due, now)),
            since: At::of(review.requested_at),
            eyes: eyes(review.four_eyes, review.first_reviewer.as_deref(), reader),
        }
    }
}

/// Who still has to decide, as this reader sees it.
pub(super) fn eyes(by_two: bool, first: Option<&str>, reader: &str) -> Badge {
    match (by_two, first) {
        (false, _) => Badge::new(Tone::Open, "one reviewer"),
        (true, None) => Badge::new(Tone::Open, "two reviewers, none yet"),
        (true, Some(first)) if is_same_person(first, reader) => {
            Badge::new(Tone::Quiet, "you were the first, waits for another")
        }
        // Who may be the first by another name cannot be the second.
        (true, Some(first)) if !are_comparable(first, reader) => {
            Badge::new(Tone::Quiet, "one agreed who signed in elsewhere, waits for the second there")
        }
        (true, Some(_)) => Badge::new(Tone::Alarm, "one agreed, waits for the second"),
    }
}
