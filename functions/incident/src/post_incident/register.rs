//! The entry in the register of personal data breaches (GDPR Art. 33(5)): facts, effects, remedial action.

use super::report::{DecisionLine, Report};
use crate::fault::Failure;
use crate::notification::{Facts, Verdict};
use crate::record::{Incident, IncidentId};
use crate::records::{Key, Records};
use crate::tabular;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The statute that asks for the entry.
const CITATION: &str = "Regulation (EU) 2016/679 (GDPR) Art. 33(5)";

/// How many resources an entry names: the report names all.
const MOST_NAMED: usize = 50;

/// One entry. It is made for every breach when it is opened, also for one that nobody has to be told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// The statute.
    pub citation: String,
    /// The incident.
    pub incident: IncidentId,
    /// When the organisation became aware.
    pub aware_at: Timestamp,
    /// When this was written: what is recorded later is not in it.
    pub written_at: Timestamp,
    /// When nothing was left to do; `None` while something is.
    pub closed_at: Option<Timestamp>,
    /// The incident that this one turned out to be part of. Its entry holds the rest.
    pub part_of: Option<IncidentId>,
    /// What happened.
    pub facts: Vec<String>,
    /// What it led to or can lead to.
    pub effects: Vec<String>,
    /// What was done about it.
    pub remedial_action: Vec<String>,
}

/// Writes an entry where the register is kept. What says the same changes nothing, and an older one does not replace a newer one.
///
/// # Errors
/// What the table answers.
pub async fn keep_in_register(records: &impl Records, entry: &RegisterEntry) -> Result<(), Failure> {
    let key = Key::register(&entry.incident);
    let (kept, is_new) = records.create(&key, entry).await?;
    let says_more = |kept: &RegisterEntry| {
        let same = RegisterEntry { written_at: kept.written_at, ..entry.clone() };
        kept.written_at <= entry.written_at && *kept != same
    };
    if is_new || !says_more(&kept) {
        return Ok(());
    }
    let change = |kept: &mut RegisterEntry| {
        if says_more(kept) {
            kept.clone_from(entry);
        }
        Ok(())
    };
    records.update(&key, change).await.map(drop)
}

impl RegisterEntry {
    /// The columns of the register as a table.
    pub const COLUMNS: [&str; 10] = [
        "incident",
        "state",
        "aware_at",
        "closed_at",
        "part_of",
        "facts",
        "effects",
        "remedial_action",
        "citation",
        "written_at",
    ];

    /// The first entry of an incident, of which no more is known than what the findings say.
    pub fn opening(incident: &Incident, now: Timestamp) -> Self {
        Self {
            citation: CITATION.to_owned(),
            incident: incident.id.clone(),
            aware_at: incident.aware_at,
            written_at: now,
            closed_at: incident.closed_at,
            part_of: incident.absorbed_by.clone(),
            facts: facts(incident),
            effects: vec!["The effects were not assessed.".to_owned()],
            remedial_action: vec!["The response is under way.".to_owned()],
        }
    }

    /// Where the incident stands: `open`, `closed`, or `merged` into another.
    pub fn state(&self) -> &'static str {
        match (&self.part_of, self.closed_at) {
            (Some(_), _) => "merged",
            (None, Some(_)) => "closed",
            (None, None) => "open",
        }
    }

    /// The entry as a line of CSV, by [`Self::COLUMNS`]. A cell of several sentences has a line for each.
    pub fn line(&self) -> String {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        tabular::line(&[
            self.incident.as_str(),
            self.state(),
            &time(Some(self.aware_at)),
            &time(self.closed_at),
            self.part_of.as_ref().map_or("", IncidentId::as_str),
            &self.facts.join("\n"),
            &self.effects.join("\n"),
            &self.remedial_action.join("\n"),
            &self.citation,
            &time(Some(self.written_at)),
        ])
    }
}

