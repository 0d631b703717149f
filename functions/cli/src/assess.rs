//! `tocsin assess`: which rules of law some facts trigger, why, and by when. No AWS.

use crate::Advised;
use crate::facts::{Document, DocumentError};
use incident::Organisation;
use incident::notification::{FactError, Facts, NotTriggered, Obligation, Rule, RuleError, Rules, SettingError};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::clock;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Weigh every rule of law against some facts. No AWS.
///
/// FACTS is one flat JSON object of fact names and clocks: {"gdpr_applies": true, "affected.US-CA": 640, "t.aware":
/// "2026-11-20T16:20:00+01:00", "tz": "Europe/Berlin"}. What it lacks is unknown, and counts as triggering. A clock is a time with
/// its offset, or a day. Writes {"obligations": [{"id", "jurisdiction", "citation", "recipient", "status", "due",
/// "due_statutory_latest", "clock", "confidence", "verified", "reasons", "missing_facts"}]} with every rule: `status` is triggered,
/// not_triggered or exempt, `missing_facts` are the unknown ones that were taken to trigger or not to exempt, `due` is what to work
/// to. Exits with 2 where the input is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file of facts; `-` is standard input
    #[arg(value_name = "FACTS")]
    facts: PathBuf,
    /// The day whose law counts, such as 2027-06-01, or a time on it; by default the day of `t.aware`, else today
    #[arg(long, value_name = "T", value_parser = instant)]
    as_of: Option<AsOf>,
    /// Settings of the organisation, whose own rules then count too
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
}

/// The day whose law counts, and the last moment of it anywhere.
#[derive(Clone, Copy, Debug)]
struct AsOf {
    day: Date,
    until: Timestamp,
}

fn instant(text: &str) -> Result<AsOf, String> {
    let wrong = || "must be a day (2027-06-01) or a time with its offset (2027-06-01T09:00:00+02:00)".to_owned();
    // A time counts on the day that it writes, not on that of UTC.
    let time = text.parse::<Timestamp>().ok();
    let day = if time.is_some() || text.len() == "2027-06-01".len() { text.get(..10) } else { None };
    let day: Date = day.and_then(|day| day.parse().ok()).ok_or_else(wrong)?;
    let end = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp();
    Ok(AsOf { day, until: time.unwrap_or(end) })
}

/// Why nothing was weighed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssessError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("{}", listed(.0))]
    Facts(Vec<FactError>),
    #[error("cannot read `{path}`")]
    Open { path: String, source: io::Error },
    #[error("`{path}` is no settings of an organisation")]
    Settings { path: String, source: serde_json::Error },
    #[error("`{path}` cannot be used")]
    Setting { path: String, source: SettingError },
    #[error("the rules of this build cannot be used")]
    Rules(#[from] RuleError),
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

fn listed(errors: &[FactError]) -> String {
    let lines: Vec<String> = errors.iter().map(FactError::to_string).collect();
    lines.join("\ntocsin: ")
}

impl Advised for AssessError {
    fn advice(&self) -> String {
        match self {
            Self::Document(_) => "Give one object of facts, such as {\"t.aware\": \"2026-11-20T16:20:00+01:00\"}.",
            Self::Facts(_) => {
                "Mend what is named; `functions/incident/obligations/vocabulary.toml` lists every fact and clock."
            }
            Self::Open { .. } => "Give the path of a readable file.",
            Self::Settings { .. } | Self::Setting { .. } => "Mend the field that is named.",
            Self::Rules(_) => "Mend the file that is named, then build again.",
            Self::Output(_) => "Check where the output goes and run again.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Document(_) | Self::Facts(_) | Self::Open { .. } | Self::Settings { .. } | Self::Setting { .. } => 2,
            Self::Rules(_) | Self::Output(_) => 1,
        }
    }
}

/// One rule, weighed.
#[derive(Debug, Serialize)]
struct Weighed<'a> {
    id: &'a str,
    /// Where one rule brings a duty in each of several member states, that state.
    jurisdiction: &'a str,
    citation: &'a str,
    recipient: &'a str,
    status: Status,
    due: Option<String>,
    due_statutory_latest: Option<String>,
    clock: &'a str,
    confidence: &'a str,
    verified: &'a str,
    reasons: &'a [String],
    missing_facts: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Triggered,
    NotTriggered,
    Exempt,
}

/// Weighs, and prints one JSON document.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, AssessError> {
    let rules = rules(arguments)?;
    let now = clock::now();
    // The law of a day to come is asked for incidents that lie before that day.
    let latest = arguments.as_of.map_or(now, |as_of| as_of.until.max(now));
    let facts = Facts::read(Document::read(&arguments.facts)?.0, latest).map_err(AssessError::Facts)?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let assessment = match arguments.as_of {
        Some(as_of) => rules.assess_on(&facts, as_of.day),
        None if facts.known("t.aware").is_none() => rules.assess_on(&facts, today),
        None => rules.assess(&facts),
    };
    let zone = facts.known("tz").and_then(|zone| zone.as_str()).and_then(|zone| TimeZone::get(zone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let triggered = assessment.obligations.iter().map(|duty| (&duty.rule, of_duty(duty, &zone)));
    let others = assessment.not_triggered.iter().filter_map(|refused| {
        let rule = rules.get(&refused.rule)?;
        Some((&rule.id, of_rule(rule, refused)))
    });
    let mut all: Vec<_> = triggered.chain(others).collect();
    all.sort_by_key(|(id, _)| *id);
    let all: Vec<Weighed<'_>> = all.into_iter().map(|(_, weighed)| weighed).collect();
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &BTreeMap::from([("obligations", all)])).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn rules(arguments: &Arguments) -> Result<Rules, AssessError> {
    let rules = Rules::load()?;
    let Some(file) = &arguments.organisation else { return Ok(rules) };
    let path = file.display().to_string();
    let bytes = fs::read(file).map_err(|source| AssessError::Open { path: path.clone(), source })?;
    let organisation: Organisation =
        serde_json::from_slice(&bytes).map_err(|source| AssessError::Settings { path: path.clone(), source })?;
    rules.of(&organisation).map_err(|source| AssessError::Setting { path, source })
}

fn of_duty<'a>(duty: &'a Obligation, zone: &TimeZone) -> Weighed<'a> {
    let written = |time: Option<Timestamp>| {
        time.map(|time| time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    Weighed {
        id: &duty.rule,
        jurisdiction: duty.member_state.as_ref().unwrap_or(&duty.jurisdiction),
        citation: &duty.citation,
        recipient: &duty.recipient_class,
        status: Status::Triggered,
        due: written(duty.due_at),
        due_statutory_latest: written(duty.due_statutory_latest),
        clock: &duty.clock,
        confidence: &duty.confidence,
        verified: &duty.verified,
        reasons: &duty.reasons,
        missing_facts: &duty.unknown_facts,
    }
}

fn of_rule<'a>(rule: &'a Rule, refused: &'a NotTriggered) -> Weighed<'a> {
    Weighed {
        id: &rule.id,
        jurisdiction: &rule.jurisdiction,
        citation: &rule.citation,
        recipient: &rule.recipient,
        status: if refused.exempt { Status::Exempt } else { Status::NotTriggered },
        due: None,
        due_statutory_latest: None,
        clock: &rule.deadline.clock,
        confidence: &rule.confidence,
        verified: &rule.verified,
        reasons: &refused.reasons,
        missing_facts: &[],
    }
}
