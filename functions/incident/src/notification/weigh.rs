//! Whether the facts bring the duty of one rule, and why.

use super::assess::{HeldBack, NotTriggered, key};
use super::condition::{Condition, Truth};
use super::facts::Facts;
use super::rule::Rule;
use super::vocabulary::Moment;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::Value;

/// What triggers a rule.
pub(super) struct Weighed {
    /// One reason a condition, and what else a reviewer should see.
    pub(super) reasons: Vec<String>,
    /// The facts that are unknown and were taken to trigger it, or not to exempt from it.
    pub(super) unknown_facts: Vec<String>,
    /// The request of law enforcement that may delay its notice.
    pub(super) held: Option<HeldBack>,
}

/// Whether the facts bring the duty: nothing that must hold fails, and nothing that exempts holds. Unknown is neither.
pub(super) fn weigh(rule: &Rule, facts: &Facts, as_of: Option<Moment>) -> Result<Weighed, NotTriggered> {
    if !rule.status.binds() {
        return Err(not_triggered(rule, vec!["the rule has no force".to_owned()]));
    }
    if let Some(because) = out_of_force(rule, facts, as_of) {
        return Err(not_triggered(rule, vec![because]));
    }
    let fails = |condition: &&Condition| condition.test(facts) == Truth::NotMet;
    let reason = |condition: &Condition| condition.reason(facts);
    let failed: Vec<String> = rule.trigger_all.iter().filter(fails).map(reason).collect();
    if !failed.is_empty() {
        return Err(not_triggered(rule, failed));
    }
    if !rule.trigger_any.is_empty() && rule.trigger_any.iter().all(|condition| fails(&condition)) {
        return Err(not_triggered(rule, rule.trigger_any.iter().map(reason).collect()));
    }
    let exempts = |condition: &&Condition| condition.test(facts) == Truth::Met;
    let exempting: Vec<String> = rule.exempt_if.iter().filter(exempts).map(reason).collect();
    if !exempting.is_empty() {
        return Err(NotTriggered { exempt: true, ..not_triggered(rule, exempting) });
    }
    Ok(weighed(rule, facts))
}

fn weighed(rule: &Rule, facts: &Facts) -> Weighed {
    let holds = |condition: &&Condition| condition.test(facts) != Truth::NotMet;
    let is_unknown = |condition: &&Condition| condition.test(facts) == Truth::Unknown;
    let triggers: Vec<&Condition> = rule.trigger_all.iter().chain(rule.trigger_any.iter().filter(holds)).collect();
    let mut reasons: Vec<String> = triggers.iter().map(|condition| condition.reason(facts)).collect();
    let open_exemptions: Vec<&Condition> = rule.exempt_if.iter().filter(is_unknown).collect();
    for exemption in &open_exemptions {
        if !triggers.iter().any(|trigger| trigger.fact == exemption.fact) {
            reasons.push(format!("`{}` is unknown, so it does not exempt", exemption.fact));
        }
    }
    let (held, said) = hold(rule, facts);
    reasons.extend(said);
    if !rule.is_verified() {
        reasons.push("the rule is unverified: neither its text nor a page on it was read".to_owned());
    }
    if let Some(decided) = &rule.decided {
        reasons.push(format!("the rule is as {} decided on {}: {}", decided.by, decided.at, decided.reason));
    }
    let unknown = triggers.into_iter().filter(is_unknown).chain(open_exemptions);
    let mut unknown_facts: Vec<String> = unknown.map(|condition| condition.fact.clone()).collect();
    unknown_facts.sort();
    unknown_facts.dedup();
    Weighed { reasons, unknown_facts, held }
}

pub(super) fn not_triggered(rule: &Rule, reasons: Vec<String>) -> NotTriggered {
    NotTriggered { rule: key(&rule.id), because: reasons.join("; "), exempt: false, reasons }
}

/// What a recorded hold of law enforcement does to this notice. It never moves a due time.
fn hold(rule: &Rule, facts: &Facts) -> (Option<HeldBack>, Option<String>) {
    let Some(Value::Object(request)) = facts.known("law_enforcement_hold") else { return (None, None) };
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_written = request.get("written").and_then(Value::as_bool) == Some(true);
    if rule.law_enforcement_hold_applies != Some(true) {
        let said = "a law-enforcement hold is recorded: this rule knows no delay for it, and the due time stays";
        return (None, Some(said.to_owned()));
    }
    if !is_written {
        let said = "a law-enforcement hold is recorded, but not in writing: it delays nothing, and the due time stays";
        return (None, Some(said.to_owned()));
    }
    let said =
        "a written law-enforcement hold is recorded: it suspends this notice while it lasts, and the due time stays";
    (Some(HeldBack { agency: text("agency"), until: text("until") }), Some(said.to_owned()))
}

/// Why the rule does not apply on that day. A day is taken where on Earth it keeps the rule in force.
fn out_of_force(rule: &Rule, facts: &Facts, as_of: Option<Moment>) -> Option<String> {
    let (earliest, latest) = match as_of? {
        Moment::Day(day) => (day, day),
        Moment::Instant(instant) => (day_at(instant, -12), day_at(instant, 14)),
    };
    if let Some(from) = first_day(rule, facts).filter(|from| latest < *from) {
        return Some(format!("the rule applies from {from}"));
    }
    let until = rule.effective_until.filter(|until| earliest > *until)?;
    Some(format!("the rule applied until {until}"))
}

/// The first day on which the rule applies: by the annex of the AI system, the earliest of them while it is unknown.
fn first_day(rule: &Rule, facts: &Facts) -> Option<Date> {
    let annex = facts.text("ai.annex").and_then(|annex| rule.application_from.get(annex));
    let applied = annex.or_else(|| rule.application_from.values().min()).copied();
    applied.max(rule.effective_from)
}

fn day_at(instant: Timestamp, offset: i8) -> Date {
    Offset::constant(offset).to_datetime(instant).date()
}
