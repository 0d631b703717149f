//! All rules, read from the embedded files and checked against each other: what is wrong fails here, by file and name.

use super::condition::Condition;
use super::counting::Counting;
use super::deadline_rule::RequestRow;
use super::notices::Notices;
use super::rule::{
    CalendarRow, Checklist, CreditAgencyRow, ExampleRow, JurisdictionRow, ProfileRow, RegisterRow, Rule,
};
use super::vocabulary::{ClockRow, FactRow, Vocabulary};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/obligations.rs"));

/// A data file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`, {place}: {problem}")]
pub struct RuleError {
    /// The file below the crate's folder.
    pub file: String,
    /// The row, or where in the file.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

impl RuleError {
    pub(crate) fn new(file: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: place.into(), problem: problem.into() }
    }
}

/// All rules of law, with the vocabulary, calendars and notices that they refer to.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: BTreeMap<String, Rule>,
    vocabulary: Vocabulary,
    calendars: BTreeMap<String, CalendarRow>,
    requests: BTreeMap<String, RequestRow>,
    jurisdictions: BTreeMap<String, JurisdictionRow>,
    checklists: BTreeMap<String, Checklist>,
    profiles: BTreeMap<String, ProfileRow>,
    base_classes: Vec<String>,
    credit_agencies: Vec<CreditAgencyRow>,
    #[cfg(test)]
    examples: Vec<ExampleRow>,
    notices: Notices,
}

/// What one file may hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct File {
    fact: Vec<FactRow>,
    clock: Vec<ClockRow>,
    calendar: Vec<CalendarRow>,
    request: Vec<RequestRow>,
    jurisdiction: Vec<JurisdictionRow>,
    obligation: Vec<Rule>,
    checklist: Vec<Checklist>,
    us_profile: Vec<ProfileRow>,
    us_base_pi: Option<BaseClasses>,
    credit_agency: Vec<CreditAgencyRow>,
    register: Vec<RegisterRow>,
    example: Vec<ExampleRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaseClasses {
    classes: Vec<String>,
}

static EMBEDDED: LazyLock<Result<Rules, RuleError>> = LazyLock::new(|| Rules::parse(FILES, Notices::load()?));

impl Rules {
    /// The rules that were compiled in, checked.
    ///
    /// # Errors
    /// Names the file and the row with a misspelt fact, operator, clock, calendar or checklist, and the notice with a
    /// missing template or item. What is in the templates costs more to check, see [`Rules::check_texts`].
    pub fn load() -> Result<Self, RuleError> {
        EMBEDDED.clone()
    }

    /// Checks the templates and words of every notice. They are compiled in, so the tests of this crate do it for good.
    ///
    /// # Errors
    /// Names the file and the line with an unknown variable or a broken template, and the language with a missing word.
    pub fn check_texts(&self) -> Result<(), RuleError> {
        self.notices.check_texts(&self.vocabulary)
    }

