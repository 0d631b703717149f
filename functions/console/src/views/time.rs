//! Times and what is left of them.

use incident::post_incident::timeline::spoken;
use jiff::{SignedDuration, Timestamp};

/// A moment, for machines and for people. Pages show UTC; the script adds the reader's own zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// RFC 3339, in UTC.
    pub iso: String,
    /// As people read it, in UTC.
    pub text: String,
}

impl At {
    /// To the second.
    pub fn of(at: Timestamp) -> Self {
        Self { iso: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), text: at.strftime("%Y-%m-%d %H:%M:%S").to_string() }
    }

    /// To the minute, with the day of the week: when something is due.
    pub fn to_the_minute(at: Timestamp) -> Self {
        Self { text: at.strftime("%a %Y-%m-%d %H:%M").to_string(), ..Self::of(at) }
    }
}

/// How pressing something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Its time has passed.
    Overdue,
    /// Less than six hours are left.
    Hours,
    /// Less than a day is left.
    Day,
    /// There is more time.
    Later,
}

impl Urgency {
    /// That of what has this much time left.
    fn of(left: SignedDuration) -> Self {
        match left.as_hours() {
            _ if !left.is_positive() => Self::Overdue,
            0..6 => Self::Hours,
            6..24 => Self::Day,
            _ => Self::Later,
        }
    }

    /// Its name in style sheet and script.
    pub fn class(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Hours => "hours",
            Self::Day => "day",
            Self::Later => "later",
        }
    }
}

/// By when, and how long that is from now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: At,
    /// `3 h 5 min left`, or `overdue by 3 h 5 min`, when the page was made.
    pub left: String,
    /// How pressing it is.
    pub urgency: Urgency,
}

impl Due {
    /// What is left at `now`.
    pub fn of(due: Timestamp, now: Timestamp) -> Self {
        let left = due.duration_since(now);
        let urgency = Urgency::of(left);
        let long = spoken(SignedDuration::from_secs(left.as_secs().abs()));
        let left = if urgency == Urgency::Overdue { format!("overdue by {long}") } else { format!("{long} left") };
        Self { at: At::to_the_minute(due), left, urgency }
    }
}
