//! The rules of law at run time: what the build script has checked and written as one document, and what an organisation
//! changes of it.

use super::check::read_all;
use super::counting::Counting;
use super::deadline_rule::RequestRow;
use super::law::{Law, Sheet};
use super::notices::Notices;
use super::rows::{CreditAgencyRow, ProfileRow};
use super::rule::{Checklist, Rule};
use super::settings::SettingError;
use super::vocabulary::Vocabulary;
use crate::organisation::Organisation;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

pub use super::law::RuleError;

/// Every row that the engine needs, without what only people read: a build script has checked it, so reading it is quick.
const EMBEDDED_LAW: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/obligations.bin"));

#[cfg(test)]
include!(concat!(env!("OUT_DIR"), "/obligations.rs"));

/// All rules of law, with the vocabulary, calendars and notices that they refer to.
#[derive(Clone, Debug)]
pub struct Rules {
    law: Arc<Law>,
    notices: Arc<Notices>,
}

static EMBEDDED: LazyLock<Result<Rules, RuleError>> = LazyLock::new(|| {
    let broken = |error: postcard::Error| RuleError::new("obligations.bin", "its bytes", error.to_string());
    let sheet: Sheet = postcard::from_bytes(EMBEDDED_LAW).map_err(broken)?;
    let mut law = Law::default();
    law.take_in("obligations.bin", sheet)?;
    Ok(Rules { law: Arc::new(law), notices: Arc::new(Notices::load()?) })
});

impl Rules {
    /// The rules that were compiled in.
    ///
    /// # Errors
    /// Only in a build whose script did not check them.
    pub fn load() -> Result<Self, RuleError> {
        EMBEDDED.clone()
    }

    /// Checks the templates and words of every notice. They are compiled in, so the tests of this crate do it for good.
    ///
    /// # Errors
    /// Names the file and the line with an unknown variable or a broken template, and the language with a missing word.
    pub fn check_texts(&self) -> Result<(), RuleError> {
        self.check_notices()?;
        self.notices.check_texts(&self.law.vocabulary)?;
        self.notices.check_rules(self.iter(), &self.law.checklists)
    }

