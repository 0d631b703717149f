//! The signed document: what is protected, what the business rests on, and how much runs without a person.

use super::{Count, PATH};
use crate::containment::ActionId;
use crate::containment::library::{Parameter, ValueSource};
use crate::finding::{Entity, EntityKind, Located};
use crate::signed::{DocumentError, Period, read_json, refuse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The value of the field `format`.
const FORMAT: &str = "tocsin-containment/1";

/// The document's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardDocument {
    /// `tocsin-containment/1`.
    pub format: String,
    /// Counts up with every document that is signed: an older one is not trusted again.
    pub version: u64,
    /// When it was signed (RFC 3339).
    pub issued_at: String,
    /// Until when its caps count (RFC 3339). What it protects stays protected.
    pub valid_until: String,
    /// Resources that no automatic action may touch, by ARN or by id.
    pub protected: Vec<String>,
    /// Resources that the business rests on: an action on them waits for a person's yes.
    #[serde(default)]
    pub critical: Vec<Critical>,
    /// How many actions run without a person.
    pub caps: Caps,
    /// ARNs of the roles that keep access to what is shut.
    pub responders: Vec<String>,
    /// Values for parameters of documents, by action and parameter.
    #[serde(default)]
    pub actions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Where evidence lies, which is protected whatever the document says: not part of it.
    #[serde(skip)]
    pub evidence: Option<EvidencePlace>,
}

/// Where evidence lies. A finding about it is a reason to look, never to shut its own keepers out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidencePlace {
    /// The evidence account.
    pub account: String,
    /// The vault.
    pub bucket: String,
}

impl EvidencePlace {
    fn holds(&self, found: &Located) -> bool {
        found.account == self.account || is_about(&self.bucket, &found.entity)
    }
}

/// A resource that the business rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// Its ARN or id.
    pub resource: String,
    /// What it serves, such as `checkout`.
    pub serves: String,
}

/// How many actions run without a person. A second pass of the same action is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// In one incident.
    pub incident: usize,
    /// Within an hour, everywhere.
    pub hour: usize,
    /// Within an hour, in one account.
    pub account: usize,
}

impl Caps {
    /// What runs under a document whose time is over: no more than this.
    pub(super) const OF_EXPIRED: Self = Self { incident: 3, hour: 5, account: 5 };

    pub(super) fn objection(&self, already: Count) -> Option<String> {
        [
            (already.incident, self.incident, "an incident"),
            (already.hour, self.hour, "an hour"),
            (already.account, self.account, "an hour in one account"),
        ]
        .into_iter()
        .find(|(already, cap, _)| already >= cap)
        .map(|(_, cap, what)| format!("the cap of {cap} actions {what} is reached"))
    }

    pub(super) fn at_most(self, other: Self) -> Self {
        Self {
            incident: self.incident.min(other.incident),
            hour: self.hour.min(other.hour),
            account: self.account.min(other.account),
        }
    }
}

impl GuardDocument {
    /// Reads a document without a look at signature and time.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let document: Self = read_json(bytes)?;
        if document.format != FORMAT {
            return Err(refuse("format", format!("is not `{FORMAT}`")));
        }
        document.period()?;
        if let Some(at) = document.protected.iter().position(|resource| resource.trim().is_empty()) {
            return Err(refuse(format!("protected[{at}]"), "is empty"));
        }
        if let Some(at) = document.responders.iter().position(|arn| !is_role_arn(arn)) {
            return Err(refuse(format!("responders[{at}]"), "is not the full ARN of a role"));
        }
        for (name, settings) in &document.actions {
            let path = format!("actions.{name}");
            let action = ActionId::named(name).ok_or_else(|| refuse(&path, "is no action"))?;
            if let Some(unknown) = settings.keys().find(|parameter| !action.parameters.contains_key(*parameter)) {
                return Err(refuse(format!("{path}.{unknown}"), "is no parameter of the action"));
            }
        }
        Ok(document)
    }

    /// When it counts.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub fn period(&self) -> Result<Period, DocumentError> {
        Period::read(&self.issued_at, &self.valid_until)
    }

    pub(super) fn objection(&self, found: &Located) -> Option<String> {
        if self.evidence.as_ref().is_some_and(|evidence| evidence.holds(found)) {
            return Some("evidence lies there: to shut it would keep Tocsin from preserving more".to_owned());
        }
        if self.protected.iter().any(|protected| is_about(protected, &found.entity)) {
            return Some("the resource is protected by the organisation's signed settings".to_owned());
        }
        self.serves(found).map(|what| format!("the resource serves {what}"))
    }

    /// A value that the action cannot do without, if nobody has set it.
    pub(super) fn lacks(&self, action: ActionId) -> Option<String> {
        let given = |name: &String| self.actions.get(action.as_str()).is_some_and(|set| set.contains_key(name));
        let needed = |parameter: &Parameter| parameter.from == Some(ValueSource::Settings) && !parameter.has_default;
        let mut missing = action.parameters.iter().filter(|(name, parameter)| needed(parameter) && !given(name));
        missing.next().map(|(name, _)| format!("`{PATH}` has no `actions.{action}.{name}`"))
    }

    pub(super) fn serves(&self, found: &Located) -> Option<&str> {
        let critical = self.critical.iter().find(|critical| is_about(&critical.resource, &found.entity));
        critical.map(|critical| critical.serves.as_str())
    }
}

/// Whether a line of the document names this entity, or what it lies in.
fn is_about(listed: &str, entity: &Entity) -> bool {
    let within = |listed: &str| {
        entity.kind == EntityKind::Object && entity.id.strip_prefix(listed).is_some_and(|rest| rest.starts_with('/'))
    };
    let name =
        listed.strip_prefix("arn:").and_then(|arn| arn.split_once(":s3:::")).map_or(listed, |(_, bucket)| bucket);
    *listed == entity.id || entity.arn.as_deref() == Some(listed) || is_named_by(listed, entity) || within(name)
}

/// Whether an ARN ends in this entity's id: not every format of findings gives the ARN. A wrong hit only asks a person.
fn is_named_by(arn: &str, entity: &Entity) -> bool {
    arn.starts_with("arn:") && arn.strip_suffix(&entity.id).is_some_and(|rest| rest.ends_with([':', '/']))
}

fn is_role_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let service = parts.nth(2);
    let resource = parts.nth(2);
    text.starts_with("arn:")
        && service == Some("iam")
        && resource.is_some_and(|name| name.starts_with("role/") && !name.contains('*'))
}
