//! The conditions of a rule, in three values: met, not met, unknown.

use super::facts::Facts;
use super::vocabulary::{FactKind, Vocabulary};
use serde::Deserialize;
use serde_json::Value;

/// One test of one fact.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The name of the fact.
    pub fact: String,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with.
    pub value: Value,
}

/// How a fact is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
    /// Compares the fact. A value of the wrong type counts as unknown, so it can trigger a duty but never end one.
    pub fn test(&self, facts: &Facts) -> Truth {
        let Some(known) = facts.known(&self.fact) else { return Truth::Unknown };
        let met = match self.op {
            Operator::Eq => same_type(known, &self.value).then(|| known == &self.value),
            Operator::In => self.value.as_array().map(|list| list.contains(known)),
            Operator::Ge => self.compare(known, |fact, limit| fact >= limit),
            Operator::Gt => self.compare(known, |fact, limit| fact > limit),
            Operator::Lt => self.compare(known, |fact, limit| fact < limit),
            Operator::Contains => known.as_array().map(|set| set.contains(&self.value)),
            Operator::ContainsAny => {
                known.as_array().zip(self.value.as_array()).map(|(set, any)| any.iter().any(|item| set.contains(item)))
            }
        };
        match met {
            Some(true) => Truth::Met,
            Some(false) => Truth::NotMet,
            None => Truth::Unknown,
        }
    }

    fn compare(&self, known: &Value, by: impl Fn(i64, i64) -> bool) -> Option<bool> {
        Some(by(known.as_i64()?, self.value.as_i64()?))
    }

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

    /// Why this condition counts, for a reviewer.
    pub(crate) fn reason(&self, facts: &Facts) -> String {
        match self.test(facts) {
            Truth::Met => format!("`{}` is {}", self.fact, facts.known(&self.fact).unwrap_or(&Value::Null)),
            Truth::NotMet => format!("`{}` is not {} {}", self.fact, self.op.words(), self.value),
            Truth::Unknown => match self.op {
                Operator::Ge | Operator::Gt => {
                    format!("`{}` is unknown, so it counts as above every threshold", self.fact)
                }
                Operator::Eq | Operator::In | Operator::Lt | Operator::Contains | Operator::ContainsAny => {
                    format!("`{}` is unknown, so it counts as {} {}", self.fact, self.op.words(), self.value)
                }
            },
        }
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

    fn words(self) -> &'static str {
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

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}