    pub(crate) fn embedded() -> Result<&'static Self, RuleError> {
        EMBEDDED.as_ref().map_err(Clone::clone)
    }

    /// Reads these files (name and text) and checks them against each other and the notices.
    pub(crate) fn parse(files: &[(&str, &str)], notices: Notices) -> Result<Self, RuleError> {
        let mut rules = Self {
            rules: BTreeMap::new(),
            vocabulary: Vocabulary::default(),
            calendars: BTreeMap::new(),
            requests: BTreeMap::new(),
            jurisdictions: BTreeMap::new(),
            checklists: BTreeMap::new(),
            profiles: BTreeMap::new(),
            base_classes: Vec::new(),
            credit_agencies: Vec::new(),
            #[cfg(test)]
            examples: Vec::new(),
            notices,
        };
        let mut origins = BTreeMap::new();
        for (name, text) in files {
            let path = format!("obligations/{name}");
            let file: File =
                toml::from_str(text).map_err(|error| RuleError::new(&path, "its text", error.to_string()))?;
            rules.take_in(&path, file, &mut origins)?;
        }
        for (id, rule) in &rules.rules {
            let path = origins.get(id).map_or("obligations", String::as_str);
            rules.check(rule).map_err(|problem| RuleError::new(path, format!("rule `{id}`"), problem))?;
        }
        rules.notices.check(&rules.checklists)?;
        Ok(rules)
    }

    fn take_in(&mut self, path: &str, file: File, origins: &mut BTreeMap<String, String>) -> Result<(), RuleError> {
        let twice = |kind: &str, id: &str| RuleError::new(path, format!("{kind} `{id}`"), "is defined twice");
        for row in file.fact {
            let name = row.name.clone();
            if !self.vocabulary.add_fact(row) {
                return Err(twice("fact", &name));
            }
        }
        for row in file.clock {
            let id = row.id.clone();
            if !self.vocabulary.add_clock(row) {
                return Err(twice("clock", &id));
            }
        }
        for row in file.calendar {
            if let Some(row) = self.calendars.insert(row.id.clone(), row) {
                return Err(twice("calendar", &row.id));
            }
        }
        for row in file.jurisdiction {
            if let Some(zone) = row.time_zones.iter().find(|zone| TimeZone::get(zone).is_err()) {
                return Err(RuleError::new(
                    path,
                    format!("jurisdiction `{}`", row.id),
                    format!("there is no time zone `{zone}`"),
                ));
            }
            if let Some(row) = self.jurisdictions.insert(row.id.clone(), row) {
                return Err(twice("jurisdiction", &row.id));
            }
        }
        for row in file.obligation {
            origins.insert(row.id.clone(), path.to_owned());
            if let Some(row) = self.rules.insert(row.id.clone(), row) {
                return Err(twice("rule", &row.id));
            }
        }
        for row in file.request {
            if let Some(row) = self.requests.insert(row.id.clone(), row) {
                return Err(twice("request", &row.id));
            }
        }
        for row in file.checklist {
            if let Some(row) = self.checklists.insert(row.id.clone(), row) {
                return Err(twice("checklist", &row.id));
            }
        }
        for row in file.us_profile {
            if let Some(row) = self.profiles.insert(row.id.clone(), row) {
                return Err(twice("profile", &row.id));
            }
        }
        if let Some(base) = file.us_base_pi {
            self.base_classes.extend(base.classes);
        }
        self.credit_agencies.extend(file.credit_agency);
        #[cfg(test)]
        self.examples.extend(file.example);
        Ok(())
    }

    fn check(&self, rule: &Rule) -> Result<(), String> {
        let conditions = rule.trigger_all.iter().chain(&rule.trigger_any).chain(&rule.exempt_if);
        if let Some(fault) = conditions.filter_map(|condition: &Condition| condition.fault(&self.vocabulary)).next() {
            return Err(fault);
        }
        if rule.trigger_all.is_empty() && rule.trigger_any.is_empty() {
            return Err("nothing triggers it".to_owned());
        }
        let deadline = &rule.deadline;
        let clocks = deadline.limits.iter().map(|limit| &limit.clock).chain([&deadline.clock]);
        if let Some(clock) = clocks.into_iter().find(|clock| self.vocabulary.clock(clock).is_none()) {
            return Err(format!("there is no clock `{clock}`"));
        }
        if deadline.limits.is_empty() != deadline.combine.is_none() {
            return Err("`limits` and `combine` go together".to_owned());
        }
        let limits =
            deadline.limits.iter().map(|limit| (limit.unit, limit.value)).chain([(deadline.unit, deadline.value)]);
        for (unit, value) in limits {
            let counts = unit.is_counted();
            if counts != value.is_some_and(|value| value > 0) {
                return Err(format!(
                    "a limit in {unit:?} {} a `value` above 0",
                    if counts { "needs" } else { "cannot have" }
                ));
            }
        }
        if let Some(calendar) = deadline.calendar.as_ref().filter(|calendar| !self.calendars.contains_key(*calendar)) {
            return Err(format!("there is no calendar `{calendar}`"));
        }
        if let Some(checklist) = rule.checklist.as_ref().filter(|checklist| !self.checklists.contains_key(*checklist)) {
            return Err(format!("there is no checklist `{checklist}`"));
        }
        if let Some(profile) = rule.profile.as_ref().filter(|profile| !self.profiles.contains_key(*profile)) {
            return Err(format!("there is no profile `{profile}`"));
        }
        if let Some(notice) = &rule.notice {
            let checklist =
                self.notices.checklist_of(notice).ok_or_else(|| format!("there is no notice `{notice}`"))?;
            if rule.checklist.as_deref() != Some(checklist) {
                return Err(format!("notice `{notice}` fulfils checklist `{checklist}`, which is not the rule's"));
            }
        }
        Ok(())
    }

    /// The rule with this identifier, in upper or lower case.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(&id.to_ascii_uppercase())
    }

    /// All rules, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The checklist with this identifier.
    pub fn checklist(&self, id: &str) -> Option<&Checklist> {
        self.checklists.get(id)
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(crate) fn credit_agencies(&self) -> &[CreditAgencyRow] {
        &self.credit_agencies
    }

    /// How the calendar of that identifier counts.
    pub(crate) fn counting(&self, calendar: &str) -> Option<Counting> {
        Some(self.calendars.get(calendar)?.counting)
    }

    /// The limit for answering a person's request, by its identifier in upper or lower case.
    pub(crate) fn request(&self, id: &str) -> Option<&RequestRow> {
        self.requests.get(&id.to_ascii_uppercase())
    }

    pub(crate) fn time_zones(&self, jurisdiction: &str) -> Vec<TimeZone> {
        let row = self.jurisdictions.get(jurisdiction);
        row.into_iter().flat_map(|row| &row.time_zones).filter_map(|zone| TimeZone::get(zone).ok()).collect()
    }

    /// The states whose statute counts one of these classes of data as personal information.
    pub(crate) fn states_counting(&self, classes: &BTreeSet<&str>) -> Vec<String> {
        let counts = |profile: &&ProfileRow| {
            let base = self.base_classes.iter().filter(|_| profile.base_pi);
            let credentials = ["credentials", "email_password"].into_iter().filter(|_| profile.credentials_standalone);
            base.chain(&profile.pi_extras).map(String::as_str).chain(credentials).any(|class| classes.contains(class))
        };
        self.profiles.values().filter(counts).map(|profile| profile.id.clone()).collect()
    }

    #[cfg(test)]
    pub(crate) fn requests(&self) -> impl Iterator<Item = &RequestRow> {
        self.requests.values()
    }

    #[cfg(test)]
    pub(crate) fn examples(&self) -> &[ExampleRow] {
        &self.examples
    }
}
