//! All rows of `obligations/*.toml` as one: read row by row, so that an error names the field, and checked against each other.
//!
//! The build script reads this module too: a file that cannot be used breaks the build.

use super::deadline_rule::RequestRow;
use super::rows::{
    CalendarRow, CreditAgencyRow, ExampleRow, JurisdictionRow, ProfileRow, RegisterRow, ThresholdRow, WatchRow,
};
use super::rule::{Checklist, Rule};
use super::vocabulary::{ClockRow, FactRow, Vocabulary};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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

/// What a file may hold.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sheet {
    pub(crate) fact: Vec<FactRow>,
    pub(crate) clock: Vec<ClockRow>,
    pub(crate) calendar: Vec<CalendarRow>,
    pub(crate) jurisdiction: Vec<JurisdictionRow>,
    pub(crate) obligation: Vec<Rule>,
    pub(crate) checklist: Vec<Checklist>,
    pub(crate) threshold: Vec<ThresholdRow>,
    pub(crate) us_profile: Vec<ProfileRow>,
    pub(crate) us_base_pi: BaseClasses,
    pub(crate) credit_agency: Vec<CreditAgencyRow>,
    pub(crate) register: Vec<RegisterRow>,
    pub(crate) request: Vec<RequestRow>,
    pub(crate) watch: Vec<WatchRow>,
    pub(crate) example: Vec<ExampleRow>,
}

/// What every state of the United States counts as personal information together with a name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseClasses {
    pub(crate) classes: Vec<String>,
}

impl Sheet {
    /// Reads the rows of a file.
    ///
    /// # Errors
    /// Names the row and the field that has no place or no meaning.
    pub(crate) fn read(file: &str, document: Value) -> Result<Self, RuleError> {
        let Value::Object(tables) = document else { return Err(RuleError::new(file, "the file", "is no table")) };
        let mut sheet = Self::default();
        for (kind, table) in tables {
            match kind.as_str() {
                "fact" => sheet.fact = rows(file, &kind, table)?,
                "clock" => sheet.clock = rows(file, &kind, table)?,
                "calendar" => sheet.calendar = rows(file, &kind, table)?,
                "jurisdiction" => sheet.jurisdiction = rows(file, &kind, table)?,
                "obligation" => sheet.obligation = rows(file, "rule", table)?,
                "checklist" => sheet.checklist = rows(file, &kind, table)?,
                "threshold" => sheet.threshold = rows(file, &kind, table)?,
                "us_profile" => sheet.us_profile = rows(file, &kind, table)?,
                "us_base_pi" => sheet.us_base_pi = row(file, &kind, table)?,
                "credit_agency" => sheet.credit_agency = rows(file, &kind, table)?,
                "request" => sheet.request = rows(file, &kind, table)?,
                "register" => sheet.register = rows(file, &kind, table)?,
                "watch" => sheet.watch = rows(file, &kind, table)?,
                "example" => sheet.example = rows(file, &kind, table)?,
                _ => return Err(RuleError::new(file, "the file", format!("there is no kind of row `{kind}`"))),
            }
        }
        Ok(sheet)
    }
}

fn rows<T: DeserializeOwned>(file: &str, kind: &str, table: Value) -> Result<Vec<T>, RuleError> {
    let Value::Array(all) = table else { return Err(RuleError::new(file, format!("`{kind}`"), "is no list of rows")) };
    let place = |number: usize, row: &Value| {
        let name = row.get("id").or_else(|| row.get("name")).and_then(Value::as_str);
        name.map_or_else(|| format!("{kind} number {}", number + 1), |name| format!("{kind} `{name}`"))
    };
    all.into_iter().enumerate().map(|(number, each)| row(file, &place(number, &each), each)).collect()
}

fn row<T: DeserializeOwned>(file: &str, place: &str, row: Value) -> Result<T, RuleError> {
    serde_path_to_error::deserialize(row).map_err(|error| {
        let path = error.path().to_string();
        let problem = if path == "." { error.inner().to_string() } else { format!("`{path}`: {}", error.inner()) };
        RuleError::new(file, place, problem)
    })
}

/// The rows of all files, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Law {
    pub(crate) rules: BTreeMap<String, Rule>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) calendars: BTreeMap<String, CalendarRow>,
    pub(crate) jurisdictions: BTreeMap<String, JurisdictionRow>,
    pub(crate) checklists: BTreeMap<String, Checklist>,
    pub(crate) thresholds: BTreeMap<String, ThresholdRow>,
    pub(crate) profiles: BTreeMap<String, ProfileRow>,
    pub(crate) requests: BTreeMap<String, RequestRow>,
    pub(crate) base_classes: Vec<String>,
    pub(crate) credit_agencies: Vec<CreditAgencyRow>,
    pub(crate) examples: Vec<ExampleRow>,
}

impl Law {
    /// Adds the rows of a file.
    ///
    /// # Errors
    /// Names a row that is there already.
    pub(crate) fn take_in(&mut self, file: &str, sheet: Sheet) -> Result<(), RuleError> {
        let twice = |kind: &str, id: &str| RuleError::new(file, format!("{kind} `{id}`"), "is defined twice");
        for row in sheet.fact {
            let name = row.name.clone();
            if !self.vocabulary.add_fact(row) {
                return Err(twice("fact", &name));
            }
        }
        for row in sheet.clock {
            let id = row.id.clone();
            if !self.vocabulary.add_clock(row) {
                return Err(twice("clock", &id));
            }
        }
        let named = |kind: &'static str| move |id: String| twice(kind, &id);
        add(&mut self.calendars, sheet.calendar, |row| &row.id).map_err(named("calendar"))?;
        add(&mut self.jurisdictions, sheet.jurisdiction, |row| &row.id).map_err(named("jurisdiction"))?;
        add(&mut self.rules, sheet.obligation, |row| &row.id).map_err(named("rule"))?;
        add(&mut self.checklists, sheet.checklist, |row| &row.id).map_err(named("checklist"))?;
        add(&mut self.thresholds, sheet.threshold, |row| &row.id).map_err(named("threshold"))?;
        add(&mut self.profiles, sheet.us_profile, |row| &row.id).map_err(named("profile"))?;
        add(&mut self.requests, sheet.request, |row| &row.id).map_err(named("request"))?;
        self.base_classes.extend(sheet.us_base_pi.classes);
        self.credit_agencies.extend(sheet.credit_agency);
        self.examples.extend(sheet.example);
        Ok(())
    }
}

/// Adds rows by their names; `Err` holds the first name that is there already.
fn add<T>(to: &mut BTreeMap<String, T>, rows: Vec<T>, name: impl Fn(&T) -> &String) -> Result<(), String> {
    for row in rows {
        if let Some(before) = to.insert(name(&row).clone(), row) {
            return Err(name(&before).clone());
        }
    }
    Ok(())
}
