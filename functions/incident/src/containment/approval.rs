//! The containment approval: steps that do not run by themselves, and the one decision of a person about them.

use super::order::is_digest_after;
use super::plan::Withheld;
use super::{Order, Playbook, Step};
use crate::Digest;
use crate::fault::Failure;
use crate::record::IncidentId;
use crate::records::{Key, Records, WaitingApproval};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// How many steps one approval asks for. An item of the table holds 400 KB, and nobody weighs more at once.
pub const MOST_STEPS: usize = 400;

/// The identifier of an approval: `apr-` and 20 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApprovalId(String);

/// An approval identifier that is not of the form `apr-` and 20 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("an approval id is `apr-` and 20 lower-case hexadecimal digits")]
pub struct MalformedApprovalId;

impl ApprovalId {
    /// The text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ApprovalId {
    type Error = MalformedApprovalId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_digest_after("apr-", &text) { Ok(Self(text)) } else { Err(MalformedApprovalId) }
    }
}

impl From<ApprovalId> for String {
    fn from(id: ApprovalId) -> Self {
        id.0
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A step that a person is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedStep {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Why it does not run by itself.
    pub reason: String,
    /// Whom it hits.
    pub impact: String,
}

impl AskedStep {
    /// Asks for this step, which waits for this reason.
    pub fn of(step: Step, reason: String) -> Self {
        let impact = step.action.impact.clone();
        Self { step, reason, impact }
    }
}

/// Steps that wait for a person, or were decided about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its identifier, a digest of the incident and the steps: the same steps are asked for once.
    pub id: ApprovalId,
    /// The incident.
    pub incident: IncidentId,
    /// What is asked for. Waves run one after the other, the steps of a wave at the same time.
    pub waves: Vec<Vec<AskedStep>>,
    /// When it was asked for first.
    pub requested_at: Timestamp,
    /// The ARN of whoever ordered the steps by hand; `None` where a playbook asks.
    pub requested_by: Option<String>,
    /// How often people were asked.
    pub asked: u32,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What a person decided. Taken once; only [`Approval::decide`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// The steps that are done.
    pub approved: Vec<Step>,
    /// The steps that are not.
    pub declined: Vec<Step>,
    /// Who decided: an ARN.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What a person asks to be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What is approved. What it does not name is declined.
    pub approve: Chosen,
    /// Why; needed for every decision.
    pub reason: String,
}

/// Which steps of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Chosen {
    /// All of them.
    Every(Every),
    /// These, counted from 1 through all waves.
    Steps(BTreeSet<usize>),
}

/// The word for all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Every {
    /// All of them.
    All,
}

impl Chosen {
    /// Whether it names any step.
    pub fn is_any(&self) -> bool {
        match self {
            Self::Every(Every::All) => true,
            Self::Steps(steps) => !steps.is_empty(),
        }
    }

    fn has(&self, number: usize) -> bool {
        match self {
            Self::Every(Every::All) => true,
            Self::Steps(steps) => steps.contains(&number),
        }
    }
}

/// One attempt to answer an approval. A refusal is recorded like a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The incident.
    pub incident: IncidentId,
    /// The approval.
    pub approval: ApprovalId,
    /// What was sent.
    pub request: DecisionRequest,
    /// Who sent it: an ARN.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why it was refused; `None` if it was not.
    pub refusal: Option<Refusal>,
}

/// Why a decision was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A decision is final. What was declined can still be ordered by hand.
    #[error("this approval was already decided about, in another way")]
    AlreadyDecided,
    /// Whoever asked for something does not approve it.
    #[error("whoever asked for these steps cannot approve them; someone else has to decide")]
    ApproverIsRequester,
    /// The report has to show why.
    #[error("a decision needs a reason")]
    ReasonMissing,
    /// There is no step of this number.
    #[error("there is no step of this number; steps are counted from 1")]
    NoSuchStep,
}

impl Refusal {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyDecided => "already-decided",
            Self::ApproverIsRequester => "approver-is-requester",
            Self::ReasonMissing => "reason-missing",
            Self::NoSuchStep => "no-such-step",
        }
    }
}

impl Approval {
    /// Asks for these steps. `requested_by` is the ARN of whoever ordered them by hand.
    pub fn of(incident: IncidentId, waves: Vec<Vec<AskedStep>>, requested_by: Option<String>, at: Timestamp) -> Self {
        let steps = waves.iter().flatten().map(|asked| asked.step.token(&incident, "approve"));
        let steps: BTreeSet<String> = steps.collect();
        let parts: Vec<&str> = [incident.as_str()].into_iter().chain(steps.iter().map(String::as_str)).collect();
        let id = ApprovalId(format!("apr-{}", Digest::of_parts(&parts).short(20)));
        Self { id, incident, waves, requested_at: at, requested_by, asked: 0, decision: None }
    }

