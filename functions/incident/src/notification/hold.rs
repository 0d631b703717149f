//! Notices that are approved and wait for another: what the law wants told before them, and what goes out with them.

use super::duty::{Duty, DutyState};
use super::review::LegalReview;
use jiff::Timestamp;

/// The duties that hold the notice under `own` back, by identifier; empty where it may go out.
///
/// What has to come before it holds it until that was sent or has ended otherwise, also past its own due time: sent first, it would
/// be unlawful. What goes out together with it holds it until counsel has approved that too, but never past its own due time.
pub fn held_by<'a>(own: &Duty, duties: &'a [Duty], reviews: &[LegalReview], now: Timestamp) -> Vec<&'a str> {
    let is_in_time = own.obligation.due_at.is_none_or(|due| now < due);
    let is_approved = |id: &str| {
        let newest = reviews.iter().filter(|review| review.obligation == id).max_by_key(|review| review.version);
        newest.is_some_and(LegalReview::is_approved)
    };
    let open = duties.iter().filter(|duty| duty.state == DutyState::Open).map(|duty| duty.obligation.id.as_str());
    let is_named = |list: &[String], id: &str| list.iter().any(|other| other == id);
    open.filter(|id| {
        is_named(&own.obligation.waits_for, id)
            || (is_in_time && is_named(&own.obligation.together_with, id) && !is_approved(id))
    })
    .collect()
}
