//! The record of an incident: what correlated findings add up to.

use crate::analysis::Indication;
use crate::containment::ActionId;
use crate::finding::{Category, Finding, Located, Severity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many entities an incident lists: an item of the table holds 400 KB. What a responder acts on sorts before what an
/// attacker brings along, so addresses are left out first.
const MOST_ENTITIES: usize = 1_500;

/// How many kinds of finding an incident remembers, the strongest first.
const MOST_INDICATIONS: usize = 64;

/// The severity of what a person contains without a finding: in the middle of ASFF's `MEDIUM`.
const MEDIUM: u8 = 55;

/// The identifier of an incident. It is also the name of its Step Functions executions, so it holds only `[a-z0-9-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IncidentId(String);

/// An incident identifier that is not of the form `inc-` and 20 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("an incident id is `inc-` and 20 lower-case hexadecimal digits")]
pub struct MalformedIncidentId;

impl IncidentId {
    /// The incident that this finding opens: the same finding always opens the same incident, so a repeat joins it.
    pub fn opened_by(finding: &Finding) -> Self {
        Self::of(&[&finding.account, finding.identity()])
    }

    /// The incident that this finding opens when it shows new activity after `closed`, its earlier incident, was closed.
    pub fn reopened_by(finding: &Finding, closed: &Self) -> Self {
        Self::of(&[&finding.account, finding.identity(), closed.as_str()])
    }

    /// The incident that a person opens to contain this for this reason. The same once more is the same incident.
    pub fn by_hand(operator: &str, target: &Located, reason: &str) -> Self {
        let region = target.region.as_deref().unwrap_or_default();
        Self::of(&["by hand", operator, &target.account, region, &target.entity.id, reason])
    }

    fn of(parts: &[&str]) -> Self {
        Self(format!("inc-{}", crate::Digest::of_parts(parts).short(20)))
    }

    /// The text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IncidentId {
    type Error = MalformedIncidentId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix("inc-").ok_or(MalformedIncidentId)?;
        if digits.len() == 20 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(MalformedIncidentId)
        }
    }
}

impl From<IncidentId> for String {
    fn from(id: IncidentId) -> Self {
        id.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is known of an incident. It grows as findings join it, and what it grows to does not depend on their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identifier.
    pub id: IncidentId,
    /// When the first finding was received: the moment from which statutory clocks of awareness are counted.
    pub aware_at: Timestamp,
    /// The account of the first finding.
    pub account: String,
    /// The region of the first finding.
    pub region: String,
    /// The kind of breach, of the strongest indication.
    pub category: Category,
    /// The severity of the strongest indication.
    pub severity: Severity,
    /// How sure all indications together make it, 0 to 99.
    pub confidence: u8,
    /// The title of the strongest indication.
    pub title: String,
    /// What severity and confidence rest on: of each kind of finding the strongest one, strongest first.
    pub indications: Vec<Indication>,
    /// What its findings name, without repeats, sorted; cut off after 1,500.
    pub entities: Vec<Located>,
    /// How many responses were asked for. Each is an execution of its own.
    pub runs: u32,
    /// How many of them containment was planned for. What joins before that is planned with the last of them.
    pub planned: u32,
    /// The incidents that turned out to be part of this one.
    pub absorbed: Vec<IncidentId>,
    /// The incident that this one turned out to be part of. What joins goes there.
    pub absorbed_by: Option<IncidentId>,
    /// When nothing was left to do; `None` while something is, and again where a duty comes later.
    pub closed_at: Option<Timestamp>,
}

impl Incident {
    /// The incident `id` that `finding`, received at `received`, opens. `home_region` stands in for a global finding's region.
    pub fn open(id: IncidentId, finding: &Finding, received: Timestamp, home_region: &str) -> Self {
        let mut incident = Self {
            id,
            aware_at: received,
            account: finding.account.clone(),
            region: finding.region.clone().unwrap_or_else(|| home_region.to_owned()),
            category: finding.category,
            severity: finding.severity.clone(),
            confidence: 0,
            title: finding.title.clone(),
            indications: Vec::new(),
            entities: Vec::new(),
            runs: 0,
            planned: 0,
            absorbed: Vec::new(),
            absorbed_by: None,
            closed_at: None,
        };
        incident.join(finding, received);
        incident
    }

