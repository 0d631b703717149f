//! A deadline as the command line shows it: its times, its clock, and how it was counted, in words.

use super::super::condition::{Condition, Operator};
use super::super::counting::Counting;
use super::super::deadline_rule::{DeadlineRule, Unit};
use super::super::facts::Facts;
use super::super::rules::Rules;
use super::{Deadline, Terms, times};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

/// The times of one rule, from its clocks alone: whether anything triggers it is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The rule, or `<OBLIGATION>.<stage>`.
    pub obligation: String,
    /// The time to work to, with the offset of the zone in which it ends; `None` where the law sets none, or no clock has started.
    pub due: Option<String>,
    /// The latest on the reading most favourable to the sender: for legal reviewers only.
    pub due_statutory_latest: Option<String>,
    /// The clock that it was counted from: the rule's own, or what stands in for it.
    pub clock: String,
    /// The limit in the words of the law, and how it was counted or why it was not.
    pub rule: String,
}

impl Rules {
    /// The times of the rule of that name, of a stage of one (`DE-BSIG-32.notification`), or of the answer to a request.
    pub fn times(&self, name: &str, facts: &Facts) -> Option<Times> {
        let terms = Terms::named(name, self)?;
        let deadline = times(&terms, facts, self, 0);
        let counting = terms.deadline.calendar.as_deref().and_then(|calendar| self.counting(calendar));
        let text = |at: Timestamp, offset: Offset| at.display_with_offset(offset).to_string();
        Some(Times {
            due: deadline.due.map(|due| text(due.conservative, due.conservative_offset)),
            due_statutory_latest: deadline.due.map(|due| text(due.statutory_latest, due.latest_offset)),
            clock: deadline.clock.clone().unwrap_or_else(|| terms.deadline.clock.clone()),
            rule: words(&terms.deadline, counting, &deadline),
            obligation: terms.id,
        })
    }
}

fn words(rule: &DeadlineRule, counting: Option<Counting>, deadline: &Deadline) -> String {
    let standard = rule.standard.trim_end_matches('.');
    let limits: Vec<String> = if rule.limits.is_empty() {
        let own = limit(rule.unit, rule.value, &rule.clock);
        let others = rule.alt.iter().map(|other| {
            let clock = other.clock.as_ref().unwrap_or(&rule.clock);
            let other_limit = limit(rule.unit, other.value.or(rule.value), clock);
            format!("{other_limit} where `{}` {}", other.when.fact, expected(&other.when))
        });
        [own].into_iter().chain(others).collect()
    } else {
        rule.limits.iter().map(|each| limit(each.unit, each.value, &each.clock)).collect()
    };
    let limits = limits.join("; ");
    let Some(due) = deadline.due else {
        let why = if rule.limits.is_empty() && rule.unit == Unit::None {
            "the law sets no limit in time".to_owned()
        } else {
            format!("no clock of it has started ({limits})")
        };
        return format!("{standard}. Not counted: {why}.");
    };
    let mut text = format!("{standard}. Counted: {limits}; {}", how(rule, counting));
    if rule.limits.len() > 1 {
        text.push_str("; the earliest of them counts");
    } else if !rule.alt.is_empty() {
        text.push_str("; the earliest of them is worked to, whatever is known of the facts");
    }
    if due.statutory_latest != due.conservative {
        text.push_str("; the latest reading is for legal reviewers only");
    }
    for note in &deadline.notes {
        text.push_str("; ");
        text.push_str(note);
    }
    text.push('.');
    text
}

/// What a fact has to be for an alternative to hold.
fn expected(when: &Condition) -> String {
    match when.op {
        Operator::Eq => format!("is {}", when.value),
        Operator::In | Operator::Ge | Operator::Gt | Operator::Lt | Operator::Contains | Operator::ContainsAny => {
            format!("{} {}", when.op.as_str(), when.value)
        }
    }
}

fn limit(unit: Unit, value: Option<i64>, clock: &str) -> String {
    let number = value.unwrap_or_default();
    let plural = if number == 1 { "" } else { "s" };
    match unit {
        Unit::Hours => format!("{number} hour{plural} from `{clock}`"),
        Unit::CalendarDays => format!("{number} calendar day{plural} from `{clock}`"),
        Unit::BusinessDays => format!("{number} business day{plural} from `{clock}`"),
        Unit::Months => format!("{number} month{plural} from `{clock}`"),
        Unit::SameTime => format!("at the time of `{clock}`"),
        Unit::BeforeEvent => format!("before `{clock}`"),
        Unit::None => format!("no number from `{clock}`"),
    }
}

fn how(rule: &DeadlineRule, counting: Option<Counting>) -> &'static str {
    let units = rule.limits.iter().map(|limit| limit.unit).chain([rule.unit]);
    let Some(unit) = units.into_iter().find(|unit| unit.is_counted()) else {
        return "the event itself is the limit";
    };
    match (unit, counting) {
        (Unit::Hours, Some(Counting::WholeHours)) => {
            "hours run through weekends and holidays, the earlier of elapsed and wall-clock time; the latest leaves out the \
             hour of the event (Reg. 1182/71 Art. 3(1), (3))"
        }
        (_, Some(Counting::DoraNoon)) => {
            "to the hour or the end of the last day; for some entities the latest is noon of the next working day \
             (RTS (EU) 2025/301 Art. 5(4), (5))"
        }
        (Unit::Hours, _) => "hours as they pass, through weekends and holidays",
        (Unit::BusinessDays, Some(Counting::SecBusinessDays)) => {
            "the day of the event is not counted, nor are Saturdays, Sundays and federal holidays; to 17:30 Eastern \
             (Form 8-K General Instruction B.1; Regulation S-T Rule 13)"
        }
        (Unit::BusinessDays, Some(Counting::UsBusinessDays)) => {
            "the day of the event is not counted, nor are Saturdays, Sundays and the nine holidays that states share; the \
             latest leaves out every federal holiday"
        }
        (Unit::BusinessDays, Some(Counting::FederalBusinessDays)) => {
            "the day of the event is not counted, nor are Saturdays, Sundays and federal holidays (5 U.S.C. 6103)"
        }
        (Unit::BusinessDays, Some(Counting::BrazilianBusinessDays)) => {
            "the day of the event is not counted, nor are Saturdays, Sundays and national holidays (Lei 662/1949, Lei \
             6.802/1980, Lei 14.759/2023)"
        }
        (Unit::BusinessDays, _) => "the day of the event is not counted, nor are Saturdays and Sundays",
        (_, Some(Counting::UnionWorkingDay)) => {
            "the day of the event is not counted; to the end of the last day, whatever day it is; the latest ends on a working \
             day (Reg. 1182/71 Art. 3(1), (2), (4), (5))"
        }
        (_, Some(Counting::GermanWorkingDay)) => {
            "the day of the event is not counted; to the end of the last day, whatever day it is; the latest ends on a working \
             day (BGB §§ 187(1), 188, 193)"
        }
        (_, Some(Counting::AustralianWorkingDay)) => {
            "the day of the event is not counted; to the end of the last day, whatever day it is; the latest ends on a working \
             day (Acts Interpretation Act 1901 (Cth) s. 36)"
        }
        (_, Some(Counting::Inclusive)) => {
            "the day of the event is counted as the first, to be safe; the latest does not count it"
        }
        (_, _) => "the day of the event is not counted; to 23:59:59 on the last day, whatever day it is",
    }
}
