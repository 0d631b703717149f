//! Finding sources: whatever AWS sends becomes a [`Finding`], or is refused with a code and a JSON path.
//!
//! One folder a source holds its translation, its EventBridge pattern and its fixtures. This file only finds out who
//! claims a document, through whatever it was wrapped in on its way.

mod access_analyzer;
mod arn;
mod cloudtrail;
mod cloudwatch;
mod config;
mod entities;
mod guardduty;
mod guardduty_scan;
mod inspector;
mod macie;
mod moment;
mod node;
mod resource_type;
mod securityhub_asff;
mod securityhub_ocsf;
mod severity;
mod threat;
mod unclassified;
mod unreadable;

pub use unreadable::{Code, Unreadable};

use crate::finding::Finding;
use jiff::Timestamp;
use node::Node;
use serde_json::Value;
use std::borrow::Cow;

/// The size of a document, in bytes, above which it is refused: the largest message that SQS delivers is 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The nesting above which a document is refused: the limit of `serde_json`. Real findings stay below 20.
pub const MAX_DEPTH: usize = 127;

/// How often a finding may be wrapped: in a queue's record, in a topic's message, in a list, in an event.
const MAX_WRAPPINGS: usize = 6;

/// The length, in bytes, above which what an event calls its account or its region is neither.
const MAX_SCOPE: usize = 64;

/// One document's findings, each read or refused on its own.
pub type Translated = Vec<Result<Finding, Unreadable>>;

/// Reads the findings of one document in JSON text.
///
/// # Errors
/// As [`translate`]; also where the text is too large, nested too deep, or no JSON.
pub fn read(text: &[u8]) -> Result<Translated, Unreadable> {
    translate(&parse(text, || "$".to_owned())?)
}

/// Translates the findings of one document: an EventBridge event, a bare finding, a list of them, an API response, or one
/// of these inside an SQS or SNS message. A finding that cannot be read does not keep the others of its event from it.
///
/// # Errors
/// [`Unreadable`] when the document as a whole is not one of these, or is an empty list of them.
pub fn translate(document: &Value) -> Result<Translated, Unreadable> {
    let mut findings = Vec::new();
    open(&Node::root(document), &Envelope::default(), MAX_WRAPPINGS, &mut findings)?;
    if findings.is_empty() {
        return Err(Code::NotAFinding.of_document());
    }
    Ok(findings)
}

/// What an event says about the findings in it. The finding's own word goes first: an administrator account's events
/// carry the findings of its members.
#[derive(Clone, Default)]
pub(crate) struct Envelope<'v> {
    pub(crate) id: Option<&'v str>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) account: Option<Cow<'v, str>>,
    pub(crate) region: Option<&'v str>,
    pub(crate) source: Option<&'v str>,
    pub(crate) kind: Option<&'v str>,
}

/// One source: how its documents are known, and how each of its findings is translated.
pub(crate) struct Source {
    /// The detail types of its events.
    detail_types: &'static [&'static str],
    /// The member of an event's detail that lists its findings; `None` where the detail is the finding.
    list: Option<&'static str>,
    /// Whether a document without an event around it is a finding of this source.
    claims: fn(&Node<'_, '_>) -> bool,
    /// Translates one finding.
    translate: fn(&Node<'_, '_>, &Envelope<'_>) -> Result<Finding, Unreadable>,
}

/// Every source, the one with the most telling form first: OCSF and ASFF carry the findings of all others.
const SOURCES: [&Source; 11] = [
    &securityhub_ocsf::SOURCE,
    &securityhub_asff::SOURCE,
    &macie::SOURCE,
    &inspector::SOURCE,
    &access_analyzer::SOURCE,
    &config::SOURCE,
    &securityhub_asff::INSIGHT,
    &cloudtrail::SOURCE,
    &guardduty_scan::SOURCE,
    &cloudwatch::SOURCE,
    &guardduty::SOURCE,
];

/// The source that claims a document which stands without an event.
fn source_of(document: &Node<'_, '_>) -> Option<&'static Source> {
    SOURCES.into_iter().find(|source| (source.claims)(document))
}

