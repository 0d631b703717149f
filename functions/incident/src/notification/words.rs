//! The words of one language: names of data classes, measures and places, dates and numbers (`notices/words/<lang>.toml`).

use super::notices::Fault;
use super::vocabulary::{Moment, Vocabulary};
use crate::containment::ActionId;
use crate::finding::Category;
use jiff::Zoned;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The words of one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    months: Vec<String>,
    thousands_separator: String,
    /// What happened, by kind of breach. A kind that says nothing about what happened is not here.
    nature: BTreeMap<Category, String>,
    data_class: BTreeMap<String, DataClass>,
    /// What was done, by action; for a person who does not know the service.
    measure: BTreeMap<String, String>,
    /// Categories of data subjects.
    subject: BTreeMap<String, String>,
    place: BTreeMap<String, String>,
}

/// A class of data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataClass {
    name: String,
    /// What can follow for the people concerned.
    consequence: Option<String>,
}

/// A time in the parts that a language puts in its own order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WrittenTime {
    day: i8,
    month: String,
    year: i16,
    /// Hours and minutes; `None` where only the day is known.
    clock: Option<String>,
    /// The time zone's abbreviation.
    zone: String,
}

impl WrittenTime {
    /// Any time: for checking templates.
    pub(crate) fn sample() -> Self {
        let (month, clock, zone) = ("M".to_owned(), Some("00:00".to_owned()), "UTC".to_owned());
        Self { day: 1, month, year: 2026, clock, zone }
    }
}

impl Words {
    pub(crate) fn nature(&self, category: Category) -> Option<String> {
        self.nature.get(&category).cloned()
    }

    pub(crate) fn data_class(&self, class: &str) -> String {
        self.data_class.get(class).map_or_else(|| class.to_owned(), |known| known.name.clone())
    }

    pub(crate) fn consequence(&self, class: &str) -> Option<String> {
        self.data_class.get(class)?.consequence.clone()
    }

    pub(crate) fn measure(&self, action: ActionId) -> Option<String> {
        self.measure.get(action.as_str()).cloned()
    }

    /// A category of people that the words do not have is used as the organisation writes it.
    pub(crate) fn subject(&self, subject: &str) -> String {
        self.subject.get(subject).cloned().unwrap_or_else(|| subject.to_owned())
    }

    pub(crate) fn place(&self, jurisdiction: &str) -> String {
        self.place.get(jurisdiction).cloned().unwrap_or_else(|| jurisdiction.to_owned())
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

    pub(crate) fn time(&self, moment: Moment, zone: &TimeZone) -> Option<WrittenTime> {
        match moment {
            Moment::Instant(instant) => {
                let local = instant.to_zoned(zone.clone());
                let clock = format!("{:02}:{:02}", local.hour(), local.minute());
                self.written(&local, Some(clock))
            }
            Moment::Day(day) => self.written(&day.to_zoned(zone.clone()).ok()?, None),
        }
    }

    fn written(&self, local: &Zoned, clock: Option<String>) -> Option<WrittenTime> {
        let month = usize::try_from(local.month()).ok()?.checked_sub(1)?;
        Some(WrittenTime {
            day: local.day(),
            month: self.months.get(month)?.clone(),
            year: local.year(),
            clock,
            zone: local.strftime("%Z").to_string(),
        })
    }

    /// What these words lack for the vocabulary, or have beyond it.
    pub(crate) fn check(&self, vocabulary: &Vocabulary) -> Result<(), Fault> {
        if self.months.len() != 12 {
            return Err(Fault::new("months", "there must be 12"));
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
        for (section, mine, theirs) in
            [("subject", &self.subject, &other.subject), ("place", &self.place, &other.place)]
        {
            if let Some(key) = theirs.keys().find(|key| !mine.contains_key(*key)) {
                return lacks(section, key.clone());
            }
        }
        let has =
            |words: &Self, class: &str| words.data_class.get(class).is_some_and(|known| known.consequence.is_some());
        if let Some(class) = other.data_class.keys().find(|class| has(other, class) && !has(self, class)) {
            return lacks("data_class", format!("{class}.consequence"));
        }
        Ok(())
    }
}
