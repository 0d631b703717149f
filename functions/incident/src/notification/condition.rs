//! The conditions of a rule, as its file writes them.

use super::vocabulary::{FactKind, Vocabulary};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One test of one fact.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The name of the fact.
    pub fact: String,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with.
    #[serde(with = "as_text")]
    pub value: Value,
}

/// How a fact is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal to the value.
    Eq,
    /// One of the listed values.
    In,
    /// At least the value.
    Ge,
    /// More than the value.
    Gt,
    /// Less than the value.
    Lt,
    /// A set that holds the value.
    Contains,
    /// A set that holds at least one of the listed values.
    ContainsAny,
}

/// The outcome of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// The fact is known and meets it.
    Met,
    /// The fact is known and does not meet it.
    NotMet,
    /// The fact is not known.
    Unknown,
}

impl Condition {
    /// What is wrong with this condition; `None` if nothing is.
    pub(crate) fn fault(&self, vocabulary: &Vocabulary) -> Option<String> {
        let Some(row) = vocabulary.fact(&self.fact) else { return Some(format!("there is no fact `{}`", self.fact)) };
        let fits = match self.op {
            Operator::Eq => row.kind != FactKind::Set && vocabulary.refusal(&self.fact, &self.value).is_none(),
            Operator::In => {
                let list = self.value.as_array();
                list.is_some_and(|list| {
                    !list.is_empty() && list.iter().all(|item| vocabulary.refusal(&self.fact, item).is_none())
                })
            }
            Operator::Ge | Operator::Gt | Operator::Lt => row.kind == FactKind::Int && self.value.is_i64(),
            Operator::Contains => {
                let one = Value::Array(vec![self.value.clone()]);
                row.kind == FactKind::Set && vocabulary.refusal(&self.fact, &one).is_none()
            }
            Operator::ContainsAny => row.kind == FactKind::Set && vocabulary.refusal(&self.fact, &self.value).is_none(),
        };
        (!fits).then(|| format!("fact `{}` cannot be compared by `{}` with that value", self.fact, self.op.as_str()))
    }
}

impl Operator {
    /// Its name in the data files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::In => "in",
            Self::Ge => "ge",
            Self::Gt => "gt",
            Self::Lt => "lt",
            Self::Contains => "contains",
            Self::ContainsAny => "contains_any",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Eq => "equal to",
            Self::In => "one of",
            Self::Ge => "at least",
            Self::Gt => "more than",
            Self::Lt => "less than",
            Self::Contains => "a set with",
            Self::ContainsAny => "a set with one of",
        }
    }
}

/// The embedded law is in a form that does not say of a value what it is, so a value is JSON there.
mod as_text {
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::{Error as _, Serialize, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return value.serialize(serializer);
        }
        serde_json::to_string(value).map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        if deserializer.is_human_readable() {
            return Value::deserialize(deserializer);
        }
        serde_json::from_str(<&str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