/// Takes one wrapping off, or translates what has none.
fn open(
    document: &Node<'_, '_>,
    envelope: &Envelope<'_>,
    wrappings: usize,
    findings: &mut Translated,
) -> Result<(), Unreadable> {
    let Some(wrappings) = wrappings.checked_sub(1) else {
        return Err(document.refused(Code::TooDeep, "the finding is wrapped more often than any AWS service wraps one"));
    };
    if let Some(text) = document.value().and_then(Value::as_str) {
        let held = parse(text.as_bytes(), || document.path())?;
        return open(&document.unwrapped(&held), envelope, wrappings, findings);
    }
    if document.is_list() {
        each(document, envelope, wrappings, findings);
        return Ok(());
    }
    if is_event(document) {
        return event(document, wrappings, findings);
    }
    if let Some(source) = source_of(document) {
        findings.push((source.translate)(document, envelope));
        return Ok(());
    }
    // `Records` and `Messages` come from SQS, `Sns` and `Message` from SNS, `Findings` from the APIs of the services.
    for list in ["Records", "Messages", "Findings"] {
        if document.get(list).is_list() {
            each(&document.get(list), envelope, wrappings, findings);
            return Ok(());
        }
    }
    for wrapped in ["body", "Sns", "Message"] {
        let within = document.get(wrapped);
        if within.is_object() || within.text().is_some_and(|text| text.starts_with(['{', '['])) {
            return open(&within, envelope, wrappings, findings);
        }
    }
    // Beside others in one event, the document is not what the event's id stands for.
    findings.push(Ok(unclassified::of(document, &Envelope { id: None, ..envelope.clone() })?));
    Ok(())
}

/// Opens every element of a list; one that is refused as a whole is one refusal among the findings.
fn each(list: &Node<'_, '_>, envelope: &Envelope<'_>, wrappings: usize, findings: &mut Translated) {
    for element in list.items() {
        if let Err(refusal) = open(&element, envelope, wrappings, findings) {
            findings.push(Err(refusal));
        }
    }
}

/// Whether this is an EventBridge event, or an entry that was put on a bus (`DetailType`).
fn is_event(document: &Node<'_, '_>) -> bool {
    document.get("detail-type").exists()
        || document.get("DetailType").exists()
        || (document.get("detail").exists() && document.get("source").exists())
}

/// Translates the findings of an EventBridge event. Its detail type says what it holds; where it is missing or new, the
/// detail itself does.
fn event(event: &Node<'_, '_>, wrappings: usize, findings: &mut Translated) -> Result<(), Unreadable> {
    let envelope = Envelope {
        id: event.get("id").text(),
        time: event.get("time").moment(),
        // Each finding of the event gets a copy of these.
        account: event.get("account").name().filter(|account| account.len() <= MAX_SCOPE),
        region: event.get("region").text().filter(|region| region.len() <= MAX_SCOPE),
        source: event.get("source").text().filter(|source| source.len() <= MAX_SCOPE),
        kind: event.get("detail-type").text().or_else(|| event.get("DetailType").text()),
    };
    let detail = event.get("detail");
    let held =
        detail.value().and_then(Value::as_str).map(|text| parse(text.as_bytes(), || detail.path())).transpose()?;
    let detail = held.as_ref().map_or(detail, |held| detail.unwrapped(held));
    let named = envelope.kind.and_then(|kind| SOURCES.into_iter().find(|source| source.detail_types.contains(&kind)));
    let Some(source) = named.or_else(|| source_of(&detail)) else {
        if detail.get("findings").items().next().is_some() {
            each(&detail.get("findings"), &envelope, wrappings, findings);
        } else {
            findings.push(Ok(unclassified::of(event, &envelope)?));
        }
        return Ok(());
    };
    if !detail.is_object() {
        return Err(detail.refused_as_identity());
    }
    let Some(list) = source.list else {
        findings.push((source.translate)(&detail, &envelope));
        return Ok(());
    };
    let list = detail.get(list);
    let before = findings.len();
    findings.extend(list.items().map(|finding| (source.translate)(&finding, &envelope)));
    if findings.len() == before { Err(list.refused_as_identity()) } else { Ok(()) }
}

/// Parses JSON text that came from outside.
fn parse(text: &[u8], path: impl Fn() -> String) -> Result<Value, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Code::TooLarge.at(path(), format!("the document is larger than {MAX_BYTES} bytes")));
    }
    // Checked as a whole, UTF-8 costs a fraction of what the parser takes to check it string by string.
    let parsed = match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(text),
    };
    parsed.map_err(|error| {
        // The parser stops at the limit, but does not say that it was the limit.
        if is_too_deep(text) {
            return Code::TooDeep.at(path(), format!("the document is nested deeper than {MAX_DEPTH} levels"));
        }
        let (line, column) = (error.line(), error.column());
        Code::InvalidJson.at(path(), format!("this is not JSON: see line {line}, column {column}"))
    })
}

/// Whether JSON text is nested deeper than [`MAX_DEPTH`].
fn is_too_deep(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut is_string = false;
    let mut is_escaped = false;
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The first region that is one: global services write none, or a word for it.
fn region<'v>(candidates: impl IntoIterator<Item = Option<&'v str>>) -> Option<String> {
    let is_region = |region: &&str| !region.is_empty() && !matches!(*region, "global" | "aws-global" | "null");
    candidates.into_iter().flatten().find(is_region).map(str::to_owned)
}

/// Whether a title carries the mark that AWS gives to the samples it generates.
fn is_marked_sample(title: &str) -> bool {
    title.starts_with("[SAMPLE]")
}
