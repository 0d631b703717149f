//! What is written of each finding.

use super::explanation::Explanation;
use incident::containment::choice::Choice;
use incident::containment::guard::{Guard, Window};
use incident::containment::{Plan, Playbooks, Step};
use incident::finding::Located;
use incident::scope::Verdict;
use incident::sources::Unreadable;
use incident::{Finding, Organisation, Scope};
use jiff::Timestamp;
use serde::Serialize;

/// What a finding is answered from.
pub(super) struct Basis {
    pub(super) playbooks: Playbooks,
    /// The organisation's settings, where they are given.
    pub(super) organisation: Option<Organisation>,
    /// What is protected, and how much runs without a person.
    pub(super) guard: Guard,
    /// Whether answers say why.
    pub(super) explains: bool,
}

/// One finding that was read.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    line: u64,
    ok: bool,
    finding: &'a Finding,
    playbook: &'a str,
    plan: Vec<Planned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// One finding, or one whole document, that was refused.
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    pub(super) line: u64,
    pub(super) ok: bool,
    pub(super) error: &'a Unreadable,
}

/// One step of a plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Planned {
    action: &'static str,
    target: String,
    needs_approval: bool,
}

impl Basis {
    /// What a finding by itself calls for. Nothing is done about a sample or about what its source has closed.
    pub(super) fn answer<'a>(&'a self, line: u64, finding: &'a Finding) -> Answer<'a> {
        let holdings = self.organisation.as_ref().map_or(&[][..], |settings| &settings.data_inventory);
        let located: Vec<Located> = finding.located().collect();
        let choice = self.playbooks.choose(finding.category, &located, holdings);
        let plan = (Scope::none().decide(finding, Timestamp::UNIX_EPOCH) == Verdict::Act)
            .then(|| self.plan(&choice, &located));
        let explanation = self.explains.then(|| Explanation::of(finding, &choice, plan.as_ref()));
        Answer {
            line,
            ok: true,
            finding,
            playbook: &choice.playbook.id,
            plan: plan.as_ref().map(planned).unwrap_or_default(),
            explanation,
        }
    }

    /// Without settings only what the playbook or the action itself withholds needs a person.
    fn plan(&self, choice: &Choice<'_, '_>, located: &[Located]) -> Plan {
        Plan::of(choice.playbook, located, &self.guard, &Window::default(), 0)
    }
}

fn planned(plan: &Plan) -> Vec<Planned> {
    let planned = |step: &Step, needs_approval| Planned {
        action: step.action.as_str(),
        target: step.target.clone(),
        needs_approval,
    };
    let runs = plan.first_passes().map(|step| planned(step, false));
    let waits = plan.withheld.iter().map(|withheld| planned(&withheld.step, true));
    runs.chain(waits).collect()
}
