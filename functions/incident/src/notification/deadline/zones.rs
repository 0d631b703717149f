//! In which zones the days of a deadline end.

use super::super::calendar::Zones;
use super::super::counting::Counting;
use super::super::facts::Facts;
use super::super::rules::Rules;
use jiff::tz::TimeZone;

/// The zones whose day can end first: the entity's own, those of the jurisdiction's residents, and of a federal agency. In the
/// Union, under federal law of the United States and under contracts the entity's own counts alone.
pub(super) fn of(jurisdiction: &str, counting: Counting, facts: &Facts, rules: &Rules) -> Zones {
    let entity = facts.text("tz").and_then(|zone| TimeZone::get(zone).ok());
    let is_federal = matches!(counting, Counting::FederalBusinessDays | Counting::SecBusinessDays);
    let authority = is_federal.then(|| TimeZone::get("America/New_York").ok()).flatten();
    Zones::new(entity.into_iter().chain(rules.time_zones(jurisdiction)).chain(authority).collect())
}