    /// Asks for what a plan withholds, in the order of the playbook's waves, [`MOST_STEPS`] at a time.
    pub fn of_withheld(incident: &IncidentId, playbook: &Playbook, withheld: &[Withheld], at: Timestamp) -> Vec<Self> {
        let wave_of = |held: &Withheld| playbook.waves.iter().position(|wave| wave.contains(&held.step.action));
        let mut ordered: Vec<&Withheld> = withheld.iter().collect();
        ordered.sort_by_key(|held| wave_of(held).unwrap_or(playbook.waves.len()));
        let approvals = ordered.chunks(MOST_STEPS).map(|held| {
            let waves = held.chunk_by(|one, other| wave_of(one) == wave_of(other));
            let asked = |held: &&Withheld| AskedStep::of(held.step.clone(), held.reason.clone());
            let waves = waves.map(|wave| wave.iter().map(asked).collect()).collect();
            Self::of(incident.clone(), waves, None, at)
        });
        approvals.collect()
    }

    /// The steps, in the order in which they are numbered.
    pub fn steps(&self) -> impl Iterator<Item = &AskedStep> {
        self.waves.iter().flatten()
    }

    /// Decides, once, and keeps the decision. The same decision again answers the first.
    ///
    /// # Errors
    /// Another decision, an approval by whoever asked, a decision without a reason or about a step that is not asked for.
    pub fn decide(&mut self, request: &DecisionRequest, by: &str, at: Timestamp) -> Result<Decision, Refusal> {
        if let Chosen::Steps(numbers) = &request.approve
            && !numbers.iter().all(|number| (1..=self.steps().count()).contains(number))
        {
            return Err(Refusal::NoSuchStep);
        }
        let (approved, declined): (Vec<_>, Vec<_>) =
            self.steps().enumerate().partition(|(place, _)| request.approve.has(place + 1));
        let steps = |asked: Vec<(usize, &AskedStep)>| asked.into_iter().map(|(_, asked)| asked.step.clone()).collect();
        let (approved, declined): (Vec<Step>, Vec<Step>) = (steps(approved), steps(declined));
        if let Some(decision) = &self.decision {
            let is_same = decision.approved == approved && decision.by == by && decision.reason == request.reason;
            return if is_same { Ok(decision.clone()) } else { Err(Refusal::AlreadyDecided) };
        }
        // What a person asked for, the same person may take back, but not approve.
        if !approved.is_empty() && self.is_requester(by) {
            return Err(Refusal::ApproverIsRequester);
        }
        if request.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        let decision = Decision { approved, declined, by: by.to_owned(), reason: request.reason.clone(), at };
        self.decision = Some(decision.clone());
        Ok(decision)
    }

    /// IAM takes names that differ only by case as one, so this does too; nobody at all counts as the requester.
    fn is_requester(&self, by: &str) -> bool {
        let by = by.trim();
        by.is_empty() || self.requested_by.as_ref().is_some_and(|asked| asked.trim().eq_ignore_ascii_case(by))
    }

    /// The order that the decision gives; `None` as long as nothing was approved.
    pub fn order(&self) -> Option<Order> {
        let decision = self.decision.as_ref().filter(|decision| !decision.approved.is_empty())?;
        let approved = |wave: &Vec<AskedStep>| -> Vec<Step> {
            let steps = wave.iter().map(|asked| asked.step.clone());
            steps.filter(|step| decision.approved.contains(step)).collect()
        };
        let waves = self.waves.iter().map(approved).filter(|wave| !wave.is_empty()).collect();
        let Decision { by, reason, at, .. } = decision.clone();
        Some(Order::of(self.incident.clone(), waves, by, reason, at, Some(self.id.clone())))
    }

    /// What the execution that waits is told; `None` as long as nothing was decided.
    pub fn answer(&self) -> Option<Value> {
        let decision = self.decision.as_ref()?;
        let order = self.order().map(|order| order.id);
        Some(json!({"approved": order.is_some(), "order": order, "declined": decision.declined.len()}))
    }
}

/// Puts an approval among those that wait, unless it was there before.
///
/// # Errors
/// What the table answers.
pub async fn ask(records: &impl Records, approval: &Approval) -> Result<(), Failure> {
    let Approval { id, incident, requested_at, .. } = approval;
    let (kept, _) = records.create(&Key::approval(incident, id), approval).await?;
    if kept.decision.is_none() {
        let waiting = WaitingApproval {
            incident: incident.clone(),
            approval: id.clone(),
            requested_at: *requested_at,
            steps: approval.steps().count(),
        };
        records.create(&Key::waiting_approval(incident, id), &waiting).await?;
    }
    Ok(())
}
