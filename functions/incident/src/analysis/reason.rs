//! Why a finding is of its category.

use super::{Sign, explain};
use crate::finding::{Category, EntityKind, Finding};
use std::fmt;

/// What a category follows from. Its `Display` is a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// The type is in the table of GuardDuty's types.
    GuardDutyType,
    /// The type is in the table of Macie's types.
    MacieType,
    /// The control is in the table of those whose failure is an exposure.
    Control,
    /// The rule of Config is in the table of those whose breach is an exposure.
    Rule,
    /// The type is in no table; its purpose, the part before the colon, decides.
    Purpose(&'a str),
    /// Neither is its purpose enough; the resource that the type names decides.
    Resource(&'a str),
    /// The first telling entity that the finding names decides.
    Entity(EntityKind),
    /// An entry of the ASFF taxonomy decides.
    Taxonomy(&'a str),
    /// A type of runtime monitoring, which is the same for a machine and for a container on it, and it names a container.
    Container,
    /// The result of a check of settings or versions.
    Check,
    /// What the source read in the document beside the type: an event's own name, a further entry of its taxonomy.
    Source,
    /// Nothing is known of it.
    Nothing,
}

impl<'a> Reason<'a> {
    /// Why `finding` is of its category, worked out from what it keeps of the document. Where that alone would lead to
    /// another category, the source decided.
    pub fn of(finding: &'a Finding) -> Self {
        let types = [finding.kind.as_str()];
        let sign = Sign { kind: &finding.kind, types: &types, is_check: false, entities: &finding.entities };
        match explain(&sign) {
            (category, reason) if category == finding.category => reason,
            _ if finding.category == Category::Misconfiguration => Self::Check,
            _ => Self::Source,
        }
    }

    /// Its name, for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::GuardDutyType => "guardduty-type",
            Self::MacieType => "macie-type",
            Self::Control => "control",
            Self::Rule => "rule",
            Self::Purpose(_) => "purpose",
            Self::Resource(_) => "resource",
            Self::Entity(_) => "entity",
            Self::Taxonomy(_) => "taxonomy",
            Self::Container => "container",
            Self::Check => "check",
            Self::Source => "source",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GuardDutyType => formatter.write_str("the type is in the table of GuardDuty's types"),
            Self::MacieType => formatter.write_str("the type is in the table of Macie's types"),
            Self::Control => formatter.write_str("it is a control whose failure is an exposure"),
            Self::Rule => formatter.write_str("it is a rule of Config whose breach is an exposure"),
            Self::Purpose(purpose) => write!(formatter, "the type is in no table; its purpose `{purpose}` decides"),
            Self::Resource(resource) => {
                write!(formatter, "the type is in no table; the resource that it names, `{resource}`, decides")
            }
            Self::Entity(kind) => {
                write!(formatter, "the type is in no table; the finding names {}, which decides", kind.noun())
            }
            Self::Taxonomy(entry) => write!(formatter, "the entry `{entry}` of its taxonomy decides"),
            Self::Container => {
                formatter.write_str("the type is one of machines and containers, and the finding names a container")
            }
            Self::Check => formatter.write_str("it is the result of a check, and no sign that something happened"),
            Self::Source => formatter.write_str("what its source read in the document beside the type decides"),
            Self::Nothing => formatter.write_str("nothing is known of the type, and no telling resource is named"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::Reason;
    use crate::finding::Finding;
    use crate::sources::translate;
    use serde_json::{Value, json};

    fn finding(document: &Value) -> Finding {
        translate(document).unwrap().remove(0).unwrap()
    }

    #[test]
    fn a_finding_keeps_enough_to_say_why() {
        let native = json!({"id": "1", "type": "Recon:Future/Unheard", "accountId": "111122223333", "severity": 2});
        assert_eq!(Reason::of(&finding(&native)), Reason::Purpose("Recon"));
        let asff = |types: Value, compliance: Value| {
            finding(&json!({
                "SchemaVersion": "2018-10-08", "Id": "1", "AwsAccountId": "111122223333", "Types": types,
                "Compliance": compliance, "ProductArn": "arn:aws:securityhub:eu-central-1::product/example/example",
            }))
        };
        let known = asff(json!(["Effects/Data Exfiltration"]), Value::Null);
        assert_eq!(Reason::of(&known), Reason::Taxonomy("Effects/Data Exfiltration"));
        let second = asff(json!(["Unheard Of", "Effects/Data Exfiltration"]), Value::Null);
        assert_eq!(Reason::of(&second), Reason::Source);
        let check = asff(json!(["Industry Standards"]), json!({"Status": "FAILED"}));
        assert_eq!(Reason::of(&check), Reason::Check);
    }
}
