//! Why a finding is answered as it is: a name for programs and a sentence for people at every turn.

use incident::analysis::Reason;
use incident::containment::choice::Choice;
use incident::containment::{Plan, Step};
use incident::{Category, Finding};
use serde::Serialize;
use std::fmt::Display;

/// Why this category, this playbook, and each step; or why there is none.
#[derive(Serialize)]
pub(super) struct Explanation {
    category: Because,
    playbook: Because,
    /// In the order of the plan.
    plan: Vec<StepBecause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing_planned: Option<Because>,
}

/// A reason.
#[derive(Serialize)]
struct Because {
    reason: &'static str,
    text: String,
}

/// The reason for a step.
#[derive(Serialize)]
struct StepBecause {
    action: &'static str,
    target: String,
    #[serde(flatten)]
    because: Because,
}

impl Because {
    fn of(reason: &'static str, text: impl Display) -> Self {
        Self { reason, text: text.to_string() }
    }
}

impl Explanation {
    /// The explanation of an answer; without a plan where none was made.
    pub(super) fn of(finding: &Finding, choice: &Choice<'_, '_>, plan: Option<&Plan>) -> Self {
        let category = Reason::of(finding);
        let steps: Vec<StepBecause> = plan.map(|plan| steps_of(choice, plan)).unwrap_or_default();
        let nothing_planned = steps.is_empty().then(|| nothing_planned(finding, choice));
        Self {
            category: Because::of(category.as_str(), format!("`{}`: {category}", finding.category)),
            playbook: Because::of(choice.reason.as_str(), choice.reason),
            plan: steps,
            nothing_planned,
        }
    }
}

fn steps_of(choice: &Choice<'_, '_>, plan: &Plan) -> Vec<StepBecause> {
    let because =
        |step: &Step, because| StepBecause { action: step.action.as_str(), target: step.target.clone(), because };
    let runs = plan.first_passes().map(|step| because(step, called_for(choice, step)));
    let waits = plan.withheld.iter().map(|held| because(&held.step, Because::of("waits-for-person", &held.reason)));
    runs.chain(waits).collect()
}

fn called_for(choice: &Choice<'_, '_>, step: &Step) -> Because {
    let waves = &choice.playbook.waves;
    let wave = waves.iter().position(|wave| wave.contains(&step.action)).map_or(0, |place| place + 1);
    let again = if step.action.passes > 1 { ", and again after a while" } else { "" };
    let text = format!(
        "the finding names {}, on which wave {wave} of {} of the playbook calls for this{again}",
        step.action.target.noun(),
        waves.len(),
    );
    Because::of("called-for", text)
}

fn nothing_planned(finding: &Finding, choice: &Choice<'_, '_>) -> Because {
    let playbook = &choice.playbook.id;
    if finding.sample {
        return Because::of("sample", "it is a sample that AWS generated: recorded, never acted on");
    }
    if finding.archived {
        return Because::of("archived", "its source has archived, suppressed or resolved it: recorded, never acted on");
    }
    if choice.category == Category::Misconfiguration {
        return Because::of("posture", "it says how something is set up, not that something happened");
    }
    if choice.category == Category::Unclassified {
        return Because::of("unclassified", "nobody has classified it, so a person decides");
    }
    if choice.playbook.waves.is_empty() {
        return Because::of("no-action", format!("playbook `{playbook}` has no actions: a person decides"));
    }
    let mut kinds: Vec<&str> = choice.playbook.waves.iter().flatten().map(|action| action.target.noun()).collect();
    kinds.dedup();
    let kinds = kinds.join(" or ");
    Because::of("no-target", format!("playbook `{playbook}` acts on {kinds}, and the finding names none"))
}
