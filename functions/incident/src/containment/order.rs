//! What a person has decided to do, apart from what a playbook plans by itself.

use super::{ApprovalId, Step, Wave};
use crate::Digest;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The identifier of an order: `ord-` and 20 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

/// An order identifier that is not of the form `ord-` and 20 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("an order id is `ord-` and 20 lower-case hexadecimal digits")]
pub struct MalformedOrderId;

impl OrderId {
    /// The text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OrderId {
    type Error = MalformedOrderId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_digest_after("ord-", &text) { Ok(Self(text)) } else { Err(MalformedOrderId) }
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether `text` is `prefix` and 20 lower-case hexadecimal digits.
pub(super) fn is_digest_after(prefix: &str, text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(prefix).is_some_and(|digits| digits.len() == 20 && digits.bytes().all(is_digit))
}

/// What a person has decided to do, apart from what a playbook plans by itself. Recorded once, under the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its identifier, a digest of its parts.
    pub id: OrderId,
    /// The incident.
    pub incident: IncidentId,
    /// What is done. Waves run one after the other, the steps of a wave at the same time.
    pub waves: Vec<Vec<Step>>,
    /// Who decided: an ARN.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The approval that it answers; `None` where nothing was asked before.
    pub approval: Option<ApprovalId>,
}

impl Order {
    /// The order of these parts. The same parts are the same order.
    pub fn of(
        incident: IncidentId,
        waves: Vec<Vec<Step>>,
        by: String,
        reason: String,
        at: Timestamp,
        approval: Option<ApprovalId>,
    ) -> Self {
        let mut parts = vec![incident.to_string(), by.clone(), reason.clone(), at.to_string()];
        parts.push(approval.as_ref().map(ToString::to_string).unwrap_or_default());
        for wave in &waves {
            parts.push("wave".to_owned());
            parts.extend(wave.iter().map(|step| step.token(&incident, "order")));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let id = OrderId(format!("ord-{}", Digest::of_parts(&parts).short(20)));
        Self { id, incident, waves, by, reason, at, approval }
    }

    /// What runs, in order: the waves, and last what its action wants repeated, after `repeat_after_seconds`.
    pub fn plan(&self, repeat_after_seconds: u32) -> Vec<Wave> {
        let wave = |steps: &Vec<Step>| Wave { after_seconds: 0, steps: steps.clone() };
        let mut waves: Vec<Wave> = self.waves.iter().filter(|steps| !steps.is_empty()).map(wave).collect();
        let once = self.waves.iter().flatten().filter(|step| step.pass == 1);
        let again =
            |step: &Step| (2..=step.action.passes).map(|pass| Step { pass, ..step.clone() }).collect::<Vec<_>>();
        let repeated: Vec<Step> = once.flat_map(again).collect();
        if !repeated.is_empty() {
            waves.push(Wave { after_seconds: repeat_after_seconds, steps: repeated });
        }
        waves
    }

    /// The name of the execution that carries it out.
    pub fn execution(&self) -> String {
        format!("{}-{}", self.incident, self.id)
    }
}
