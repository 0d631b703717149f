//! In which zones the days of a deadline end.

use super::super::calendar::{Counting, Zones};
use super::super::facts::Facts;
use super::super::rules::Rules;
use jiff::tz::TimeZone;

/// Where the people of a jurisdiction live, and its authority sits. Where there is none, the entity's own zone counts alone:
/// in the Union, whose states have several, under federal law of the United States, and under contracts.
const JURISDICTIONS: [(&str, &[&str]); 33] = [
    ("AU", &["Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin", "Australia/Perth"]),
    ("BR", &["America/Sao_Paulo"]),
    ("CA", &["America/St_Johns", "America/Halifax", "America/Toronto", "America/Winnipeg", "America/Regina"]),
    ("CA-AB", &["America/Edmonton"]),
    ("CA-QC", &["America/Toronto", "America/Blanc-Sablon"]),
    ("CH", &["Europe/Zurich"]),
    ("CN", &["Asia/Shanghai"]),
    ("DE", &["Europe/Berlin"]),
    ("GB", &["Europe/London"]),
    ("IN", &["Asia/Kolkata"]),
    ("JP", &["Asia/Tokyo"]),
    ("KR", &["Asia/Seoul"]),
    ("NZ", &["Pacific/Auckland", "Pacific/Chatham"]),
    ("PH", &["Asia/Manila"]),
    ("SG", &["Asia/Singapore"]),
    ("TH", &["Asia/Bangkok"]),
    ("TR", &["Europe/Istanbul"]),
    ("ZA", &["Africa/Johannesburg"]),
    ("US-AK", &["America/Anchorage", "America/Adak"]),
    ("US-AZ", &["America/Phoenix"]),
    ("US-FL", &["America/New_York", "America/Chicago"]),
    ("US-GU", &["Pacific/Guam"]),
    ("US-HI", &["Pacific/Honolulu"]),
    ("US-ID", &["America/Boise", "America/Los_Angeles"]),
    ("US-IN", &["America/Indiana/Indianapolis", "America/Chicago"]),
    ("US-KY", &["America/New_York", "America/Chicago"]),
    ("US-MI", &["America/Detroit", "America/Menominee"]),
    ("US-OR", &["America/Los_Angeles", "America/Boise"]),
    ("US-PR", &["America/Puerto_Rico"]),
    ("US-TN", &["America/Chicago", "America/New_York"]),
    ("US-VI", &["America/St_Thomas"]),
    ("US-ND", &["America/Chicago", "America/Denver"]),
    ("US-SD", &["America/Chicago", "America/Denver"]),
];

/// The states with one of the four zones of the contiguous United States, or with one and its western neighbour.
const STATES: [(&str, &[&str]); 5] = [
    ("CT DE DC GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", &["America/New_York"]),
    ("AL AR IA IL LA MN MO MS OK WI", &["America/Chicago"]),
    ("KS NE TX", &["America/Chicago", "America/Denver"]),
    ("CO MT NM UT WY", &["America/Denver"]),
    ("CA NV WA", &["America/Los_Angeles"]),
];

/// The zones whose day can end first: the entity's own, those of the jurisdiction's residents, and the authority's.
pub(super) fn of(jurisdiction: &str, counting: Counting, facts: &Facts, rules: &Rules) -> Zones {
    let named =
        |zones: &[&str]| -> Vec<TimeZone> { zones.iter().filter_map(|zone| TimeZone::get(zone).ok()).collect() };
    let mut zones: Vec<TimeZone> = facts.text("tz").and_then(|zone| TimeZone::get(zone).ok()).into_iter().collect();
    let own = rules.time_zones(jurisdiction);
    if own.is_empty() {
        zones.extend(named(residents(jurisdiction)));
    } else {
        zones.extend(own);
    }
    if matches!(counting, Counting::FederalBusinessDays | Counting::SecBusinessDays) {
        zones.extend(named(&["America/New_York"]));
    }
    Zones::new(zones)
}

fn residents(jurisdiction: &str) -> &'static [&'static str] {
    if let Some((_, zones)) = JURISDICTIONS.iter().find(|(id, _)| *id == jurisdiction) {
        return zones;
    }
    let Some(state) = jurisdiction.strip_prefix("US-") else { return &[] };
    STATES.iter().find(|(states, _)| states.split(' ').any(|one| one == state)).map_or(&[], |(_, zones)| zones)
}
