//! What is recorded of a duty on its way: the obligation, its deliveries, and every attempt to decide.

use super::assess::Obligation;
use super::decision::{Decision, DecisionRequest, Refusal, Verdict};
use super::delivery::{ManyPeople, Reports};
use super::facts::{AUTHOR, Facts};
use crate::Digest;
use crate::organisation::Organisation;
use crate::record::{Incident, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a duty stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyState {
    /// A notice is being drafted, reviewed or sent.
    Open,
    /// The organisation has named no recipient for the rule: only counsel turns a rule on.
    NotTurnedOn,
    /// The notice was sent.
    Sent,
    /// Counsel decided that nothing is sent.
    Withheld,
    /// Counsel decided that the duty does not exist.
    NotNotifiable,
    /// A later assessment does not bring it any more, or another incident has taken it over.
    Obsolete,
}

impl DutyState {
    /// Whether nobody has to do anything about it. An obsolete duty is owed again if a later assessment brings it back.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Open | Self::NotTurnedOn => false,
            Self::Sent | Self::Withheld | Self::NotNotifiable | Self::Obsolete => true,
        }
    }

    /// Whether no assessment changes it: it was sent, or counsel has decided.
    pub fn is_final(self) -> bool {
        match self {
            Self::Open | Self::NotTurnedOn | Self::Obsolete => false,
            Self::Sent | Self::Withheld | Self::NotNotifiable => true,
        }
    }
}

/// A duty of one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation, as last assessed.
    pub obligation: Obligation,
    /// The version of the facts that it was assessed from.
    pub facts_version: u32,
    /// Where it stands.
    pub state: DutyState,
    /// When that was last changed.
    pub changed_at: Timestamp,
    /// Why it ended without a notice, in the words of counsel or of the assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// How often it came back after it was obsolete: each time has an execution of its own.
    #[serde(default)]
    pub returns: u32,
}

impl Duty {
    /// Ends it as counsel has decided, unless it has ended before. Most decisions end none.
    pub fn end_by(&mut self, decision: &Decision) {
        let state = match decision.verdict {
            Verdict::Rejected => DutyState::Withheld,
            Verdict::NotNotifiable => DutyState::NotNotifiable,
            Verdict::Approved | Verdict::ChangesRequested | Verdict::Withdrawn => return,
        };
        if self.state == DutyState::Open {
            self.state = state;
            self.changed_at = decision.decided_at;
            self.ended_because = Some(decision.reason.clone());
        }
    }

    /// The name of the execution that sees to it.
    pub fn execution(&self) -> String {
        let name = format!("{}-{}", self.incident, self.obligation.id);
        if self.returns == 0 { name } else { format!("{name}-r{}", self.returns) }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// It was handed to the mail service, and no answer was recorded. It must not be sent again without looking.
    Sending,
    /// The mail service took it; of many people, everybody's was begun.
    Sent,
    /// It is handed in by a person, at the portal of an authority.
    AwaitingSubmission,
}

/// The delivery of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the text.
    pub digest: Digest,
    /// Who it went to, by name.
    pub recipient: String,
    /// Who approved it.
    pub approved_by: String,
    /// When it was approved.
    pub approved_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was handed to the mail service.
    pub sent_at: Timestamp,
    /// The identifier that the mail service gave, or the authority.
    pub reference: Option<String>,
    /// What the mail service reported since.
    #[serde(default)]
    pub reports: Reports,
    /// The people, where it goes to many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub many: Option<ManyPeople>,
    /// Who handed it in, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<String>,
}

/// One attempt to decide, accepted or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// What was asked for.
    pub request: DecisionRequest,
    /// Who asked.
    pub reviewer: String,
    /// When.
    pub at: Timestamp,
    /// Why it was refused; `None` if it was accepted.
    pub refusal: Option<Refusal>,
}

impl Facts {
    /// The facts that the incident now brings and that no person has entered otherwise: what grew since this version.
    pub fn grown(&self, organisation: &Organisation, incident: &Incident) -> BTreeMap<String, Value> {
        let derived = Self::derive(organisation, incident);
        let is_ours =
            |name: &str| self.entries().find(|(known, _)| *known == name).is_none_or(|(_, fact)| fact.author == AUTHOR);
        derived
            .entries()
            .filter(|(name, _)| is_ours(name) && self.known(name) != derived.known(name))
            .map(|(name, fact)| (name.to_owned(), fact.value.clone()))
            .collect()
    }
}
