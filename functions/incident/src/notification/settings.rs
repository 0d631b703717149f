//! Whether the organisation's settings fit the rules: a misspelt name must fail at start, not in the night it is needed.

use super::assess::key;
use super::rules::Rules;
use crate::organisation::Organisation;
use serde_json::json;

/// A setting that the rules cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting `{setting}`: {problem}")]
pub struct SettingError {
    /// Where in the settings document.
    pub setting: String,
    /// What is wrong. Never holds a value.
    pub problem: String,
}

impl Rules {
    /// Everything in the organisation's settings that the rules cannot use; empty if all is well.
    pub fn check_settings(&self, organisation: &Organisation) -> Vec<SettingError> {
        let mut errors = Vec::new();
        let mut refuse = |setting: String, problem: String| errors.push(SettingError { setting, problem });
        for (fact, value) in &organisation.facts {
            if let Some(problem) = self.vocabulary().refusal(fact, value) {
                refuse(format!("facts.{fact}"), problem);
            }
        }
        for (index, holding) in organisation.data_inventory.iter().enumerate() {
            if let Some(problem) = self.vocabulary().refusal("data_classes", &json!(holding.data_classes)) {
                refuse(format!("data_inventory[{index}].data_classes"), problem);
            }
            for (jurisdiction, count) in &holding.affected {
                if let Some(problem) = self.vocabulary().refusal(&format!("affected.{jurisdiction}"), &json!(count)) {
                    refuse(format!("data_inventory[{index}].affected.{jurisdiction}"), problem);
                }
            }
        }
        for (id, recipient) in &organisation.recipients {
            match self.get(id) {
                Some(rule) if key(&rule.id) == *id => {
                    let language = recipient.language.as_str();
                    match &rule.notice {
                        Some(notice) if self.notices().speaks(notice, language) => {}
                        Some(notice) => refuse(
                            format!("recipients.{id}.language"),
                            format!("`notices/{notice}/{language}.txt.j2` is missing"),
                        ),
                        None => refuse(format!("recipients.{id}"), "the rule has no notice yet".to_owned()),
                    }
                }
                Some(_) => refuse(format!("recipients.{id}"), "a rule is named in lower case here".to_owned()),
                None => refuse(format!("recipients.{id}"), "there is no rule of this name".to_owned()),
            }
        }
        errors
    }
}
