//! By when a request is answered: the rows of `obligations/requests.toml`, counted as every other deadline is.

use super::{RequestKind, Residence};
use crate::fault::Failure;
use crate::notification::{Facts, Rules, Source};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The row that holds where no statute is known: the organisation's own promise.
const OWN: &str = "XX-OWN-30";

/// The clock of the rows.
const CLOCK: &str = "t.request_received";

/// By when a request is answered, and under which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The row of `obligations/requests.toml`.
    pub rule: String,
    /// The statute; `None` where the organisation's own promise holds.
    pub citation: Option<String>,
    /// The limit in the words of the rule.
    pub standard: String,
    /// By when we mean to answer: the end of the last day, the earliest that can be meant.
    pub due_at: Timestamp,
    /// The offset from UTC of the zone that the last day ends in, in seconds.
    pub offset_seconds: i32,
    /// The latest that the law allows on the reading most favourable to the organisation: for reviewers only.
    pub latest_at: Timestamp,
    /// By when the receipt has to be confirmed, where the rule says so (11 CCR 7021(a)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_by: Option<Timestamp>,
    /// Until when the answer may be put off once, with reasons; `None` where the rule knows no extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends_to: Option<Timestamp>,
}

/// A rule that gives no time: the data is broken.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` in `obligations/requests.toml` gives no time to answer by")]
pub struct TermError(pub String);

impl From<TermError> for Failure {
    fn from(error: TermError) -> Self {
        Self::needs_operator("a request has no time to be answered by").because(error)
    }
}

impl Term {
    /// The term of a request that came at `received`. `zone` is the organisation's own, as its fact `tz` names it: where none is known,
    /// the day that ends first on Earth counts.
    ///
    /// # Errors
    /// A row that gives no time.
    pub fn of(
        kind: RequestKind,
        residence: Residence,
        received: Timestamp,
        zone: Option<&str>,
        rules: &Rules,
    ) -> Result<Self, TermError> {
        let statute = residence.jurisdiction().and_then(|place| rules.request_rule(place, kind.name()));
        let rule = statute.unwrap_or(OWN);
        let mut facts = Facts::unknown();
        facts.set(CLOCK, json!(received), Source::Tocsin, "tocsin", "the form came then", received);
        if let Some(zone) = zone {
            facts.set("tz", json!(zone), Source::DataMap, "tocsin", "the organisation's settings", received);
        }
        let broken = || TermError(rule.to_owned());
        let main = rules.answer_by(rule, &facts).ok_or_else(broken)?;
        let stage = |stage: &str| rules.answer_by(&format!("{rule}.{stage}"), &facts).map(|term| term.due_at);
        Ok(Self {
            rule: rule.to_owned(),
            citation: statute.is_some().then_some(main.citation),
            standard: main.standard,
            due_at: main.due_at,
            offset_seconds: main.offset.seconds(),
            latest_at: main.latest_at,
            acknowledge_by: stage("acknowledgement"),
            extends_to: stage("extension"),
        })
    }

    /// The zone that its last day ends in.
    pub(super) fn zone(&self) -> TimeZone {
        TimeZone::fixed(Offset::from_seconds(self.offset_seconds).unwrap_or(Offset::UTC))
    }
}
