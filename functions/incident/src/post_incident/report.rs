//! The incident report: what was recorded, as data and as a page that a person reads the morning after.

use super::timeline::{self, Event, spoken};
use crate::Digest;
use crate::notification::{Facts, Verdict};
use crate::record::{Incident, IncidentId};
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

include!(concat!(env!("OUT_DIR"), "/reports.rs"));

const TEMPLATE: &str = "incident/en.html.j2";

/// Everything that was recorded of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The legal name of the organisation.
    pub organisation: String,
    /// The incident.
    pub incident: Incident,
    /// When the report was written.
    pub written_at: Timestamp,
    /// What happened; in any order.
    pub timeline: Vec<Event>,
    /// The findings that it consists of.
    pub findings: Vec<FindingLine>,
    /// What was done to which resource.
    pub actions: Vec<ActionLine>,
    /// What was preserved.
    pub evidence: Vec<EvidenceLine>,
    /// The digest of the last entry of the custody log.
    pub custody_head: Option<Digest>,
    /// Who had to be told.
    pub obligations: Vec<ObligationLine>,
    /// What counsel decided.
    pub decisions: Vec<DecisionLine>,
    /// What was not done, could not be had, or is not known.
    pub gaps: Vec<GapLine>,
    /// The last version of the facts.
    pub facts: Option<Facts>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// Its identifier at the source.
    pub id: String,
    /// The service that made it.
    pub source: String,
    /// Its title.
    pub title: String,
    /// The label of its severity.
    pub severity: String,
    /// When it was received.
    pub received_at: Timestamp,
}

/// One containment action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLine {
    /// The action.
    pub action: String,
    /// The resource.
    pub target: String,
    /// The account that it is in.
    pub account: String,
    /// Its region; `None` for what is global.
    pub region: Option<String>,
    /// Where it stands: `contained`, `failed`, `reversed`, `withheld`, `started`.
    pub state: String,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When its effect was observed.
    pub contained_at: Option<Timestamp>,
    /// When the state as found was observed again.
    pub reversed_at: Option<Timestamp>,
    /// Why it failed or waits.
    pub reason: Option<String>,
}

/// One item of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// Its path in the vault.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// When it was collected.
    pub collected_at: Option<Timestamp>,
}

