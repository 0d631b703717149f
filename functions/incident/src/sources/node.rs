//! A place in a document: the value, if there is one, and the way to it.
//!
//! Looking up what is not there gives a place without a value, so a chain of lookups needs no checks on the way, and the
//! path is only written out when something is refused.

use super::moment;
use super::unreadable::{Code, Unreadable};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A place in a document of lifetime `'v`, reached through places of lifetime `'p`.
#[derive(Clone, Copy)]
pub(crate) struct Node<'v, 'p> {
    value: Option<&'v Value>,
    parent: Option<&'p Node<'v, 'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
    /// The document that a JSON string holds: its path is that of the string.
    Unwrapped,
}

impl<'v, 'p> Node<'v, 'p> {
    /// The whole document.
    pub(crate) fn root(value: &'v Value) -> Self {
        Self { value: Some(value), parent: None, step: Step::Root }
    }

    /// The member `key`, also where the first letter is of the other case: AWS events write `accountId`, its APIs
    /// `AccountId`.
    pub(crate) fn get<'c>(&'c self, key: &'c str) -> Node<'v, 'c> {
        let found = self.value.and_then(Value::as_object).and_then(|members| {
            members.get(key).map(|value| (key, value)).or_else(|| {
                if !has_other_case(members, key) {
                    return None;
                }
                let mut buffer = [0; 64];
                let (name, value) = members.get_key_value(other_case(key, &mut buffer)?)?;
                Some((name.as_str(), value))
            })
        });
        let (name, value) = found.map_or((key, None), |(name, value)| (name, Some(value)));
        Node { value, parent: Some(self), step: Step::Key(name) }
    }

    /// Whether there is a member of exactly this name: Inspector writes `awsAccountId` where ASFF writes `AwsAccountId`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value.and_then(Value::as_object).is_some_and(|members| members.contains_key(key))
    }

    /// The document that the JSON string `value`, found here, held.
    pub(crate) fn unwrapped<'c>(&'c self, value: &'c Value) -> Node<'c, 'c> {
        Node { value: Some(value), parent: Some(self), step: Step::Unwrapped }
    }

    /// The elements of a list. A lone object counts as a list of one: both shapes occur for the same field.
    pub(crate) fn items<'c>(&'c self) -> impl Iterator<Item = Node<'v, 'c>> {
        let (list, lone) = match self.value {
            Some(Value::Array(list)) => (list.as_slice(), None),
            Some(Value::Object(_)) => (&[][..], Some(*self)),
            _ => (&[][..], None),
        };
        let element = |(index, value)| Node { value: Some(value), parent: Some(self), step: Step::Index(index) };
        list.iter().enumerate().map(element).chain(lone)
    }

    /// The members of an object.
    pub(crate) fn members<'c>(&'c self) -> impl Iterator<Item = (&'v str, Node<'v, 'c>)> {
        self.value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| {
            (key.as_str(), Node { value: Some(value), parent: Some(self), step: Step::Key(key.as_str()) })
        })
    }

    /// The value as it stands.
    pub(crate) fn value(&self) -> Option<&'v Value> {
        self.value
    }

    /// Whether there is a value other than `null`.
    pub(crate) fn exists(&self) -> bool {
        self.value.is_some_and(|value| !value.is_null())
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.value.is_some_and(Value::is_object)
    }

    /// Whether it is a list.
    pub(crate) fn is_list(&self) -> bool {
        self.value.is_some_and(Value::is_array)
    }

    /// A string that is not blank.
    pub(crate) fn text(&self) -> Option<&'v str> {
        self.value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The strings of a list, or a lone one.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &'v str> {
        let (list, lone) = match self.value {
            Some(Value::Array(list)) => (list.as_slice(), None),
            _ => (&[][..], self.text()),
        };
        list.iter().filter_map(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).chain(lone)
    }

    /// A string or a whole number as text: account ids arrive as both.
    pub(crate) fn name(&self) -> Option<Cow<'v, str>> {
        match self.value {
            Some(Value::Number(number)) if !number.is_f64() => Some(Cow::Owned(number.to_string())),
            _ => self.text().map(Cow::Borrowed),
        }
    }

    /// A number, also one in a string.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.value {
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// A small whole number that stands for something, also in a string: a class, a status, a direction.
    pub(crate) fn code(&self) -> Option<u32> {
        self.number().filter(|number| (0.0..1e9).contains(number)).map(|number| number as u32)
    }

    /// True, also in a string. Anything else is not true.
    pub(crate) fn is_true(&self) -> bool {
        match self.value {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// A point in time in any of the forms that AWS writes; what cannot be read is no time.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        self.value.and_then(moment::read)
    }

    /// The text of a field that the finding cannot do without.
    pub(crate) fn required(&self) -> Result<Cow<'v, str>, Unreadable> {
        self.name().ok_or_else(|| self.refused_as_identity())
    }

    /// The refusal of a field that the finding cannot do without.
    pub(crate) fn refused_as_identity(&self) -> Unreadable {
        match self.value {
            None | Some(Value::Null | Value::String(_)) => {
                self.refused(Code::MissingField, "a field that identifies the finding is missing or empty")
            }
            Some(_) => self.refused(Code::WrongType, "a field that identifies the finding is not a string"),
        }
    }

    /// A refusal of this place.
    pub(crate) fn refused(&self, code: Code, message: impl Into<String>) -> Unreadable {
        code.at(self.path(), message)
    }

    /// The JSON path of this place (RFC 9535).
    pub(crate) fn path(&self) -> String {
        let mut path = self.parent.map_or_else(String::new, Node::path);
        match self.step {
            Step::Root => path.push('$'),
            Step::Unwrapped => {}
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Key(key) if is_shorthand(key) => path.push_str(&format!(".{key}")),
            Step::Key(key) => path.push_str(&format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))),
        }
        path
    }
}

/// Whether RFC 9535 lets a member name stand after a dot.
fn is_shorthand(key: &str) -> bool {
    let mut letters = key.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

/// Whether `members` can hold `key` in the other case. Members are sorted and ASCII has its capitals first, so that the first and
/// the last member tell; most documents keep to one case, and most lookups are of what is not there.
fn has_other_case(members: &Map<String, Value>, key: &str) -> bool {
    let first = |name: &String| name.bytes().next().unwrap_or_default();
    if key.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        members.keys().next().map(first).is_some_and(|first| first <= b'Z')
    } else {
        members.keys().next_back().map(first).is_some_and(|first| first >= b'a')
    }
}

/// `key` with its first letter in the other case; `None` where that changes nothing or `key` is longer than any that is
/// looked up.
fn other_case<'b>(key: &str, buffer: &'b mut [u8; 64]) -> Option<&'b str> {
    let copy = buffer.get_mut(..key.len())?;
    copy.copy_from_slice(key.as_bytes());
    let first = copy.first_mut().filter(|first| first.is_ascii_alphabetic())?;
    *first ^= 0x20;
    std::str::from_utf8(copy).ok()
}

/// `name` with a small first letter: how events write what APIs write with a capital one.
pub(crate) fn camel(name: &str) -> Cow<'_, str> {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if first.is_ascii_uppercase() => {
            Cow::Owned(format!("{}{}", first.to_ascii_lowercase(), letters.as_str()))
        }
        _ => Cow::Borrowed(name),
    }
}
