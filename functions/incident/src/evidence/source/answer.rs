//! Reads an answer for what a later call needs of it. What is kept as evidence is the bytes, never this.

use serde::Deserialize;
use serde_json::{Map, Value};

/// How the body of an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// XML: the elements below the document element, without namespaces and attributes.
    Xml,
    /// JSON.
    Json,
    /// CSV or anything else that nothing is read from.
    Text,
}

impl Form {
    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Text => "txt",
        }
    }
}

/// The answer as a value; `null` where it cannot be read, so that what a later call needs of it is missing.
pub fn read(form: Form, body: &[u8]) -> Value {
    match form {
        Form::Json => serde_json::from_slice(body).unwrap_or(Value::Null),
        Form::Xml => {
            let text = String::from_utf8_lossy(body);
            let Ok(document) = roxmltree::Document::parse(&text) else { return Value::Null };
            element(document.root_element())
        }
        Form::Text => Value::Null,
    }
}

/// An element's children by name, those of the same name as a list; of an element without any, its text.
fn element(node: roxmltree::Node<'_, '_>) -> Value {
    let mut members = Map::new();
    for child in node.children().filter(roxmltree::Node::is_element) {
        let (name, value) = (child.tag_name().name(), element(child));
        match members.get_mut(name) {
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
            None => {
                members.insert(name.to_owned(), value);
            }
        }
    }
    if members.is_empty() { Value::String(node.text().unwrap_or_default().to_owned()) } else { Value::Object(members) }
}
