//! Templates in the parameters of a call: `{subject}`, `{from}`, `{each}`, `{call:/pointer}` …

use super::Source;
use super::pointer::{text, values};
use crate::evidence::EvidenceItem;
use crate::record::IncidentId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
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

/// Where evidence goes.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The evidence account.
    pub account: String,
    /// The region of the vault.
    pub region: String,
    /// The key there that snapshots are copied under.
    pub snapshot_key: String,
    /// What memory is dumped with, if that is set.
    pub memory_tool: Option<MemoryTool>,
}

/// A text that is no ARN of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no ARN of a key")]
pub struct NotAKey;

impl Destination {
    /// Where the key lies that snapshots are copied under: in the evidence account, in the region of the vault. `memory_tool` is as
    /// [`MemoryTool::read`] takes it.
    ///
    /// # Errors
    /// Where the first is no ARN of a key.
    pub fn of_key(snapshot_key: String, memory_tool: &str) -> Result<Self, NotAKey> {
        let mut parts = snapshot_key.split(':').skip(3).map(str::to_owned);
        let (Some(region), Some(account)) = (parts.next(), parts.next()) else { return Err(NotAKey) };
        Ok(Self { account, region, snapshot_key, memory_tool: MemoryTool::read(memory_tool) })
    }
}

/// The tool that memory is dumped with, in a bucket of the evidence account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryTool {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The SHA-256 in hexadecimal, without which it is not run.
    pub sha256: String,
}

impl MemoryTool {
    /// The tool as settings give it: `bucket/key sha256`. `None` where nothing is set.
    pub fn read(setting: &str) -> Option<Self> {
        let (place, sha256) = setting.trim().split_once(' ')?;
        let (bucket, key) = place.split_once('/')?;
        Some(Self { bucket: bucket.to_owned(), key: key.to_owned(), sha256: sha256.trim().to_owned() })
    }
}

/// What a template can name.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The incident.
    pub incident: &'a IncidentId,
    /// The item.
    pub item: &'a EvidenceItem,
    /// The source.
    pub source: &'a Source,
    /// The parts of the subject that the source's pattern names.
    pub parts: &'a BTreeMap<String, String>,
    /// The region that is asked.
    pub region: &'a str,
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// Where evidence goes.
    pub destination: &'a Destination,
    /// The times that logs are read between.
    pub window: Window,
    /// The values that this call is made for, one for each list that it is made of.
    pub each: &'a [Value],
    /// Every answer of earlier calls, by the call's name.
    pub answers: &'a BTreeMap<String, Vec<Value>>,
}

/// A template that names what is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has no value")]
pub struct Unfilled(pub String);

/// The region that signs for the services without regions.
pub(super) fn global_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// What the host names of a partition end with.
pub fn suffix(partition: &str) -> &'static str {
    if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}

