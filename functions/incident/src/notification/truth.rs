//! What the facts say of a condition, in three values: met, not met, unknown.

use super::condition::{Condition, Operator, Truth};
use super::facts::Facts;
use serde_json::Value;

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

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}
