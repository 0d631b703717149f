//! What has to be made before it can be kept.

use super::template::{Known, Unfilled};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A document that makes evidence, such as a snapshot. It is run again until it says that it is done
/// (`infra/preservation/README.md`), and its last answer is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// Its name in the file; the answer's file is named by it.
    pub name: String,
    /// The document, which is also the name of its role.
    pub document: String,
    /// In which account it runs.
    #[serde(default)]
    pub at: Whereabouts,
    /// Its parameters: templates.
    pub with: BTreeMap<String, String>,
    /// The gap that is recorded where a parameter has no value.
    #[serde(default)]
    pub without: Option<String>,
    /// Parameters that are lists. Where one of them would be empty there is nothing to make.
    #[serde(default)]
    pub lists: BTreeMap<String, ListOf>,
}

/// In which account a document runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// That of the resource.
    #[default]
    Resource,
    /// The evidence account.
    Evidence,
}

/// A parameter that is a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOf {
    /// Of which values: `name:/pointer` into the answer of an earlier call or document.
    pub each: String,
    /// Only of those that hold this member as true.
    #[serde(default, rename = "where")]
    pub holding: Option<String>,
    /// What becomes of each: a template with `{each:/…}`.
    pub item: String,
}

impl Making {
    /// Its parameters; `None` where there is nothing to make.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn parameters(&self, known: &Known<'_>) -> Result<Option<BTreeMap<String, Vec<String>>>, Unfilled> {
        let mut parameters = BTreeMap::new();
        for (name, template) in &self.with {
            parameters.insert(name.clone(), vec![known.fill(template)?]);
        }
        for (name, list) in &self.lists {
            let mut items = Vec::new();
            for value in known.all_of(&list.each) {
                let is_meant = list
                    .holding
                    .as_ref()
                    .is_none_or(|member| value.pointer(member).and_then(Value::as_bool) == Some(true));
                if is_meant {
                    items.push(Known { each: &[value], ..known.clone() }.fill(&list.item)?);
                }
            }
            if items.is_empty() {
                return Ok(None);
            }
            parameters.insert(name.clone(), items);
        }
        Ok(Some(parameters))
    }
}
