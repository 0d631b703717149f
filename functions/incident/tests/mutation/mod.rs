//! What can happen to a document on its way here: members lost, renamed, retyped, repeated, stretched, nested, and bytes
//! damaged. Strategies of proptest, so that a document that breaks translation is shrunk to the few mutations that matter.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// One change to a document, at a place that is chosen among those that the document then has.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// The value is gone.
    Delete(Index),
    /// The value is another.
    Replace(Index, Value),
    /// The value of one place also stands at another: one source's block under the name of another's.
    Graft(Index, Index),
    /// A member has another name.
    Rename(Index, String),
    /// The value lies this many lists or objects deeper.
    Nest(Index, usize, bool),
    /// The value is JSON in a string.
    Quote(Index),
    /// A string is this long.
    Stretch(Index, usize),
    /// A list has its first element this often; any other value becomes a list of itself.
    Repeat(Index, usize),
}

/// One change to the text of a document.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    /// The rest is missing.
    Truncate(Index),
    /// Bytes are others, mostly such as no UTF-8 text has.
    Overwrite(Index, Vec<u8>),
    /// Bytes stand between.
    Insert(Index, Vec<u8>),
    /// A part is missing.
    Cut(Index, Index),
}

/// Names that one source or another looks up, in the cases that are looked up.
const NAMES: [&str; 40] = [
    "detail",
    "detail-type",
    "source",
    "findings",
    "Findings",
    "Records",
    "body",
    "Message",
    "class_uid",
    "finding_info",
    "finding",
    "Id",
    "id",
    "uid",
    "arn",
    "Arn",
    "type",
    "Type",
    "Types",
    "AwsAccountId",
    "accountId",
    "account",
    "region",
    "severity",
    "Severity",
    "score",
    "title",
    "resource",
    "resources",
    "Resources",
    "resourcesAffected",
    "service",
    "time",
    "createdAt",
    "updatedAt",
    "name",
    "key",
    "data",
    "",
    "\u{1F5DD}",
];

/// Texts that translation looks at more closely.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "null",
    "[]",
    "{\"sample\":true}",
    "arn:",
    "arn:aws:s3:::",
    "arn:aws:s3:::a/b/c",
    "arn:aws:sts::1:assumed-role/a/i-0123456789abcdef0",
    "arn:aws:iam::111122223333:user/",
    "AROAX:i-0123456789abcdef0",
    "A:B/C",
    "1e308",
    "9999-99-99T99:99:99Z",
    "::",
    "\u{202E}\u{0000}\u{FFFF}",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![
            json!(null),
            json!(true),
            json!("true"),
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1e300),
            json!(-1e-300),
            json!(2.5),
            json!([]),
            json!({}),
            json!([[]]),
            json!([null]),
            json!({"": {}}),
        ]),
        select(&TEXTS[..]).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ]
}

/// Any mutation.
pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    let name = prop_oneof![select(&NAMES[..]).prop_map(str::to_owned), "[a-zA-Z_]{0,6}"];
    prop_oneof![
        4 => place().prop_map(Mutation::Delete),
        4 => (place(), leaf()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        3 => (place(), place()).prop_map(|(from, to)| Mutation::Graft(from, to)),
        3 => (place(), name).prop_map(|(at, name)| Mutation::Rename(at, name)),
        1 => (place(), 1_usize..140, any::<bool>()).prop_map(|(at, depth, is_list)| Mutation::Nest(at, depth, is_list)),
        1 => place().prop_map(Mutation::Quote),
        2 => (place(), 1_usize..20_000).prop_map(|(at, length)| Mutation::Stretch(at, length)),
        2 => (place(), 2_usize..120).prop_map(|(at, times)| Mutation::Repeat(at, times)),
    ]
}

