//! What was done to which resource: what it was to hit before, what was seen after, and how it is taken back.

use crate::views::badge::Badge;
use crate::views::time::At;
use incident::containment::observation::differences;
use incident::containment::{ActionRecord, ActionState};
use incident::post_incident::timeline::spoken;
use serde_json::Value;

/// How many differences of a resource are shown: the record has all.
const MOST_EFFECTS: usize = 12;

/// How long a value may be before it is cut, in characters: policies are long.
const LONGEST_VALUE: usize = 160;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionLine {
    /// What is done.
    pub title: String,
    /// The name of the action.
    pub action: String,
    /// The resource.
    pub target: String,
    /// Where it lies.
    pub place: String,
    /// Where it stands.
    pub state: Badge,
    /// Whether nothing was seen to protect the resource.
    pub is_open: bool,
    /// Whom it hits, known before.
    pub impact: String,
    /// What was seen to have changed.
    pub effects: Vec<Effect>,
    /// How many more changes there are.
    pub further_effects: usize,
    /// Why it failed, waits or was declined.
    pub reason: Option<String>,
    /// When it was started; `None` for what never ran.
    pub started: Option<At>,
    /// When its effect was seen, and how long that took.
    pub contained: Option<(At, String)>,
    /// When it was taken back.
    pub reversed: Option<At>,
    /// Who asked for that, and why.
    pub reversed_by: Option<String>,
    /// Whether it can be taken back now.
    pub can_be_reversed: bool,
}

/// A change that was read from the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Where in the state of the resource.
    pub at: String,
    /// What was there before.
    pub before: String,
    /// What is there now.
    pub after: String,
}

impl ActionLine {
    /// The command that takes it back, but for the reason.
    pub fn reversal(&self, incident: &str) -> String {
        let (action, target) = (&self.action, crate::views::text::shell_word(&self.target));
        format!("tocsin contain reverse --action {action} --target={target} --incident {incident}")
    }

    /// Every step, what is not contained first.
    pub(super) fn all(actions: &[ActionRecord]) -> Vec<Self> {
        let mut lines: Vec<Self> = actions.iter().map(Self::of).collect();
        lines.sort_by_key(|line| !line.is_open);
        lines
    }

    fn of(record: &ActionRecord) -> Self {
        let ActionRecord { step, state, .. } = record;
        let mut effects = effects(record);
        let further_effects = effects.len().saturating_sub(MOST_EFFECTS);
        effects.truncate(MOST_EFFECTS);
        let has_begun = !matches!(state, ActionState::Withheld | ActionState::Declined);
        let repeated = if step.pass > 1 { " (repeated)" } else { "" };
        Self {
            title: format!("{}{repeated}", step.action.title.trim_end_matches('.')),
            action: step.action.as_str().to_owned(),
            target: step.target.clone(),
            place: format!("{}, {}", step.account, step.region.as_deref().unwrap_or("any region")),
            state: Badge::of_action(*state),
            is_open: record.contained_at.is_none(),
            impact: step.action.impact.clone(),
            effects,
            further_effects,
            reason: record.reason.clone(),
            started: has_begun.then(|| At::of(record.started_at)),
            contained: record.contained_at.map(|at| (At::of(at), spoken(at.duration_since(record.started_at)))),
            reversed: record.reversed_at.map(At::of),
            reversed_by: record.reversed_by.as_ref().map(|asked| format!("{}: {}", asked.by, asked.reason)),
            can_be_reversed: *state == ActionState::Contained && step.action.reversible,
        }
    }
}

fn effects(record: &ActionRecord) -> Vec<Effect> {
    let read = |state: &Option<String>| state.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (Some(before), Some(after)) = (read(&record.before), read(&record.observation)) else { return Vec::new() };
    let found = differences(&before, &after).into_iter();
    let shown =
        |value: String| crate::views::text::cut(if value == "null" { "nothing" } else { &value }, LONGEST_VALUE);
    found.map(|one| Effect { at: one.at, before: shown(one.one), after: shown(one.other) }).collect()
}