fn facts(incident: &Incident) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({}).", incident.title.trim_end_matches('.'), super::report::name_of(&incident.category)),
        format!("The first finding was received on {}.", incident.aware_at.strftime("%Y-%m-%d at %H:%M:%S UTC")),
    ];
    let named: Vec<&str> = incident.entities.iter().map(|found| found.entity.id.as_str()).take(MOST_NAMED).collect();
    if !named.is_empty() {
        let more = match incident.entities.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("The findings name {}{more}.", named.join(", ")));
    }
    lines
}

impl Report {
    /// The entry for this incident. What is not known is named as such.
    pub fn register_entry(&self) -> RegisterEntry {
        let opening = RegisterEntry::opening(&self.incident, self.written_at);
        RegisterEntry {
            effects: self.facts.as_ref().map_or_else(|| opening.effects.clone(), effects),
            remedial_action: self.remedial_action(),
            ..opening
        }
    }

    fn remedial_action(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for action in &self.actions {
            let time = action.reversed_at.or(action.contained_at);
            let when = time.map(|at| at.strftime(", %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
            lines.push(format!("{} on {}: {}{when}.", action.action, action.target, action.state));
        }
        for obligation in &self.obligations {
            let told = match (obligation.sent_at, &obligation.because) {
                (Some(at), _) => format!("told on {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
                // What counsel decided stands below, with the reason.
                (None, Some(because)) if obligation.state == "obsolete" => {
                    format!("not told, no longer owed: {because}")
                }
                (None, _) => format!("not told ({})", obligation.state),
            };
            let recipient = obligation.recipient.replace('_', " ");
            lines.push(format!("{}: {recipient} {told}.", obligation.citation));
        }
        lines.extend(self.decisions.iter().filter_map(|decision| self.decided(decision)));
        if lines.is_empty() {
            lines.push("No remedial action is recorded.".to_owned());
        }
        lines
    }
}

impl Report {
    /// A decision as the register shows it; `None` for an approval of a complete text, which shows as a notice that was sent.
    fn decided(&self, decision: &DecisionLine) -> Option<String> {
        let DecisionLine { obligation, reason, .. } = decision;
        match decision.verdict {
            Verdict::Approved => decision
                .missing_items_reason
                .as_ref()
                .map(|why| format!("Notice {obligation} was approved although it lacks what the law asks for: {why}")),
            Verdict::NotNotifiable => {
                let duty = self.obligations.iter().find(|line| line.obligation == *obligation);
                let citation = duty.map_or(obligation.as_str(), |duty| duty.citation.as_str());
                Some(format!("{citation}: decided that this duty does not exist: {reason}"))
            }
            Verdict::Rejected | Verdict::ChangesRequested | Verdict::Withdrawn => {
                Some(format!("Notice {obligation} was {}: {reason}", super::report::name_of(&decision.verdict)))
            }
        }
    }
}

fn effects(facts: &Facts) -> Vec<String> {
    let classes = facts.members("data_classes");
    let mut lines = vec![if classes.is_empty() {
        "The categories of personal data concerned are not known.".to_owned()
    } else {
        format!("Categories of personal data: {}.", classes.join(", "))
    }];
    let counts: Vec<String> = facts
        .entries()
        .filter_map(|(name, _)| Some((name.strip_prefix("affected.")?, facts.count(name)?)))
        .filter(|(_, count)| *count > 0)
        .map(|(place, count)| format!("{place}: {count}"))
        .collect();
    lines.push(if counts.is_empty() {
        "The number of people concerned is not known.".to_owned()
    } else {
        format!("People concerned, at most: {}.", counts.join(", "))
    });
    lines.push(facts.text("risk_level").map_or_else(
        || "The risk to people was not assessed by counsel.".to_owned(),
        |risk| format!("Risk to people, as assessed: {risk}."),
    ));
    if let Some(consequences) = facts.text("notice.consequences") {
        lines.push(consequences.to_owned());
    }
    lines
}
