//! The questions of the form, each with how it stands.

use super::read::{Form, Slip};
use super::typed::{member_of, texts_of};
use crate::views::text::spaced;
use incident::notification::{Facts, Field, Takes};
use std::collections::BTreeSet;

/// Questions that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are about.
    pub title: String,
    /// What to know about them.
    pub hint: String,
    /// Whether it is shown at once.
    pub is_open: bool,
    /// The questions.
    pub fields: Vec<Shown>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The name of the fact.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// How it is answered.
    pub control: Control,
    /// Whether it is said that it is not known.
    pub is_unknown: bool,
    /// Why what was sent cannot be entered.
    pub slip: Option<String>,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// One of these; nothing is chosen while nothing is recorded.
    One(Vec<Choice>),
    /// Any of these.
    Many(Vec<Choice>),
    /// A whole number.
    Number(String),
    /// A line, with an example of what fits.
    Line(String, &'static str),
    /// Several lines.
    Lines(String),
    /// A line for each member.
    Members(Vec<(String, String)>),
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl Group {
    pub(super) fn all(
        questions: &[Field],
        facts: &Facts,
        deciding: &BTreeSet<&str>,
        form: Option<&Form>,
        slips: &[Slip],
    ) -> Vec<Self> {
        let field = |question: &Field| Shown::of(question, facts, form, slips);
        let is_single = |question: &&Field| is_asked(question);
        let all: Vec<&Field> = questions.iter().filter(is_single).collect();
        let decides = |question: &&&Field| {
            deciding.contains(question.name.as_str()) || slips.iter().any(|slip| slip.fact == question.name)
        };
        let is_recorded = |question: &Field| facts.entries().any(|(name, _)| name == question.name);
        let first: Vec<Shown> = all.iter().filter(decides).map(|question| field(question)).collect();
        let rest: Vec<&&Field> = all.iter().filter(|question| !decides(question)).collect();
        let of = |wanted: &dyn Fn(&Field) -> bool| -> Vec<Shown> {
            rest.iter().filter(|question| wanted(question)).map(|question| field(question)).collect()
        };
        let is_clock = |question: &Field| question.name.starts_with("t.") || question.name.starts_with("breach.");
        let is_words =
            |question: &Field| question.name.starts_with("notice.") || question.name.starts_with("identity_services.");
        let plain = |question: &Field| !is_clock(question) && !is_words(question);
        let groups = [
            ("What decides now", "A duty rests on each of these, because it is not known.", true, first),
            (
                "Recorded",
                "What is known, or was said not to be.",
                false,
                of(&|question| plain(question) && is_recorded(question)),
            ),
            ("Times", "From when the law counts. A time with its offset from UTC, or a day.", false, of(&is_clock)),
            ("Words for the notices", "They go into the texts as they stand here.", false, of(&is_words)),
            (
                "Everything else",
                "What no duty asks for at the moment.",
                false,
                of(&|question| plain(question) && !is_recorded(question)),
            ),
        ];
        let group = |(title, hint, is_open, fields): (&str, &str, bool, Vec<Shown>)| Self {
            title: title.to_owned(),
            hint: hint.to_owned(),
            is_open,
            fields,
        };
        groups.into_iter().map(group).filter(|group| !group.fields.is_empty()).collect()
    }
}

/// Whether people may answer it at all.
pub(super) fn is_open(question: &Field) -> bool {
    question.name != "incident_id"
}

/// Whether there is something to answer: a table without members has no lines, and the name of the incident is not in question.
fn is_asked(question: &Field) -> bool {
    is_open(question) && question.takes != Takes::Table(Vec::new())
}

impl Shown {
    fn of(question: &Field, facts: &Facts, form: Option<&Form>, slips: &[Slip]) -> Self {
        let recorded = facts.entries().find(|(name, _)| *name == question.name).map(|(_, fact)| &fact.value);
        let sent = form.and_then(|form| form.sent(&question.name));
        let (texts, is_unknown) = match sent {
            Some(sent) => sent,
            None => (texts_of(recorded), recorded.is_some_and(|value| value.is_null() || value == "unknown")),
        };
        let first = || texts.first().cloned().unwrap_or_default();
        let choices = |members: &[String]| {
            let choice = |member: &String| Choice {
                value: member.clone(),
                label: spaced(member),
                is_chosen: !is_unknown && texts.contains(member),
            };
            members.iter().map(choice).collect::<Vec<_>>()
        };
        let control = match &question.takes {
            Takes::YesNo => Control::One(choices(&["yes".to_owned(), "no".to_owned()])),
            // That it is not known is a choice of its own.
            Takes::OneOf(members) => Control::One(choices(
                &members.iter().filter(|member| *member != "unknown").cloned().collect::<Vec<_>>(),
            )),
            Takes::AnyOf(members) => Control::Many(choices(members)),
            Takes::Count => Control::Number(first()),
            Takes::Place => Control::Line(first(), "DE or US-CA"),
            Takes::TimeZone => Control::Line(first(), "Europe/Berlin"),
            Takes::Time => Control::Line(first(), "2026-11-22T10:00:00+01:00 or 2026-11-22"),
            Takes::Text => Control::Lines(first()),
            Takes::Table(members) => {
                let held = |member: &String| {
                    (
                        member.clone(),
                        form.map_or_else(|| member_of(recorded, member), |form| form.member(&question.name, member)),
                    )
                };
                Control::Members(members.iter().map(held).collect())
            }
        };
        let slip = slips.iter().find(|slip| slip.fact == question.name).map(|slip| slip.problem.clone());
        Self {
            name: question.name.clone(),
            meaning: question.description.clone().unwrap_or_default(),
            control,
            is_unknown,
            slip,
        }
    }
}
