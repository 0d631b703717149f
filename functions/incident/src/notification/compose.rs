//! What a notice may say, from what is known. Nothing is guessed: what is not known stays out.

use super::context::{Answer, Answered, Context, CreditAgency, Hold, People, Sample, Sender, TakenMeasure};
use super::derive::Touched;
use super::draft::Writing;
use super::facts::AUTHOR;
use super::rule::Rule;
use super::rules::Rules;
use super::vocabulary::Moment;
use super::words::{Phrases, Words, WrittenTime};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The classes of data at whose exposure a notice names the credit reporting agencies (Cal. Civ. Code 1798.82(d)(2)(F)).
const CREDIT_CLASSES: [&str; 3] = ["ssn", "drivers_license", "state_id"];
/// The classes at whose exposure identity services are to be offered ((d)(2)(G), data of (h)(1)(A) and (B)).
const IDENTITY_CLASSES: [&str; 7] =
    ["ssn", "drivers_license", "state_id", "tax_id", "passport", "military_id", "gov_id"];
const CREDENTIALS: [&str; 2] = ["credentials", "email_password"];
const PAYMENT_CLASSES: [&str; 4] = ["payment_card", "cardholder_data", "account_with_code", "financial_account"];

/// What a notice is written with: the language, and what the law asks for.
pub(crate) struct Script<'a> {
    pub(crate) words: Words,
    pub(crate) say: Phrases,
    /// The items that the rule asks for.
    pub(crate) items: Vec<&'a str>,
    /// Every element that a notice can say, and whether it is asked for.
    pub(crate) asks: BTreeMap<String, bool>,
    /// What the exposure of classes of data can lead to.
    pub(crate) consequences: BTreeMap<String, Vec<String>>,
}

/// The variables of the notice.
pub(crate) fn compose(writing: &Writing<'_>, rule: &Rule, rules: &Rules, script: &Script<'_>) -> Context {
    let words = &script.words;
    let composer = Composer { writing, words, rule, rules, zone: zone(writing, rule, rules) };
    let classes = writing.facts.members("data_classes");
    let has = |some: &[&str]| classes.iter().any(|class| some.contains(class));
    let facts = writing.facts;
    let text = |fact: &str| facts.text(fact).map(one_line).filter(|text| !text.is_empty());
    let touched = Touched::by(writing.incident, writing.organisation);
    let established = facts.count("people_approximate");
    let residents = format!("affected.{}", rule.jurisdiction);
    let nature = words.nature(writing.incident.category);
    let what_happened = text("notice.what_happened");
    let measures = composer.measures();
    let measures_proposed = text("notice.measures_proposed");
    let answer = |fact: &str| Some(Answer { yes: facts.known(fact)?.as_bool()? });
    let asks = |element: &str| script.asks.get(element).copied().unwrap_or_default();
    let office = rules.notices().trade_commission();
    Context {
        language: writing.recipient.language.clone(),
        subject: String::new(),
        say: script.say.0.clone(),
        asks: script.asks.clone(),
        citation: one_line(&rule.citation),
        place: composer.place(&rule.jurisdiction),
        complete: false,
        organisation: composer.sender(),
        recipient: one_line(&writing.recipient.name),
        reference: writing.incident.id.to_string(),
        written: composer.time(Moment::Instant(writing.written_at)),
        aware: facts.moment("t.aware").and_then(|moment| composer.time(moment)),
        started: facts.moment("breach.started").and_then(|moment| composer.time(moment)),
        ended: facts.moment("breach.ended").and_then(|moment| composer.time(moment)),
        late: writing.obligation.due_at.is_some_and(|due| writing.written_at > due),
        reasons_for_delay: text("notice.reasons_for_delay"),
        nature_known: nature.is_some() || what_happened.is_some(),
        nature,
        withholds_nature: false,
        what_happened,
        subjects: unique(touched.holdings.iter().flat_map(|holding| &holding.subjects), |subject| {
            one_line(&words.subject(subject))
        }),
        people_total: established
            .or_else(|| composer.sum().filter(|_| touched.complete))
            .map(|total| words.number(total)),
        people_at_most: established.is_none(),
        people: composer.people(),
        records: facts.count("records_approximate").map(|count| words.number(count)),
        data: classes.iter().map(|class| one_line(&words.data_class(class))).collect(),
        holdings: unique(touched.holdings.iter().map(|holding| &holding.description), |text| one_line(text)),
        consequences: composer.consequences(&classes, &script.consequences),
        measures_known: !measures.is_empty() || measures_proposed.is_some(),
        measures,
        measures_proposed,
        hold: facts.known("law_enforcement_hold").map(|hold| Hold { delayed: hold != false }),
        malicious: answer("incident.malicious"),
        cross_border: answer("cross_border_eu"),
        people_told: facts.moment("t.consumer_notice_sent").and_then(|moment| composer.time(moment)),
        credentials: has(&CREDENTIALS),
        payment: has(&PAYMENT_CLASSES),
        credit_agencies: if has(&CREDIT_CLASSES) || asks("credit_agencies") {
            credit_agencies(rules)
        } else {
            Vec::new()
        },
        credit_agencies_due: has(&CREDIT_CLASSES),
        trade_commission: Some(CreditAgency::new(&office.name, &office.phone, &office.address)),
        identity_services_due: has(&IDENTITY_CLASSES),
        identity_services: text("identity_services.offer"),
        sample: composer.sample(),
        residents_at_most: facts.entries().any(|(name, fact)| name == residents && fact.author == AUTHOR),
        residents: facts.count(&residents).map(|count| words.number(count)),
        answers: answers(facts.known("notice.items"), &script.items),
    }
}

