//! Templates in the parameters of a call: `{subject}`, `{from}`, `{each}`, `{call:/pointer}` …

use super::pointer::{text, values};
use crate::evidence::EvidenceItem;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The times that logs are read between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub from: Timestamp,
    /// Up to here.
    pub to: Timestamp,
}

/// What a template can name.
#[derive(Debug)]
pub struct Known<'a> {
    /// The incident.
    pub incident: &'a IncidentId,
    /// The item.
    pub item: &'a EvidenceItem,
    /// The region that is asked.
    pub region: &'a str,
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// The times that logs are read between.
    pub window: Window,
    /// The value that this call is made for.
    pub each: Option<&'a str>,
    /// The first pages of earlier calls, by name.
    pub answers: &'a BTreeMap<String, Value>,
}

/// A template that names what is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has no value")]
pub struct Unfilled(pub String);

impl Known<'_> {
    /// The text with what stands in braces replaced.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn fill(&self, template: &str) -> Result<String, Unfilled> {
        self.fill_as(template, |value| value)
    }

    /// The same, with every value written so.
    pub(super) fn fill_as(&self, template: &str, write: impl Fn(String) -> String) -> Result<String, Unfilled> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, following)) = after.split_once('}') else { break };
            filled.push_str(before);
            filled.push_str(&write(self.value(name).ok_or_else(|| Unfilled(name.to_owned()))?));
            rest = following;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The same for every text of a parameter. A text `#{…}` becomes a number.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn fill_value(&self, value: &Value) -> Result<Value, Unfilled> {
        Ok(match value {
            Value::String(template) => match template.strip_prefix('#') {
                Some(number) if number.starts_with('{') => {
                    let filled = self.fill(number)?;
                    filled.parse::<i64>().map(Value::from).map_err(|_| Unfilled(number.to_owned()))?
                }
                _ => Value::String(self.fill(template)?),
            },
            Value::Array(list) => {
                Value::Array(list.iter().map(|member| self.fill_value(member)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Value::Object(self.fill_members(members)?),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    /// The same for every parameter.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn fill_members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, Unfilled> {
        members.iter().map(|(name, value)| Ok((name.clone(), self.fill_value(value)?))).collect()
    }

    /// The values of `call:/pointer`.
    pub fn each_of(&self, reference: &str) -> Vec<String> {
        let Some((call, pointer)) = reference.split_once(':') else { return Vec::new() };
        let found = self.answers.get(call).map(|answer| values(answer, pointer)).unwrap_or_default();
        let mut texts: Vec<String> = Vec::new();
        for value in found.into_iter().filter_map(text) {
            if !texts.contains(&value) {
                texts.push(value);
            }
        }
        texts
    }

    fn value(&self, name: &str) -> Option<String> {
        let subject = &self.item.subject;
        let after = |mark: char| subject.split_once(mark).map(|(_, after)| after.to_owned());
        Some(match name {
            "subject" => subject.clone(),
            // Of `bucket/key`, `cluster/task`, `account:region`.
            "subject.first" => subject.split(['/', ':']).next().unwrap_or(subject).to_owned(),
            "subject.rest" => after('/').or_else(|| after(':'))?,
            // A session is known as `AROA…:name` or `role/name`; its events carry the name alone.
            "subject.last" => subject.rsplit(['/', ':']).next().unwrap_or(subject).to_owned(),
            "account" => self.item.account.clone(),
            "region" => self.region.to_owned(),
            "partition" => self.partition.to_owned(),
            "incident" => self.incident.to_string(),
            "each" => self.each?.to_owned(),
            "each.last" => self.each?.rsplit(['/', ':']).next()?.to_owned(),
            "from" => self.window.from.to_string(),
            "to" => self.window.to.to_string(),
            "from.seconds" => self.window.from.as_second().to_string(),
            "to.seconds" => self.window.to.as_second().to_string(),
            "from.millis" => self.window.from.as_millisecond().to_string(),
            "to.millis" => self.window.to.as_millisecond().to_string(),
            reference => self.each_of(reference).into_iter().next()?,
        })
    }
}
