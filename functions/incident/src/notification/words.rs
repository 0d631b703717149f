//! The words of one language: names of data classes, measures and places, dates and numbers (`notices/words/<lang>.toml`).

use super::notices::Fault;
use super::page::placeholders;
use super::vocabulary::{Moment, Vocabulary};
use crate::containment::ActionId;
use crate::finding::Category;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The words of one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    months: Vec<String>,
    thousands_separator: String,
    date: DateForm,
    /// What happened, by kind of breach. A kind that says nothing about what happened is not here.
    nature: BTreeMap<Category, String>,
    /// Classes of data.
    data_class: BTreeMap<String, String>,
    /// What can follow for the people concerned, by the names of `notices/consequences.toml`.
    consequence: BTreeMap<String, String>,
    /// What was done, by action; for a person who does not know the service.
    measure: BTreeMap<String, String>,
    /// Categories of data subjects.
    subject: BTreeMap<String, String>,
    place: BTreeMap<String, String>,
}

/// The sentences of one language, by name (`notices/phrases/<lang>.toml`).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Phrases(pub(crate) BTreeMap<String, String>);

impl Phrases {
    /// What these sentences lack that `other` has, or what a sentence leaves out.
    pub(crate) fn check_against(&self, other: &Self) -> Result<(), Fault> {
        for (name, theirs) in &other.0 {
            let own = self.0.get(name).ok_or_else(|| Fault::new(name.as_str(), "is missing"))?;
            if own.trim().is_empty() || placeholders(own) != placeholders(theirs) {
                return Err(Fault::new(name.as_str(), "does not say what the other languages say"));
            }
        }
        Ok(())
    }
}

/// How the language writes a day and a time: `{day}`, `{month}` and `{year}`, then `{clock}` and `{zone}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateForm {
    day: String,
    /// The same in the United States, where it differs.
    day_in_us: Option<String>,
    /// How the first of a month is written, where not as a number.
    first: Option<String>,
    /// `{date}`, `{clock}` and `{zone}`.
    moment: String,
}

/// A time as the language writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WrittenTime {
    /// The day alone.
    pub(crate) day: String,
    /// With the time of day and its zone, where they are known.
    pub(crate) full: String,
}

impl WrittenTime {
    /// Any time: for checking templates.
    pub(crate) fn sample() -> Self {
        Self { day: "1 M 2026".to_owned(), full: "1 M 2026, 00:00 UTC".to_owned() }
    }
}

impl Words {
    pub(crate) fn nature(&self, category: Category) -> Option<String> {
        self.nature.get(&category).cloned()
    }

    pub(crate) fn data_class(&self, class: &str) -> String {
        self.data_class.get(class).cloned().unwrap_or_else(|| class.to_owned())
    }

    pub(crate) fn consequence(&self, consequence: &str) -> Option<String> {
        self.consequence.get(consequence).cloned()
    }

    pub(crate) fn measure(&self, action: ActionId) -> Option<String> {
        self.measure.get(action.as_str()).cloned()
    }

    /// A category of people that the words do not have is used as the organisation writes it.
    pub(crate) fn subject(&self, subject: &str) -> String {
        self.subject.get(subject).cloned().unwrap_or_else(|| subject.to_owned())
    }

    /// A place that the words do not have keeps the name that the rules give it.
    pub(crate) fn place<'a>(&'a self, jurisdiction: &str) -> Option<&'a str> {
        self.place.get(jurisdiction).map(String::as_str)
    }

    /// A number with its thousands apart.
    pub(crate) fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push_str(&self.thousands_separator);
            }
            text.push(digit);
        }
        text
    }

    /// The time in this zone, as readers in this jurisdiction write it.
    pub(crate) fn time(&self, moment: Moment, zone: &TimeZone, jurisdiction: &str) -> Option<WrittenTime> {
        let (local, has_clock) = match moment {
            Moment::Instant(instant) => (instant.to_zoned(zone.clone()), true),
            Moment::Day(day) => (day.to_zoned(zone.clone()).ok()?, false),
        };
        let month = self.months.get(usize::try_from(local.month()).ok()?.checked_sub(1)?)?;
        let number = local.day().to_string();
        let number = self.date.first.clone().filter(|_| local.day() == 1).unwrap_or(number);
        let in_us = jurisdiction == "US" || jurisdiction.starts_with("US-");
        let form = self.date.day_in_us.as_ref().filter(|_| in_us).unwrap_or(&self.date.day);
        let year = local.year().to_string();
        let day = form.replace("{day}", &number).replace("{month}", month).replace("{year}", &year);
        let clock = format!("{:02}:{:02}", local.hour(), local.minute());
        let full = self.date.moment.replace("{date}", &day).replace("{clock}", &clock);
        let full = full.replace("{zone}", &local.strftime("%Z").to_string());
        Some(WrittenTime { full: if has_clock { full } else { day.clone() }, day })
    }

    /// What these words lack for the vocabulary, or have beyond it.
    pub(crate) fn check(&self, vocabulary: &Vocabulary) -> Result<(), Fault> {
        if self.months.len() != 12 {
            return Err(Fault::new("months", "there must be 12"));
        }
        let forms = [Some(&self.date.day), self.date.day_in_us.as_ref()];
        let whole = |form: &&String| ["{day}", "{month}", "{year}"].iter().all(|part| form.contains(part));
        if !forms.into_iter().flatten().all(|form| whole(&form)) || !self.date.moment.contains("{date}") {
            return Err(Fault::new("date", "a part of the date is missing"));
        }
        let classes = vocabulary.members("data_classes");
        if let Some(action) = ActionId::all().find(|action| !self.measure.contains_key(action.as_str())) {
            return Err(Fault::new("measure", format!("`{}` is missing", action.as_str())));
        }
        if let Some(name) = self.measure.keys().find(|name| ActionId::named(name).is_none()) {
            return Err(Fault::new("measure", format!("there is no action `{name}`")));
        }
        if let Some(class) = classes.iter().find(|class| !self.data_class.contains_key(**class)) {
            return Err(Fault::new("data_class", format!("`{class}` is missing")));
        }
        if let Some(class) = self.data_class.keys().find(|class| !classes.contains(&class.as_str())) {
            return Err(Fault::new("data_class", format!("there is no data class `{class}`")));
        }
        Ok(())
    }

    /// What these words have and `other` has not: one language may not know more than another.
    pub(crate) fn check_against(&self, other: &Self) -> Result<(), Fault> {
        let lacks = |section: &str, key: String| Err(Fault::new(section, format!("`{key}` is missing")));
        if let Some(key) = other.nature.keys().find(|key| !self.nature.contains_key(*key)) {
            return lacks("nature", format!("{key:?}"));
        }
        for (section, mine, theirs) in [
            ("subject", &self.subject, &other.subject),
            ("consequence", &self.consequence, &other.consequence),
            ("place", &self.place, &other.place),
        ] {
            if let Some(key) = theirs.keys().find(|key| !mine.contains_key(*key)) {
                return lacks(section, key.clone());
            }
        }
        Ok(())
    }
}