/// Any damage.
pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    let bytes = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..6),
            // Beyond Unicode, half of a pair, too long for what it says, a lone continuation.
            select(vec![vec![0xF4, 0x90, 0x80, 0x80], vec![0xED, 0xA0, 0x80], vec![0xC0, 0xAF], vec![0x80]]),
            select(vec![&b"\\ud800"[..], b"\\u0000", b"\"", b"\\", b"{", b"]", b"\xEF\xBB\xBF", b"1e999"])
                .prop_map(<[u8]>::to_vec),
        ]
    };
    prop_oneof![
        place().prop_map(Damage::Truncate),
        (place(), bytes()).prop_map(|(at, bytes)| Damage::Overwrite(at, bytes)),
        (place(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (place(), place()).prop_map(|(from, to)| Damage::Cut(from, to)),
    ]
}

/// Applies one mutation. One that does not fit where it falls changes nothing.
pub(crate) fn mutate(document: &mut Value, mutation: &Mutation) {
    match mutation {
        Mutation::Delete(at) => {
            if let Some((parent, key)) = parent_of(document, at) {
                take(parent, &key);
            }
        }
        Mutation::Replace(at, value) => set(document, at, |_| value.clone()),
        Mutation::Graft(from, to) => {
            let Some(value) = document.pointer(&chosen(document, from)).cloned() else { return };
            set(document, to, |_| value);
        }
        Mutation::Rename(at, name) => {
            if let Some((parent, key)) = parent_of(document, at)
                && let Some(value) = take(parent, &key)
                && let Some(members) = parent.as_object_mut()
            {
                members.insert(name.clone(), value);
            }
        }
        Mutation::Nest(at, depth, is_list) => set(document, at, |value| nested(value, *depth, *is_list)),
        Mutation::Quote(at) => set(document, at, |value| Value::String(value.to_string())),
        Mutation::Stretch(at, length) => set(document, at, |value| {
            let text = value.as_str().map(|text| stretched(text, *length));
            text.map_or(value, Value::String)
        }),
        Mutation::Repeat(at, times) => set(document, at, |value| repeated(value, *times)),
    }
}

/// Applies one damage.
pub(crate) fn deface(text: &mut Vec<u8>, damage: &Damage) {
    match damage {
        Damage::Truncate(at) => text.truncate(at.index(text.len() + 1)),
        Damage::Overwrite(at, bytes) => {
            let start = at.index(text.len() + 1);
            let end = text.len().min(start + bytes.len());
            text.splice(start..end, bytes.iter().copied());
        }
        Damage::Insert(at, bytes) => {
            let start = at.index(text.len() + 1);
            text.splice(start..start, bytes.iter().copied());
        }
        Damage::Cut(from, to) => {
            let (one, other) = (from.index(text.len() + 1), to.index(text.len() + 1));
            text.drain(one.min(other)..one.max(other));
        }
    }
}

/// `value`, this many levels deeper.
pub(crate) fn nested(value: Value, depth: usize, is_list: bool) -> Value {
    (0..depth).fold(value, |inner, _| if is_list { json!([inner]) } else { json!({"detail": inner}) })
}

fn stretched(text: &str, length: usize) -> String {
    let text = if text.is_empty() { "x" } else { text };
    text.chars().cycle().take(length).collect()
}

fn repeated(value: Value, times: usize) -> Value {
    let element = value.as_array().map(|list| list.first().cloned());
    match element {
        Some(None) => value,
        Some(Some(first)) => json!(vec![first; times]),
        None => json!(vec![value; times]),
    }
}

fn set(document: &mut Value, at: &Index, change: impl FnOnce(Value) -> Value) {
    let place = chosen(document, at);
    if let Some(value) = document.pointer_mut(&place) {
        *value = change(value.take());
    }
}

fn chosen(document: &Value, at: &Index) -> String {
    let mut found = Vec::new();
    places(document, String::new(), &mut found);
    at.get::<String>(&found).clone()
}

fn parent_of<'v>(document: &'v mut Value, at: &Index) -> Option<(&'v mut Value, String)> {
    let place = chosen(document, at);
    let (parent, key) = place.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    document.pointer_mut(parent).map(|parent| (parent, key))
}

fn take(parent: &mut Value, key: &str) -> Option<Value> {
    match parent {
        Value::Object(members) => members.remove(key),
        Value::Array(list) => {
            key.parse().ok().filter(|index| *index < list.len()).map(|index: usize| list.remove(index))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Every place of a document, as JSON pointers (RFC 6901).
fn places(value: &Value, place: String, found: &mut Vec<String>) {
    let below = |inner: &Value, step: &str, found: &mut Vec<String>| places(inner, format!("{place}/{step}"), found);
    match value {
        Value::Object(members) => members_of(members).for_each(|(step, inner)| below(inner, &step, found)),
        // The first elements stand for all: a list of thousands would hide every other place.
        Value::Array(list) => {
            list.iter().take(4).enumerate().for_each(|(index, inner)| below(inner, &index.to_string(), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(place);
}

fn members_of(members: &Map<String, Value>) -> impl Iterator<Item = (String, &Value)> {
    members.iter().map(|(key, inner)| (key.replace('~', "~0").replace('/', "~1"), inner))
}
