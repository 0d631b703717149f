//! What the items of a checklist ask for, and what the law keeps out of a notice (`notices/items.toml`).

use super::context::Context;
use super::notices::Fault;
use super::rule::Rule;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every item of every checklist, and what answers it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Items {
    /// What the notices can say from what is known, by name.
    element: BTreeMap<String, Element>,
    /// What only counsel can answer, with the fact `notice.items`.
    counsel: BTreeSet<String>,
    /// What every notice is by itself: its form, or that it is made at all.
    given: BTreeSet<String>,
    /// What an item keeps out of the notice.
    forbids: BTreeMap<String, BTreeSet<Ban>>,
    /// The stages in which the items that begin so are called for.
    stage: BTreeMap<String, BTreeSet<String>>,
}

/// Something that a notice says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    /// The variable without which it cannot be said; without one, the text says it by itself.
    needs: Option<String>,
    /// The variable without which it is not called for.
    when: Option<String>,
    /// The items that ask for it.
    items: BTreeSet<String>,
}

/// What a notice may not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ban {
    /// How the breach came about, and what was done about it in particular.
    Nature,
    /// How many people are concerned.
    Number,
}

impl Items {
    /// The items that a rule asks for: its checklist, else its content in words, else what its class of notice gives.
    pub(crate) fn asked<'a>(
        &self,
        rule: &'a Rule,
        checklist: Option<&'a [String]>,
        usual: &'a [String],
    ) -> Vec<&'a str> {
        let own = if rule.content.is_empty() { usual } else { rule.content.as_slice() };
        let items = checklist.unwrap_or(own).iter().map(String::as_str);
        items.filter(|item| self.is_called_for(item, rule.stage.as_deref())).collect()
    }

    fn is_called_for(&self, item: &str, stage: Option<&str>) -> bool {
        let Some(stage) = stage else { return true };
        let staged = self.stage.iter().find(|(beginning, _)| item.starts_with(beginning.as_str()));
        staged.is_none_or(|(_, stages)| stages.contains(stage))
    }

    /// Every element by name, and whether one of these items asks for it.
    pub(crate) fn asks(&self, items: &[&str]) -> BTreeMap<String, bool> {
        let is_asked = |element: &Element| items.iter().any(|item| element.items.contains(*item));
        self.element.iter().map(|(name, element)| (name.clone(), is_asked(element))).collect()
    }

    /// What these items keep out of the notice.
    pub(crate) fn bans(&self, items: &[&str]) -> BTreeSet<Ban> {
        items.iter().filter_map(|item| self.forbids.get(*item)).flatten().copied().collect()
    }

    /// The items that `context` calls for and does not fill.
    pub(crate) fn gaps(&self, items: &[&str], context: &Context) -> Vec<String> {
        let Ok(variables) = serde_json::to_value(context) else { return Vec::new() };
        let is_answered = |item: &str| context.answers.iter().any(|answer| answer.item == item);
        let is_open = |item: &&&str| !is_answered(item) && !self.is_filled(item, &variables);
        items.iter().filter(is_open).map(|item| (*item).to_owned()).collect()
    }

    fn is_filled(&self, item: &str, variables: &Value) -> bool {
        if self.given.contains(item) || self.forbids.contains_key(item) {
            return true;
        }
        if self.counsel.contains(item) {
            return false;
        }
        let has = |path: &Option<String>| path.as_ref().is_none_or(|path| is_something(variables, path));
        let mut elements = self.element.values().filter(|element| element.items.contains(item)).peekable();
        elements.peek().is_some() && elements.all(|element| !has(&element.when) || has(&element.needs))
    }

    /// Whether it is said what answers this item.
    pub(crate) fn knows(&self, item: &str) -> bool {
        let in_elements = self.element.values().any(|element| element.items.contains(item));
        in_elements
            || [&self.counsel, &self.given].iter().any(|items| items.contains(item))
            || self.forbids.contains_key(item)
    }

    /// Checks the variables, and that no item is given that needs an answer.
    pub(crate) fn check(&self, variables: &Value) -> Result<(), Fault> {
        for (name, element) in &self.element {
            let mut paths = element.needs.iter().chain(&element.when);
            if let Some(path) = paths.find(|path| !has_path(variables, path)) {
                return Err(Fault::new(format!("element.{name}"), format!("there is no variable `{path}`")));
            }
        }
        let in_elements: BTreeSet<&String> = self.element.values().flat_map(|element| &element.items).collect();
        let twice = |item: &&String| {
            in_elements.contains(item) || self.counsel.contains(*item) || self.forbids.contains_key(*item)
        };
        if let Some(item) = self.given.iter().find(twice) {
            return Err(Fault::new("given", format!("`{item}` is answered in another way too")));
        }
        Ok(())
    }
}

/// Whether the variables have this path; below a list or a text there is nothing to find.
pub(crate) fn has_path(variables: &Value, path: &str) -> bool {
    path.split('.').try_fold(variables, |value, part| value.get(part)).is_some()
}

fn is_something(variables: &Value, path: &str) -> bool {
    let found = path.split('.').try_fold(variables, |value, part| value.get(part));
    match found {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Bool(true) | Value::Number(_) | Value::Object(_)) => true,
    }
}
