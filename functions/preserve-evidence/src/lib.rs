//! Preserves what is not yet preserved of an incident, most volatile first.

mod answers;
mod calls;
mod documents;
mod finding;
mod keep;
mod object;
mod searches;

use incident::containment::{ActionRunner, Playbooks};
use incident::evidence::source::{Destination, FINDING};
use incident::evidence::{
    Cursor, Custodian, EvidenceFile, EvidenceItem, Preservation, Progress, Source, Stage, choice,
};
use incident::ports::{FindingDesk, Settings, SourceReader, Vault};
use incident::records::{Key, Listing, Records, Versioned, finding_ids};
use incident::{Failure, Fault, Incident, IncidentId, organisation};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is left of a function's time is for writing down how far it has come.
const RESERVE: SignedDuration = SignedDuration::from_secs(45);

/// How long containment waits for what it would change. What is not kept by then is gone on with beside it.
const BEFORE_CONTAINMENT: SignedDuration = SignedDuration::from_secs(20);

/// The longest wait before what takes its time is asked again, in seconds.
const LONGEST_WAIT: u64 = 60;

/// Preserves evidence.
pub struct Preserver<T, V, G, A, S, F> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// The organisation's settings.
    pub settings: G,
    /// Runs documents.
    pub runner: A,
    /// Asks the services of the account.
    pub sources: S,
    /// Asks Athena, which searches logs.
    pub logs: S,
    /// The tables of logs that are set up, see [`log_tables`].
    pub log_tables: BTreeMap<String, String>,
    /// The services that made the findings.
    pub findings: F,
    /// All playbooks.
    pub playbooks: Playbooks,
    /// Who preserves.
    pub custodian: Custodian,
    /// The partition.
    pub partition: String,
    /// The region of what has none.
    pub home_region: String,
    /// Where evidence goes.
    pub destination: Destination,
    /// How many days before awareness logs are read from.
    pub activity_days: u32,
    /// Reads the clock: an invocation goes on for minutes.
    pub clock: fn() -> Timestamp,
    /// Files that lie in the vault and are not written down yet. Empty at first.
    pub unwritten: RefCell<Vec<EvidenceFile>>,
}

/// The tables of logs as the evidence account names them, with spaces between: each with bucket and prefix that it is read from
/// (`data_captures=bucket/prefix`) where resources can put their logs elsewhere; without them (`cloudtrail`) where they cannot.
pub fn log_tables(setting: &str) -> BTreeMap<String, String> {
    let table = |word: &str| {
        let (name, location) = word.split_once('=').unwrap_or((word, ""));
        (name.to_owned(), location.to_owned())
    };
    setting.split_whitespace().map(table).collect()
}

/// Which incident, and which stage of its response.
#[derive(Debug, Deserialize)]
pub struct PreserveTask {
    /// The incident.
    pub incident: IncidentId,
    /// Before or beside containment.
    pub stage: Stage,
}

/// How far preservation has come.
#[derive(Debug, Serialize)]
pub struct Preserved {
    incident: IncidentId,
    stage: Stage,
    state: State,
    items: usize,
    gaps: usize,
    /// When to go on.
    wait_seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    InProgress,
    Preserved,
}

/// One invocation.
pub(crate) struct Run<'a> {
    incident: &'a Incident,
    /// When it has to stop.
    until: Timestamp,
}

