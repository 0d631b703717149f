//! Whether the organisation's settings fit the rules: a misspelt name must fail at start, not in the night it is needed.

use super::assess::key;
use super::rules::Rules;
use crate::organisation::{LegalGate, Organisation};
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
        let rules = match self.of(organisation) {
            Ok(rules) => rules,
            Err(error) => return vec![error],
        };
        let mut errors = Vec::new();
        let mut refuse = |setting: String, problem: String| errors.push(SettingError { setting, problem });
        for (fact, value) in &organisation.facts {
            if let Some(problem) = rules.vocabulary().refusal(fact, value) {
                refuse(format!("facts.{fact}"), problem);
            }
        }
        for (index, holding) in organisation.data_inventory.iter().enumerate() {
            if let Some(problem) = rules.vocabulary().refusal("data_classes", &json!(holding.data_classes)) {
                refuse(format!("data_inventory[{index}].data_classes"), problem);
            }
            let uses = [
                ("surface", "data.surface", holding.surface.as_ref().map(|surface| json!([surface]))),
                ("role", "entity.role", holding.role.as_ref().map(|role| json!(role))),
                ("model_owner", "model.owner", holding.model_owner.as_ref().map(|owner| json!(owner))),
                (
                    "training_data_owner",
                    "training_data.owner",
                    holding.training_data_owner.as_ref().map(|owner| json!(owner)),
                ),
            ];
            for (field, fact, value) in uses {
                if let Some(problem) = value.and_then(|value| rules.vocabulary().refusal(fact, &value)) {
                    refuse(format!("data_inventory[{index}].{field}"), problem);
                }
            }
            for (jurisdiction, count) in &holding.affected {
                if let Some(problem) = rules.vocabulary().refusal(&format!("affected.{jurisdiction}"), &json!(count)) {
                    refuse(format!("data_inventory[{index}].affected.{jurisdiction}"), problem);
                }
            }
        }
        for (id, decided) in &organisation.turned_on {
            if rules.get(id).is_none_or(|rule| key(&rule.id) != *id) {
                refuse(format!("turned_on.{id}"), "there is no rule of this name, in lower case".to_owned());
            }
            if let Some(problem) = decided.fault() {
                refuse(format!("turned_on.{id}"), problem.to_owned());
            }
        }
        // A misspelt name would ask for one reviewer where two are meant.
        let is_rule = |id: &str| rules.get(id).is_some_and(|rule| key(&rule.id) == id);
        for id in organisation.legal_gate.four_eyes.iter().filter(|id| *id != LegalGate::ALL && !is_rule(id)) {
            refuse(format!("legal_gate.four_eyes.{id}"), "there is no rule of this name, in lower case".to_owned());
        }
        // What an authority is told is not for everybody.
        let is_public = |id: &str| {
            let rule = rules.rule_of(id).filter(|rule| id.starts_with(&key(&rule.id)));
            let notice = rule.and_then(|rule| rules.notice_of(rule));
            notice.is_some_and(|notice| rules.notices().is_public(notice))
        };
        let published = organisation.public_pages.iter().flat_map(|pages| &pages.obligations);
        for id in published.filter(|id| !is_public(id)) {
            let problem = "there is no rule of this name, in lower case, by which the people concerned are told";
            refuse(format!("public_pages.obligations.{id}"), problem.to_owned());
        }
        for (id, recipient) in &organisation.recipients {
            match rules.rule_of(id) {
                Some(rule) if id.starts_with(&key(&rule.id)) => {
                    let language = recipient.language.as_str();
                    match rules.notice_of(rule) {
                        Some(notice) if rules.notices().speaks(notice, language) => {}
                        Some(notice) => refuse(
                            format!("recipients.{id}.language"),
                            format!("notice `{notice}` is not written in `{language}`"),
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
