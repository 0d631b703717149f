//! A notice that reached whom it had to: the duty is done, and the clocks that run from it start.

use crate::fault::Failure;
use crate::notification::facts::AUTHOR;
use crate::notification::{Delivery, Duty, DutyState, Facts, Rules};
use crate::organisation;
use crate::ports::Settings;
use crate::records::{Key, Listing, Records};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Marks the duty as done, and starts the clocks that run from this notice. A repeat changes nothing.
///
/// # Errors
/// What the table answers; `NeedsOperator` where a clock cannot be started, or the organisation's own rules cannot be used.
pub async fn settle(
    records: &impl Records,
    settings: &impl Settings,
    rules: &Rules,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), Failure> {
    let change = |duty: &mut Duty| {
        duty.state = DutyState::Sent;
        duty.changed_at = delivery.sent_at;
        Ok(())
    };
    records.update(&Key::obligation(&delivery.incident, &delivery.obligation), change).await?;
    let rules = organisation::rules(settings, rules).await?;
    let duties: Vec<Duty> = records.list(&Listing::of_incident(&delivery.incident, "OBLIGATION#")).await?;
    let starts = |duty: &&Duty| duty.obligation.after.as_deref() == Some(&delivery.obligation);
    let clocks: BTreeMap<String, _> = duties
        .iter()
        .filter(starts)
        .map(|duty| (format!("t.{}", duty.obligation.clock), delivery.sent_at.to_string().into()))
        .collect();
    let facts: Vec<Facts> = records.list(&Listing::of_incident(&delivery.incident, "FACTS#")).await?;
    let Some(last) = facts.last().filter(|_| !clocks.is_empty()) else { return Ok(()) };
    let facts = if clocks.iter().all(|(clock, value)| last.known(clock) == Some(value)) {
        last.clone()
    } else {
        let reason = format!("the notice under {} was sent", delivery.obligation);
        let next = last.amend(clocks, AUTHOR, &reason, now);
        let next = next.map_err(|error| Failure::needs_operator("a clock cannot be started").because(error))?;
        records.create(&Key::facts(&delivery.incident, next.version()), &next).await?.0
    };
    for assessed in rules.assess(&facts).obligations {
        if !duties.iter().filter(starts).any(|duty| duty.obligation.id == assessed.id) {
            continue;
        }
        let change = |duty: &mut Duty| {
            duty.obligation.clone_from(&assessed);
            duty.facts_version = facts.version();
            Ok(())
        };
        records.update(&Key::obligation(&delivery.incident, &assessed.id), change).await?;
    }
    Ok(())
}
