//! A packet for an authority with a form of its own: the fields of the EDPB's template, filled from the facts of the draft.

use super::context::Context;
use super::facts::Facts;
use super::notices::{Fault, Notices};
use super::page::Pages;
use super::rules::RuleError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format's name and version (`schemas/packet.schema.json`).
const FORMAT: &str = "tocsin-packet/1";

/// What is entered into an authority's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// The format's name and version.
    pub format: String,
    /// What it notifies of.
    pub title: String,
    /// The language of the values; the labels are English.
    pub language: String,
    /// The sections of the template.
    pub sections: Vec<PacketSection>,
    /// The ids of the required fields that have no value.
    pub missing: Vec<String>,
}

/// A section of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketSection {
    /// What it is about.
    pub title: String,
    /// Its fields, in order.
    pub fields: Vec<PacketField>,
}

/// A field of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketField {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// Whether GDPR Art. 33(3) asks for it.
    pub required: bool,
    /// What is entered; empty where it is missing.
    pub values: Vec<String>,
}

/// The template as data (`notices/packet.toml`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacketForm {
    /// The checklist whose notices are entered into it.
    checklist: String,
    section: Vec<SectionRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionRow {
    title: String,
    field: Vec<FieldRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldRow {
    id: String,
    label: String,
    value: Option<String>,
    when: Option<String>,
    #[serde(default)]
    required: bool,
}

impl PacketForm {
    /// Whether a rule with this checklist is notified with these fields.
    pub(crate) fn serves(&self, checklist: Option<&str>) -> bool {
        checklist == Some(self.checklist.as_str())
    }

    /// Fills the fields from what the notice is written from, and from counsel's answers by label.
    pub(crate) fn fill(self, title: String, context: &Context, facts: &Facts) -> Packet {
        let mut variables = serde_json::to_value(context).unwrap_or_default();
        if let Some(all) = variables.as_object_mut() {
            let people: Vec<&String> = context.people.iter().map(|part| &part.line).collect();
            let measures: Vec<&String> = context.measures.iter().map(|measure| &measure.line).collect();
            all.insert("described".to_owned(), serde_json::json!([context.what_happened, context.nature]));
            all.insert("people_lines".to_owned(), serde_json::json!(people));
            all.insert("measure_lines".to_owned(), serde_json::json!(measures));
        }
        let answers = facts.known("notice.items").cloned().unwrap_or_default();
        let at = |path: &String| path.split('.').try_fold(&variables, |value, part| value.get(part));
        let is_called_for = |row: &FieldRow| row.when.as_ref().is_none_or(|path| at(path) == Some(&Value::Bool(true)));
        let field = |row: FieldRow| {
            let found = row.value.as_ref().and_then(at).map(texts).filter(|texts| !texts.is_empty());
            let values = found.unwrap_or_else(|| answers.get(&row.label).map(texts).unwrap_or_default());
            PacketField { values, id: row.id, label: row.label, required: row.required }
        };
        let sections = self.section.into_iter().map(|section| {
            let fields = section.field.into_iter().filter(is_called_for).map(field).collect();
            PacketSection { title: section.title, fields }
        });
        let sections: Vec<PacketSection> = sections.collect();
        let fields = sections.iter().flat_map(|section| &section.fields);
        let missing = fields.filter(|field| field.required && field.values.is_empty()).map(|field| field.id.clone());
        let missing = missing.collect();
        Packet { format: FORMAT.to_owned(), title, language: context.language.clone(), sections, missing }
    }

    /// Checks that every field can be filled, once.
    pub(crate) fn check(&self, variables: &Value) -> Result<(), Fault> {
        let fields = self.section.iter().flat_map(|section| &section.field);
        for (index, row) in fields.clone().enumerate() {
            let made = ["described", "people_lines", "measure_lines"];
            let mut paths = row.value.iter().chain(&row.when).filter(|path| !made.contains(&path.as_str()));
            if let Some(path) = paths.find(|path| !super::items::has_path(variables, path)) {
                return Err(Fault::new(row.id.as_str(), format!("there is no variable `{path}`")));
            }
            if fields.clone().take(index).any(|before| before.id == row.id) {
                return Err(Fault::new(row.id.as_str(), "is there twice"));
            }
        }
        Ok(())
    }
}

impl Packet {
    /// The packet to print: accessible HTML.
    pub(crate) fn page(&self, notices: &Notices) -> Result<String, RuleError> {
        Pages::of(notices)?.packet(self)
    }
}

/// The value as texts that a person can enter.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Object(_) => Vec::new(),
        Value::Bool(yes) => vec![if *yes { "yes" } else { "no" }.to_owned()],
        Value::Number(number) => vec![number.to_string()],
        Value::String(text) => {
            let line = super::compose::one_line(text);
            if line.is_empty() { Vec::new() } else { vec![line] }
        }
        Value::Array(list) => list.iter().flat_map(texts).collect(),
    }
}