/// One duty to tell someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObligationLine {
    /// The obligation.
    pub obligation: String,
    /// The statute.
    pub citation: String,
    /// Who is told.
    pub recipient: String,
    /// By when; `None` where the law sets no limit or its clock has not started.
    pub due_at: Option<Timestamp>,
    /// Where it stands: `waiting`, `sent`, `withheld`, `not-notifiable`, `obsolete`, `not-turned-on`, …
    pub state: String,
    /// Why it ended without a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// The identifier that the mail service gave.
    pub reference: Option<String>,
    /// The digest of the text that was sent.
    pub digest: Option<Digest>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionLine {
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// What was decided.
    pub verdict: Verdict,
    /// Who decided.
    pub reviewer: String,
    /// Who had decided the same before, where two have to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reviewer: Option<String>,
    /// Why.
    pub reason: String,
    /// Why the text may go out although it lacks what the law asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_items_reason: Option<String>,
    /// When.
    pub decided_at: Timestamp,
    /// The digest of the text that was decided about.
    pub digest: Digest,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapLine {
    /// Where: an item of evidence, a notice, a phase.
    pub of: String,
    /// What is missing, and why.
    pub what: String,
}

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The template cannot be rendered.
    #[error("`reports/{TEMPLATE}` cannot be rendered")]
    Template(#[from] minijinja::Error),
    /// The report cannot be written as JSON.
    #[error("the report cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// A duration that people ask for first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// From what to what.
    pub what: String,
    /// In seconds.
    pub seconds: f64,
    /// As people say it.
    pub spoken: String,
}

impl Report {
    /// The whole report as JSON, with durations and the entry for the register.
    ///
    /// # Errors
    /// Never for a report that was read from JSON.
    pub fn json(&self) -> Result<String, ReportError> {
        let mut document = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut document {
            fields.insert("durations".to_owned(), serde_json::to_value(self.durations())?);
            fields.insert("register_entry".to_owned(), serde_json::to_value(self.register_entry())?);
        }
        Ok(serde_json::to_string_pretty(&document)?)
    }

    /// The report as one accessible page (WCAG 2.2 AA) without anything to load.
    ///
    /// # Errors
    /// A template that uses what the report does not have.
    pub fn html(&self) -> Result<String, ReportError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
        environment.set_syntax(syntax);
        for (name, text) in FILES {
            environment.add_template(name, text)?;
        }
        let page = environment.get_template(TEMPLATE)?.render(Serde(self.page()?))?;
        Ok(format!("{}\n", page.trim()))
    }

    /// How long it took from awareness to each thing that people ask for, as far as it happened.
    pub fn durations(&self) -> Vec<Figure> {
        let aware = self.incident.aware_at;
        let contained = self.actions.iter().filter_map(|action| action.contained_at);
        let all_contained = self.actions.iter().all(|action| action.contained_at.is_some());
        let ends = [
            ("Awareness to first containment", contained.clone().min()),
            ("Awareness to full containment", contained.max().filter(|_| all_contained)),
            ("Awareness to first notice", self.obligations.iter().filter_map(|obligation| obligation.sent_at).min()),
            ("Awareness to close", self.incident.closed_at),
        ];
        let figures = ends.into_iter().filter_map(|(what, end)| {
            let duration = end?.duration_since(aware);
            Some(Figure { what: what.to_owned(), seconds: duration.as_secs_f64(), spoken: spoken(duration) })
        });
        figures.collect()
    }

    /// One sentence on how it stands.
    fn summary(&self) -> String {
        let contained = self.actions.iter().filter(|action| action.contained_at.is_some()).count();
        let sent = self.obligations.iter().filter(|obligation| obligation.sent_at.is_some()).count();
        let actions = match self.actions.len() {
            0 => "No containment action was taken".to_owned(),
            all => format!("{contained} of {} took effect", counted(all, "containment action")),
        };
        let open = match self.actions.len() - contained {
            0 => String::new(),
            open => format!(" Not contained: {}, below.", counted(open, "step")),
        };
        let notices = match self.obligations.len() {
            0 => "no notice is due".to_owned(),
            all => format!("{sent} of {} sent", counted(all, "notice")),
        };
        let gaps = match self.gaps.len() {
            0 => String::new(),
            all => format!(" {} below.", counted(all, "gap")),
        };
        let merged = match (&self.incident.absorbed_by, self.incident.absorbed.as_slice()) {
            (Some(elder), _) => {
                format!(" This turned out to be part of incident {elder}, which takes its duties over.")
            }
            (None, []) => String::new(),
            (None, parts) => {
                let ids: Vec<&str> = parts.iter().map(IncidentId::as_str).collect();
                format!(" What began as {} turned out to be part of this.", ids.join(", "))
            }
        };
        let evidence = counted(self.evidence.len(), "item of evidence");
        format!("{actions}, {evidence} preserved, {notices}.{open}{merged}{gaps}")
    }

    /// The variables of the page.
    fn page(&self) -> Result<Value, ReportError> {
        let aware = self.incident.aware_at;
        let timeline = timeline::in_order(&self.timeline).into_iter().map(|event| {
            let since = spoken(event.at.duration_since(aware));
            json!({ "at": shown(event.at), "since": since, "phase": event.phase.title(), "what": event.what, "who": event.who })
        });
        let findings = self.findings.iter().map(|finding| {
            json!({ "id": finding.id, "source": finding.source, "title": finding.title, "severity": finding.severity,
                "received_at": shown(finding.received_at) })
        });
        let actions = self.actions.iter().map(|action| {
            let took = action.started_at.zip(action.contained_at).map(|(start, end)| spoken(end.duration_since(start)));
            json!({ "action": action.action, "target": action.target, "account": action.account, "region": action.region,
                "state": action.state, "reason": action.reason, "is_contained": action.contained_at.is_some(),
                "started_at": action.started_at.map(shown), "contained_at": action.contained_at.map(shown),
                "reversed_at": action.reversed_at.map(shown), "took": took })
        });
        let evidence = self.evidence.iter().map(|item| {
            json!({ "path": item.path, "sha256": item.sha256, "bytes": item.bytes, "collected_at": item.collected_at.map(shown) })
        });
        let obligations = self.obligations.iter().map(|line| {
            let left = line.due_at.zip(line.sent_at).map(|(due, sent)| spoken(due.duration_since(sent)));
            json!({ "obligation": line.obligation, "citation": line.citation, "recipient": line.recipient.replace('_', " "),
                "due_at": line.due_at.map(shown), "state": line.state, "sent_at": line.sent_at.map(shown), "left": left })
        });
        let decisions = self.decisions.iter().map(|line| {
            let reviewers = line.first_reviewer.iter().chain([&line.reviewer]).map(String::as_str).collect::<Vec<_>>();
            let missing =
                line.missing_items_reason.iter().map(|why| format!("sent without all that the law asks for: {why}"));
            let reasons = std::iter::once(line.reason.clone()).chain(missing).collect::<Vec<_>>();
            json!({ "obligation": line.obligation, "version": line.version, "verdict": line.verdict,
                "reviewer": reviewers.join(", "), "reason": reasons.join("; "), "decided_at": shown(line.decided_at),
                "digest": line.digest })
        });
        let incident = &self.incident;
        Ok(json!({
            "organisation": self.organisation,
            "incident": {
                "id": incident.id, "title": incident.title, "category": name_of(&incident.category),
                "severity": incident.severity.score, "confidence": incident.confidence, "account": incident.account, "region": incident.region,
            },
            "indications": incident.indications,
            "summary": self.summary(),
            "durations": self.durations(),
            "gaps": self.gaps,
            "timeline": timeline.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
            "actions": actions.collect::<Vec<_>>(),
            "evidence": evidence.collect::<Vec<_>>(),
            "custody_head": self.custody_head,
            "obligations": obligations.collect::<Vec<_>>(),
            "decisions": decisions.collect::<Vec<_>>(),
            "register": self.register_entry(),
            "written_at": shown(self.written_at),
        }))
    }
}

/// A time for machines and for people.
fn shown(at: Timestamp) -> Value {
    json!({ "iso": at.to_string(), "text": at.strftime("%Y-%m-%d %H:%M:%S").to_string() })
}

/// The name that a closed set of values has in records, in words.
pub(crate) fn name_of(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    name.as_ref().and_then(Value::as_str).unwrap_or("unclassified").replace('-', " ")
}

fn counted(count: usize, noun: &str) -> String {
    match (count, noun.split_once(' ')) {
        (1, _) => format!("1 {noun}"),
        // `item of evidence` becomes `items of evidence`; the last word takes the plural otherwise.
        (_, Some((first, rest))) if rest.starts_with("of ") => format!("{count} {first}s {rest}"),
        _ => format!("{count} {noun}s"),
    }
}