impl<T, V, G, A, S, F> Preserver<T, V, G, A, S, F>
where
    T: Records,
    V: Vault,
    G: Settings,
    A: ActionRunner,
    S: SourceReader,
    F: FindingDesk,
{
    /// Preserves what is ready, until shortly before `deadline`. Called until it says `preserved`; what is preserved stays as it
    /// is.
    ///
    /// # Errors
    /// `Transient` where table or vault throttle. What a source does not give is a gap, not an error.
    pub async fn preserve(&self, task: PreserveTask, deadline: Timestamp) -> Result<Preserved, Failure> {
        let incident: Incident = self.records.require(&Key::incident(&task.incident), "incident of this id").await?;
        let items = self.items(&incident, task.stage).await?;
        let listed: Vec<Preservation> = self.records.list(&Listing::of_incident(&incident.id, "EVIDENCE#")).await?;
        let done: BTreeMap<String, Preservation> = listed
            .into_iter()
            .filter(Preservation::is_done)
            .map(|preservation| (preservation.item.folder(), preservation))
            .collect();
        let until = deadline.saturating_sub(RESERVE).unwrap_or(deadline);
        let until = match task.stage {
            Stage::BeforeContainment => until.min((self.clock)().saturating_add(BEFORE_CONTAINMENT).unwrap_or(until)),
            Stage::BesideContainment => until,
        };
        let run = Run { incident: &incident, until };
        let mut result = Preserved {
            incident: incident.id.clone(),
            stage: task.stage,
            state: State::Preserved,
            items: 0,
            gaps: 0,
            wait_seconds: LONGEST_WAIT,
        };
        if task.stage == Stage::BesideContainment {
            self.order_found(&run).await?;
        }
        for item in items {
            let settled = match done.get(&item.folder()) {
                Some(preservation) => preservation.clone(),
                None if (self.clock)() >= until => {
                    result.go_on_after(1);
                    break;
                }
                None => self.go_on(&run, item).await?,
            };
            // What is begun before containment must never keep containment waiting.
            let is_waited_for = task.stage == Stage::BesideContainment
                || Source::named(&settled.item.source).is_none_or(|source| !source.begun_first);
            result.add(&settled, is_waited_for);
        }
        Ok(result)
    }

    async fn items(&self, incident: &Incident, stage: Stage) -> Result<Vec<EvidenceItem>, Failure> {
        // Evidence does not wait for settings to be mended.
        let holdings = match organisation::load(&self.settings).await {
            Ok(organisation) => organisation.data_inventory,
            Err(failure) if failure.fault() == Fault::Transient => return Err(failure),
            Err(_) => Vec::new(),
        };
        let playbook = self.playbooks.choose(incident.category, &incident.entities, &holdings).playbook;
        let findings = finding_ids(&self.records, incident).await?;
        Ok(choice::items(playbook, incident, &findings, stage))
    }

    /// Goes on with an item that is not done.
    async fn go_on(&self, run: &Run<'_>, item: EvidenceItem) -> Result<Preservation, Failure> {
        let key = Key::evidence(&run.incident.id, &item);
        // What a run that failed left behind is put again, and found to be there.
        self.unwritten.take();
        let begun = Preservation::begun(run.incident.id.clone(), item, (self.clock)());
        let mut held = match self.records.create(&key, &begun).await? {
            (record, true) => Versioned { record, version: 1 },
            _ => {
                let found = self.records.read(std::slice::from_ref(&key)).await?.into_iter().next().flatten();
                found.ok_or_else(|| Failure::transient("a record that was just written is not there"))?
            }
        };
        if held.record.is_done() {
            return Ok(held.record);
        }
        if matches!(&held.record.progress, Progress::AtWork { next } if *next == Cursor::default()) {
            self.keep_about(run, &held.record).await?;
        }
        let is_complete = match Source::named(&held.record.item.source) {
            _ if held.record.item.source == FINDING => self.take_finding(&mut held.record).await?,
            Some(source) => self.take_source(run, source, &mut held).await?,
            None => {
                self.gap(&mut held.record, "item", "no source of this name is known any more");
                true
            }
        };
        if is_complete {
            self.finish(&mut held).await?;
            count("EvidencePreserved", 1);
        } else {
            self.save(&mut held).await?;
        }
        Ok(held.record)
    }
}

impl Preserved {
    fn add(&mut self, preservation: &Preservation, is_waited_for: bool) {
        self.items += 1;
        self.gaps += preservation.gaps.len();
        if let (true, Progress::AtWork { next }) = (is_waited_for, &preservation.progress) {
            self.go_on_after(next.wait_seconds());
        }
    }

    fn go_on_after(&mut self, seconds: u64) {
        self.state = State::InProgress;
        self.wait_seconds = self.wait_seconds.min(seconds);
    }
}
