//! By when the request of a person about their own data is answered, and how a day of it is written.

use super::deadline::{Terms, times};
use super::facts::Facts;
use super::rules::Rules;
use super::vocabulary::Moment;
use super::words::WrittenTime;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// By when a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerBy {
    pub(crate) citation: String,
    pub(crate) standard: String,
    /// What is worked to, and the offset of the zone in which it ends.
    pub(crate) due_at: Timestamp,
    pub(crate) offset: Offset,
    /// The latest that the law allows.
    pub(crate) latest_at: Timestamp,
}

impl Rules {
    /// The row for this kind of request in this jurisdiction.
    pub(crate) fn request_rule(&self, jurisdiction: &str, kind: &str) -> Option<&str> {
        let mut rows = self.requests().filter(|row| row.jurisdiction == jurisdiction);
        rows.find(|row| row.kinds.iter().any(|other| other == kind)).map(|row| row.id.as_str())
    }

    /// The times of this row, or of a stage of it such as `US-CCPA-REQ.extension`; `None` where there is none.
    pub(crate) fn answer_by(&self, name: &str, facts: &Facts) -> Option<AnswerBy> {
        let terms = Terms::named(name, self)?;
        let row = self.request(name.split_once('.').map_or(name, |(row, _)| row))?;
        let due = times(&terms, facts, self, 0).due?;
        Some(AnswerBy {
            citation: row.citation.clone(),
            standard: terms.deadline.standard.clone(),
            due_at: due.conservative,
            offset: due.conservative_offset,
            latest_at: due.statutory_latest,
        })
    }

    /// A day as readers of the language in this jurisdiction write it; `None` of a language that the notices do not have.
    pub(crate) fn written_day(&self, at: Timestamp, zone: &TimeZone, language: &str, place: &str) -> Option<String> {
        self.written(at, zone, language, place).map(|time| time.day)
    }

    /// As [`Rules::written_day`], with the time of day.
    pub(crate) fn written_moment(&self, at: Timestamp, zone: &TimeZone, language: &str, place: &str) -> Option<String> {
        self.written(at, zone, language, place).map(|time| time.full)
    }

    fn written(&self, at: Timestamp, zone: &TimeZone, language: &str, place: &str) -> Option<WrittenTime> {
        self.notices().words(language).ok()?.time(Moment::Instant(at), zone, place)
    }
}
