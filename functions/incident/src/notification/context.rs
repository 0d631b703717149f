//! Everything that a notice may say: the variables of the templates.

use super::items::Ban;
use super::words::WrittenTime;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The variables of the templates. What is not known is `None` or empty, and a template says so or leaves it out.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Context {
    pub(crate) language: String,
    pub(crate) subject: String,
    /// The sentences of the language, by name.
    pub(crate) say: BTreeMap<String, String>,
    /// What the law asks the notice to say, by element (`notices/items.toml`).
    pub(crate) asks: BTreeMap<String, bool>,
    /// The statute.
    pub(crate) citation: String,
    /// The notice's own jurisdiction, in words.
    pub(crate) place: String,
    pub(crate) organisation: Sender,
    pub(crate) recipient: String,
    /// Our reference: the incident's identifier.
    pub(crate) reference: String,
    pub(crate) written: Option<WrittenTime>,
    pub(crate) aware: Option<WrittenTime>,
    pub(crate) started: Option<WrittenTime>,
    pub(crate) ended: Option<WrittenTime>,
    /// Whether the notice is written after its due time.
    pub(crate) late: bool,
    pub(crate) reasons_for_delay: Option<String>,
    pub(crate) nature: Option<String>,
    /// Whether the law keeps the nature of the breach out of this notice.
    pub(crate) withholds_nature: bool,
    /// Whether the notice can say what happened, in counsel's words or in ours.
    pub(crate) nature_known: bool,
    pub(crate) measures_known: bool,
    /// Whether nothing is missing that the law asks for.
    pub(crate) complete: bool,
    pub(crate) what_happened: Option<String>,
    pub(crate) subjects: Vec<String>,
    pub(crate) people: Vec<People>,
    pub(crate) people_total: Option<String>,
    /// Whether the total is an upper bound from the data inventory rather than what was established.
    pub(crate) people_at_most: bool,
    pub(crate) records: Option<String>,
    pub(crate) data: Vec<String>,
    /// What the touched resources hold, in the words of the record of processing activities.
    pub(crate) holdings: Vec<String>,
    pub(crate) consequences: Vec<String>,
    pub(crate) measures: Vec<TakenMeasure>,
    pub(crate) measures_proposed: Option<String>,
    /// Whether a law-enforcement hold delayed the notice; `None` while that is not recorded.
    pub(crate) hold: Option<Hold>,
    /// Whether an unlawful or malicious act is suspected.
    pub(crate) malicious: Option<Answer>,
    /// Whether people in other countries can be concerned.
    pub(crate) cross_border: Option<Answer>,
    /// When the people concerned were informed.
    pub(crate) people_told: Option<WrittenTime>,
    pub(crate) credentials: bool,
    pub(crate) payment: bool,
    /// The agencies to turn to, where the data calls for it.
    pub(crate) credit_agencies: Vec<CreditAgency>,
    pub(crate) credit_agencies_due: bool,
    /// The Federal Trade Commission of the United States.
    pub(crate) trade_commission: Option<CreditAgency>,
    pub(crate) identity_services_due: bool,
    pub(crate) identity_services: Option<String>,
    /// The notice that was sent to the people concerned, as a sample.
    pub(crate) sample: Option<Sample>,
    /// The people in the notice's own jurisdiction.
    pub(crate) residents: Option<String>,
    pub(crate) residents_at_most: bool,
    /// What counsel answered to items of the checklist.
    pub(crate) answers: Vec<Answered>,
}

/// Who sends the notice.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sender {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) contact: String,
    pub(crate) email: String,
    pub(crate) phone: String,
}

/// People of one place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct People {
    pub(crate) place: String,
    pub(crate) count: String,
    /// Both on one line.
    pub(crate) line: String,
}

/// A measure that was taken.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TakenMeasure {
    pub(crate) text: String,
    pub(crate) target: String,
    pub(crate) at: Option<WrittenTime>,
    /// On one line, for who knows the resource.
    pub(crate) line: String,
    /// On one line, for who does not: without the resource, with the day.
    pub(crate) plain: String,
}

/// A question that is answered with yes or no.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) yes: bool,
}

/// An item of the checklist, and what counsel answered to it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answered {
    pub(crate) item: String,
    pub(crate) text: String,
}

/// Whether law enforcement held the notice back.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Hold {
    pub(crate) delayed: bool,
}

/// A credit reporting agency, or another office that people can turn to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CreditAgency {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    /// All of it on one line.
    pub(crate) line: String,
}

/// A notice to people, to be shown to an authority.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) language: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) sent: Option<WrittenTime>,
}

impl CreditAgency {
    pub(crate) fn new(name: &str, phone: &str, address: &str) -> Self {
        let line = [name, phone, address].join(", ");
        Self { name: name.to_owned(), phone: phone.to_owned(), address: address.to_owned(), line }
    }
}

impl Context {
    /// Takes out what the law keeps out of this notice, whoever wrote it.
    pub(crate) fn withhold(&mut self, bans: &BTreeSet<Ban>) {
        if bans.contains(&Ban::Nature) {
            self.withholds_nature = true;
            (self.nature, self.what_happened, self.nature_known) = (None, None, false);
            (self.started, self.ended) = (None, None);
            (self.measures_proposed, self.measures_known) = (None, false);
            self.measures.clear();
            self.holdings.clear();
        }
        if bans.contains(&Ban::Number) {
            (self.people_total, self.records, self.residents) = (None, None, None);
            self.people.clear();
        }
    }

    /// A context in which everything is known: for checking templates.
    pub(crate) fn full() -> Self {
        let some = || Some("S".to_owned());
        let list = || vec!["L".to_owned()];
        let time = || Some(WrittenTime::sample());
        Self {
            language: "en".to_owned(),
            subject: "S".to_owned(),
            written: time(),
            aware: time(),
            started: time(),
            ended: time(),
            late: true,
            reasons_for_delay: some(),
            nature: some(),
            nature_known: true,
            measures_known: true,
            complete: true,
            what_happened: some(),
            subjects: list(),
            people: vec![People { place: "P".to_owned(), count: "1".to_owned(), line: "P: 1".to_owned() }],
            people_total: some(),
            people_at_most: true,
            records: some(),
            data: list(),
            holdings: list(),
            consequences: list(),
            measures: vec![TakenMeasure {
                text: "M".to_owned(),
                target: "T".to_owned(),
                at: time(),
                line: "M (T)".to_owned(),
                plain: "M".to_owned(),
            }],
            measures_proposed: some(),
            hold: Some(Hold { delayed: true }),
            malicious: Some(Answer { yes: true }),
            cross_border: Some(Answer { yes: true }),
            people_told: time(),
            credentials: true,
            payment: true,
            credit_agencies: vec![CreditAgency::new("N", "1", "A")],
            trade_commission: Some(CreditAgency::new("F", "1", "A")),
            credit_agencies_due: true,
            identity_services_due: true,
            identity_services: some(),
            sample: Some(Sample {
                language: "en".to_owned(),
                subject: "S".to_owned(),
                text: "T".to_owned(),
                sent: time(),
            }),
            residents: some(),
            residents_at_most: true,
            answers: vec![Answered { item: "I".to_owned(), text: "A".to_owned() }],
            ..Self::bare()
        }
    }

    /// A context in which nothing optional is known: for checking templates.
    pub(crate) fn bare() -> Self {
        Self {
            recipient: "R".to_owned(),
            reference: "inc-0".to_owned(),
            citation: "C".to_owned(),
            place: "P".to_owned(),
            ..Self::default()
        }
    }
}