impl Known<'_> {
    /// The text with what stands in braces replaced.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn fill(&self, template: &str) -> Result<String, Unfilled> {
        self.fill_as(template, |_, value| value)
    }

    /// The same, with every value written by `write`, which is given the name and the value.
    pub(super) fn fill_as(&self, template: &str, write: impl Fn(&str, String) -> String) -> Result<String, Unfilled> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, following)) = after.split_once('}') else { break };
            filled.push_str(before);
            let value = self.value(name).as_ref().and_then(text).ok_or_else(|| Unfilled(name.to_owned()))?;
            filled.push_str(&write(name, value));
            rest = following;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The same for every text of a parameter. A text `#{…}` becomes the value itself: a number, a switch, a list.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn fill_value(&self, value: &Value) -> Result<Value, Unfilled> {
        Ok(match value {
            Value::String(template) => match template.strip_prefix("#{").and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => self.value(name).ok_or_else(|| Unfilled(name.to_owned()))?,
                None => Value::String(self.fill(template)?),
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

    /// The values of `call:/pointer` in all answers of the call, each once, without those that are empty.
    pub fn all_of(&self, reference: &str) -> Vec<Value> {
        let (reference, filter) = parted(reference);
        let Some((call, pointer)) = reference.split_once(':') else { return Vec::new() };
        let answers = self.answers.get(call).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Value> = Vec::new();
        for value in answers.iter().flat_map(|answer| values(answer, pointer)) {
            let Some(value) = filtered(value.clone(), filter) else { continue };
            if !is_empty(&value) && !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }

    fn value(&self, name: &str) -> Option<Value> {
        let (name, filter) = parted(name);
        let moment = |at: Timestamp, form: &str| at.to_zoned(TimeZone::UTC).strftime(form).to_string();
        let value = match name {
            "subject" => self.item.subject.clone().into(),
            "arn" => self.item.arn.clone()?.into(),
            "account" => self.item.account.clone().into(),
            "region" => self.region.into(),
            "global" => global_region(self.partition).into(),
            "partition" => self.partition.into(),
            "suffix" => suffix(self.partition).into(),
            "incident" => self.incident.as_str().into(),
            "evidence.account" => self.destination.account.clone().into(),
            "evidence.region" => self.destination.region.clone().into(),
            "evidence.snapshot_key" => self.destination.snapshot_key.clone().into(),
            "evidence.tool.bucket" => self.destination.memory_tool.as_ref()?.bucket.clone().into(),
            "evidence.tool.key" => self.destination.memory_tool.as_ref()?.key.clone().into(),
            "evidence.tool.sha256" => self.destination.memory_tool.as_ref()?.sha256.clone().into(),
            "from" => self.window.from.to_string().into(),
            "to" => self.window.to.to_string().into(),
            "from.seconds" => self.window.from.as_second().into(),
            "to.seconds" => self.window.to.as_second().into(),
            "from.millis" => self.window.from.as_millisecond().into(),
            "to.millis" => self.window.to.as_millisecond().into(),
            "from.date" => moment(self.window.from, "%Y-%m-%d").into(),
            "to.date" => moment(self.window.to, "%Y-%m-%d").into(),
            "from.day" => moment(self.window.from, "%Y/%m/%d").into(),
            "to.day" => moment(self.window.to, "%Y/%m/%d").into(),
            "from.hour" => moment(self.window.from, "%Y/%m/%d/%H").into(),
            "to.hour" => moment(self.window.to, "%Y/%m/%d/%H").into(),
            // What is not there has no prefix either, and an empty prefix is one.
            name if name.starts_with("each") => match (self.of_each(name), filter) {
                (Some(value), _) => value,
                (None, "prefix") => Value::String(String::new()),
                (None, _) => return None,
            },
            name => match (self.parts.get(name), self.word(name)) {
                (Some(part), _) => part.clone().into(),
                (None, Some(word)) => self.fill(word).ok()?.into(),
                (None, None) => match self.all_of(name).into_iter().next() {
                    Some(value) => value,
                    None if filter == "prefix" => Value::String(String::new()),
                    None => return None,
                },
            },
        };
        filtered(value, filter).filter(|value| filter == "prefix" || !is_empty(value))
    }

    /// The word of this name for the item's kind.
    fn word(&self, name: &str) -> Option<&str> {
        self.source.words.get(&self.item.kind?)?.get(name).map(String::as_str)
    }

    /// `each`, `each.2`, `each:/pointer`, `each.2:/pointer`.
    fn of_each(&self, name: &str) -> Option<Value> {
        let (which, pointer) = name.split_once(':').unwrap_or((name, ""));
        let place: usize = which.strip_prefix("each.").map_or(Ok(1), str::parse).ok()?;
        let value = self.each.get(place.checked_sub(1)?)?;
        values(value, pointer).into_iter().next().cloned()
    }
}

/// A name and the filter behind it: `call:/pointer|bucket`.
fn parted(name: &str) -> (&str, &str) {
    name.rsplit_once('|').unwrap_or((name, ""))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// What a filter leaves of a value; `None` where it is nothing of the kind.
fn filtered(value: Value, filter: &str) -> Option<Value> {
    if filter.is_empty() {
        return Some(value);
    }
    let text = value.as_str()?;
    Some(match filter {
        "name" => text.rsplit(['/', ':']).next()?.into(),
        "parent" => text.rsplit('/').nth(1)?.rsplit(':').next()?.into(),
        "log-group" => {
            let (_, name) = text.split_once(":log-group:")?;
            name.strip_suffix(":*").unwrap_or(name).into()
        }
        "bucket" => match in_s3(text) {
            Some((bucket, _)) => bucket.into(),
            None if is_bucket_name(text) => text.into(),
            None => return None,
        },
        "prefix" => {
            let key = in_s3(text).map_or(text, |(_, key)| key).trim_matches('/');
            if key.is_empty() { Value::String(String::new()) } else { format!("{key}/").into() }
        }
        _ => return None,
    })
}

/// Bucket and key of `s3://bucket/key` or `arn:aws:s3:::bucket/key`.
fn in_s3(text: &str) -> Option<(&str, &str)> {
    let place = match text.strip_prefix("s3://") {
        Some(place) => place,
        None => text.strip_prefix("arn:").and_then(|arn| arn.split_once(":s3:::"))?.1,
    };
    Some(place.split_once('/').unwrap_or((place, "")))
}

fn is_bucket_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    (3..=63).contains(&text.len()) && text.bytes().all(is_part)
}