    /// The incident `id` that `operator` opens at `now` to contain `target`. No finding says what kind of breach it is, so no
    /// playbook responds to it. `home_region` stands in for the region of a global resource.
    pub fn open_by_hand(
        id: IncidentId,
        operator: &str,
        action: ActionId,
        target: Located,
        home_region: &str,
        now: Timestamp,
    ) -> Self {
        let title = format!("Contained by hand: {action} on {}", target.entity.id);
        let reported = Indication {
            finding: operator.to_owned(),
            source: "operator".to_owned(),
            kind: "Contained by hand".to_owned(),
            category: Category::Unclassified,
            severity: Severity::of(MEDIUM),
            confidence: 99,
            title: title.clone(),
        };
        let mut incident = Self {
            id,
            aware_at: now,
            account: target.account.clone(),
            region: target.region.clone().unwrap_or_else(|| home_region.to_owned()),
            category: Category::Unclassified,
            severity: Severity::of(MEDIUM),
            confidence: 0,
            title,
            indications: vec![reported],
            entities: vec![target],
            runs: 0,
            planned: 0,
            absorbed: Vec::new(),
            absorbed_by: None,
            closed_at: None,
        };
        incident.weigh();
        incident
    }

    /// Joins `finding` to this incident; answers whether that calls for another response. Joining it again, in whatever
    /// format, changes nothing.
    pub fn join(&mut self, finding: &Finding, received: Timestamp) -> bool {
        if received < self.aware_at {
            self.aware_at = received;
            self.account.clone_from(&finding.account);
            self.region = finding.region.clone().unwrap_or_else(|| self.region.clone());
        }
        let category = self.category;
        self.indications.push(Indication::of(finding));
        self.weigh();
        self.learn(finding.located()) | (category != self.category)
    }

    /// Takes over everything that is known of `younger`, which points here from now on.
    pub fn absorb(&mut self, younger: &mut Self) {
        self.indications.append(&mut younger.indications.clone());
        self.weigh();
        self.learn(younger.entities.iter().cloned());
        self.absorbed.extend(younger.absorbed.iter().cloned().chain([younger.id.clone()]));
        self.absorbed.sort();
        younger.absorbed_by = Some(self.id.clone());
    }

    /// Asks for a response to what is known now; answers with the name of its execution. As long as containment has not
    /// been planned for the last one, that one takes it along: a storm of findings starts few responses.
    pub fn respond(&mut self) -> String {
        if self.planned >= self.runs {
            self.runs += 1;
        }
        match self.runs {
            0 | 1 => self.id.to_string(),
            further => format!("{}-r{}", self.id, further - 1),
        }
    }

    /// This incident's partition and those of the incidents that are part of it.
    pub fn family(&self) -> impl Iterator<Item = &IncidentId> {
        std::iter::once(&self.id).chain(&self.absorbed)
    }

    /// Of each kind of finding keeps the strongest, and takes category, severity and title from the strongest of all.
    fn weigh(&mut self) {
        self.indications.sort();
        let mut kinds = std::collections::HashSet::new();
        let kind = |indication: &Indication| (indication.source.clone(), indication.kind.clone());
        self.indications.retain(|indication| kinds.insert(kind(indication)));
        self.indications.truncate(MOST_INDICATIONS);
        self.confidence = Indication::together(&self.indications);
        if let Some(strongest) = self.indications.first() {
            self.category = strongest.category;
            self.severity = strongest.severity.clone();
            self.title.clone_from(&strongest.title);
        }
    }

    /// Adds what is not known yet; answers whether any of it is the organisation's own.
    fn learn(&mut self, entities: impl Iterator<Item = Located>) -> bool {
        let mut is_news = false;
        for found in entities {
            match self.entities.iter_mut().find(|known| known.is_same(&found)) {
                // Whichever comes first: of several, the smallest, so that the order does not matter.
                Some(known) => {
                    let arns = [known.entity.arn.take(), found.entity.arn].into_iter().flatten();
                    known.entity.arn = arns.min();
                    known.account = found.account.min(std::mem::take(&mut known.account));
                    known.region = [known.region.take(), found.region].into_iter().flatten().min();
                }
                None => {
                    is_news |= found.entity.kind.is_own();
                    self.entities.push(found);
                }
            }
        }
        self.entities.sort();
        self.entities.truncate(MOST_ENTITIES);
        is_news
    }
}