struct Composer<'a> {
    writing: &'a Writing<'a>,
    words: &'a Words,
    rule: &'a Rule,
    rules: &'a Rules,
    zone: TimeZone,
}

impl Composer<'_> {
    fn time(&self, moment: Moment) -> Option<WrittenTime> {
        self.words.time(moment, &self.zone, &self.rule.jurisdiction)
    }

    fn sender(&self) -> Sender {
        let organisation = self.writing.organisation;
        Sender {
            name: one_line(&organisation.name),
            address: one_line(&organisation.address),
            contact: one_line(&organisation.privacy_contact.name),
            email: one_line(&organisation.privacy_contact.email),
            phone: one_line(&organisation.privacy_contact.phone),
        }
    }

    /// The known numbers of people by place, most first.
    fn people(&self) -> Vec<People> {
        let mut counts: Vec<(u64, &str)> = self.counts().collect();
        counts.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
        let people = counts.into_iter();
        people
            .map(|(count, place)| {
                let (place, count) = (self.place(place), self.words.number(count));
                People { line: format!("{place}: {count}"), place, count }
            })
            .collect()
    }

    fn place(&self, jurisdiction: &str) -> String {
        let known = self.words.place(jurisdiction).or_else(|| self.rules.place_name(jurisdiction));
        known.unwrap_or(jurisdiction).to_owned()
    }

    /// Everyone in every place.
    fn sum(&self) -> Option<u64> {
        let total = self.counts().fold(0u64, |total, (count, _)| total.saturating_add(count));
        (total > 0).then_some(total)
    }

    fn counts(&self) -> impl Iterator<Item = (u64, &str)> {
        let facts = self.writing.facts;
        let named = facts.entries().filter_map(|(name, _)| Some((name, name.strip_prefix("affected.")?)));
        named.filter_map(|(name, place)| Some((facts.count(name)?, place))).filter(|(count, _)| *count > 0)
    }

    /// What counsel wrote, else what the classes of data are known to lead to.
    fn consequences(&self, classes: &[&str], known: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        if let Some(text) = self.writing.facts.text("notice.consequences").map(one_line).filter(|text| !text.is_empty())
        {
            return vec![text];
        }
        let leads = |class: &&str, to: &[String]| to.iter().any(|known| known == class);
        let follow = classes.iter().flat_map(|class| known.iter().filter(move |(_, to)| leads(class, to)));
        unique(follow.filter_map(|(name, _)| self.words.consequence(name)), |text| text.clone())
    }

    fn measures(&self) -> Vec<TakenMeasure> {
        let measures = self.writing.measures.iter();
        measures
            .filter_map(|measure| {
                let text = self.words.measure(measure.action)?;
                let at = measure.at.and_then(|at| self.time(Moment::Instant(at)));
                let target = one_line(&measure.target);
                let when = |form: fn(&WrittenTime) -> &String| at.as_ref().map(form).map(|time| format!(", {time}"));
                let line = format!("{text} ({target}){}", when(|time| &time.full).unwrap_or_default());
                let plain = format!("{text}{}", when(|time| &time.day).unwrap_or_default());
                Some(TakenMeasure { text, target, at, line, plain })
            })
            .collect()
    }

    fn sample(&self) -> Option<Sample> {
        let sample = self.writing.sample?;
        let sent = self.writing.facts.moment("t.consumer_notice_sent").and_then(|moment| self.time(moment));
        Some(Sample {
            language: sample.language.clone(),
            subject: sample.subject.clone(),
            text: sample.text.trim().to_owned(),
            sent,
        })
    }
}

/// The zone in which a notice gives times: that of its jurisdiction, where it has one, else the entity's, else UTC.
fn zone(writing: &Writing<'_>, rule: &Rule, rules: &Rules) -> TimeZone {
    let own = writing.facts.text("tz").and_then(|zone| TimeZone::get(zone).ok());
    rules.time_zones(&rule.jurisdiction).into_iter().next().or(own).unwrap_or(TimeZone::UTC)
}

fn credit_agencies(rules: &Rules) -> Vec<CreditAgency> {
    let agencies = rules.credit_agencies().iter();
    agencies.map(|row| CreditAgency::new(&row.name, &row.phone, &row.address)).collect()
}

/// What counsel answered to these items, in their order.
fn answers(written: Option<&Value>, items: &[&str]) -> Vec<Answered> {
    let answer = |item: &&&str| {
        let text = one_line(written?.get(**item)?.as_str()?);
        (!text.is_empty()).then(|| Answered { item: (**item).to_owned(), text })
    };
    items.iter().filter_map(|item| answer(&item)).collect()
}

/// Each text once, in order.
fn unique<T>(items: impl Iterator<Item = T>, text: impl Fn(&T) -> String) -> Vec<String> {
    let mut seen = BTreeSet::new();
    items.map(|item| text(&item)).filter(|text| !text.is_empty() && seen.insert(text.clone())).collect()
}

/// A value on one line: no line break that could add a mail header, no control or direction mark that could change what
/// a reader sees.
pub(crate) fn one_line(text: &str) -> String {
    let visible = |letter: &char| !matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{061C}' | '\u{FEFF}');
    let spaced: String =
        text.chars().filter(visible).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