    pub(crate) fn embedded() -> Result<&'static Self, RuleError> {
        EMBEDDED.as_ref().map_err(Clone::clone)
    }

    /// Reads these files (name and text) and checks them against each other and the notices.
    #[cfg(test)]
    pub(crate) fn parse(files: &[(&str, &str)], notices: Notices) -> Result<Self, RuleError> {
        let mut documents = Vec::new();
        for (name, text) in files {
            let file = format!("obligations/{name}");
            let document: Value =
                toml::from_str(text).map_err(|error| RuleError::new(&file, "its text", error.to_string()))?;
            documents.push((file, super::dates::with_dates_as_text(document)));
        }
        let rules = Self { law: Arc::new(read_all(Law::default(), documents)?), notices: Arc::new(notices) };
        rules.check_notices().map_err(|error| {
            let id = error.place.replace("rule `", "id = \"").replace('`', "\"");
            let file = files.iter().find(|(_, text)| error.file == "obligations" && text.contains(&id));
            file.map_or(error.clone(), |(name, _)| RuleError { file: format!("obligations/{name}"), ..error })
        })?;
        Ok(rules)
    }

    /// The same rules with other notices.
    #[cfg(test)]
    pub(crate) fn with_notices(self, notices: Notices) -> Result<Self, RuleError> {
        let rules = Self { notices: Arc::new(notices), ..self };
        rules.check_notices().map(|()| rules)
    }

    /// That the notices fulfil their checklists, and that each rule's notice is there and fulfils the rule's checklist.
    fn check_notices(&self) -> Result<(), RuleError> {
        for rule in self.iter() {
            let Some(notice) = &rule.notice else { continue };
            let problem = match self.notices.checklist_of(notice) {
                None => format!("there is no notice `{notice}`"),
                Some(None) => continue,
                Some(Some(checklist)) if rule.checklist.as_deref() == Some(checklist) => continue,
                Some(Some(other)) => format!("notice `{notice}` fulfils checklist `{other}`, which is not the rule's"),
            };
            return Err(RuleError::new("obligations", format!("rule `{}`", rule.id), problem));
        }
        self.notices.check(&self.law.checklists)
    }

    /// The rules as this organisation has changed them and added to them.
    ///
    /// # Errors
    /// Names the row of its settings and the field that cannot be used.
    pub fn of(&self, organisation: &Organisation) -> Result<Self, SettingError> {
        if organisation.rules.is_empty() {
            return Ok(self.clone());
        }
        let wrong =
            |error: RuleError| SettingError { setting: format!("rules, {}", error.place), problem: error.problem };
        let mut law = Law::clone(&self.law);
        let own = own_rows(&mut law, &organisation.rules).map_err(wrong)?;
        let law = read_all(law, vec![("rules".to_owned(), own)]).map_err(wrong)?;
        if let Some(rule) = law.rules.values().find(|rule| !self.can_have_its_notice(rule)) {
            let setting = format!("rules, rule `{}`", rule.id);
            return Err(SettingError { setting, problem: "its notice is not one of its checklist".to_owned() });
        }
        Ok(Self { law: Arc::new(law), notices: Arc::clone(&self.notices) })
    }

    /// Whether the notice that a rule names is there, and one of the rule's checklist.
    fn can_have_its_notice(&self, rule: &Rule) -> bool {
        let Some(notice) = &rule.notice else { return true };
        let written_for = self.notices.checklist_of(notice);
        written_for.is_some_and(|own| own.is_none_or(|checklist| rule.checklist.as_deref() == Some(checklist)))
    }

    /// The rule with this identifier, in upper or lower case.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.law.rules.get(&id.to_ascii_uppercase())
    }

    /// The rule that brings the obligation with this identifier, which may name a member state behind the rule.
    pub(crate) fn rule_of(&self, obligation: &str) -> Option<&Rule> {
        self.get(obligation).or_else(|| {
            let (rule, state) = obligation.rsplit_once('-')?;
            let rule = self.get(rule).filter(|rule| rule.fan_out.is_some())?;
            let is_member = |member: &String| member.eq_ignore_ascii_case(state);
            self.members_of(&rule.jurisdiction).iter().any(is_member).then_some(rule)
        })
    }

    /// All rules, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.law.rules.values()
    }

    /// The checklist with this identifier.
    pub fn checklist(&self, id: &str) -> Option<&Checklist> {
        self.law.checklists.get(id)
    }

    pub(crate) fn law(&self) -> &Law {
        &self.law
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.law.vocabulary
    }

    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(crate) fn credit_agencies(&self) -> &[CreditAgencyRow] {
        &self.law.credit_agencies
    }

    /// The notice of a rule: its own, else that of its class of recipients.
    pub(crate) fn notice_of<'a>(&'a self, rule: &'a Rule) -> Option<&'a str> {
        self.notices.of_rule(rule)
    }

    /// The name of a state of the United States.
    pub(crate) fn place_name(&self, jurisdiction: &str) -> Option<&str> {
        self.law.profiles.get(jurisdiction).map(|row| row.name.as_str())
    }

    /// How the calendar of that identifier counts.
    pub(crate) fn counting(&self, calendar: &str) -> Option<Counting> {
        Some(self.law.calendars.get(calendar)?.counting)
    }

    /// The limit for answering a person's request, by its identifier in upper or lower case.
    pub(crate) fn request(&self, id: &str) -> Option<&RequestRow> {
        self.law.requests.get(&id.to_ascii_uppercase())
    }

    pub(crate) fn time_zones(&self, jurisdiction: &str) -> Vec<TimeZone> {
        let row = self.law.jurisdictions.get(jurisdiction);
        row.into_iter().flat_map(|row| &row.time_zones).filter_map(|zone| TimeZone::get(zone).ok()).collect()
    }

    /// Every place whose people a rule counts.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        let asked = self.iter().flat_map(Rule::conditions).filter_map(|one| one.fact.strip_prefix("affected."));
        asked.chain(self.law.jurisdictions.values().flat_map(|row| &row.members).map(String::as_str))
    }

    /// The states that a jurisdiction is made of.
    pub(crate) fn members_of(&self, jurisdiction: &str) -> &[String] {
        self.law.jurisdictions.get(jurisdiction).map(|row| row.members.as_slice()).unwrap_or_default()
    }

    /// The states whose statute counts one of these classes of data as personal information.
    pub(crate) fn states_counting(&self, classes: &BTreeSet<&str>) -> Vec<String> {
        let counts = |profile: &&ProfileRow| {
            let base = self.law.base_classes.iter().filter(|_| profile.base_pi);
            let credentials = ["credentials", "email_password"].into_iter().filter(|_| profile.credentials_standalone);
            base.chain(&profile.pi_extras).map(String::as_str).chain(credentials).any(|class| classes.contains(class))
        };
        self.law.profiles.values().filter(counts).map(|profile| profile.id.clone()).collect()
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &RequestRow> {
        self.law.requests.values()
    }

    #[cfg(test)]
    pub(crate) fn examples(&self) -> Vec<super::rows::ExampleRow> {
        let files = FILES.iter().filter_map(|(_, text)| toml::from_str::<Value>(text).ok());
        let sheets = files.map(|document| Sheet::read("", super::dates::with_dates_as_text(document)).unwrap());
        sheets.flat_map(|sheet| sheet.example).collect()
    }
}

/// The organisation's rows, each change laid over the row that it changes, which leaves `law`.
fn own_rows(law: &mut Law, rules: &BTreeMap<String, Value>) -> Result<Value, RuleError> {
    let mut own: Map<String, Value> = rules.clone().into_iter().collect();
    let Some(obligations) = own.get_mut("obligation").and_then(Value::as_array_mut) else {
        return Ok(Value::Object(own));
    };
    for change in obligations {
        let Some(change) = change.as_object_mut() else {
            return Err(RuleError::new("rules", "`obligation`", "holds a row that is no table"));
        };
        let id = change.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !change.contains_key("decided") {
            let problem = "`decided` is missing: who changed the law, when, and why";
            return Err(RuleError::new("rules", format!("rule `{id}`"), problem));
        }
        let before = law.rules.remove(&id).map(serde_json::to_value);
        let before = before.transpose().map_err(|error| RuleError::new("rules", &id, error.to_string()))?;
        if let Some(Value::Object(before)) = before {
            for (field, value) in before {
                change.entry(field).or_insert(value);
            }
        }
        // `null` takes an optional field away.
        change.retain(|_, value| !value.is_null());
    }
    Ok(Value::Object(own))
}
