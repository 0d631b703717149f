//! Copies the object versions of an order into the vault, one after the other, for as long as there is time.
//!
//! What is copied is recorded as it goes, so that whoever comes next, after an end of the time or of the process, goes on there.
//! Two runs at once do no harm: each part is the same whoever puts it, and only one of them records it.

mod finish;
mod object;

use incident::evidence::copy::{CopyOrder, CopyState, HeldVault, ObjectCopy, ObjectReader, file_name};
use incident::evidence::{Custodian, Preservation};
use incident::ports::Vault;
use incident::records::{Key, Records, Versioned};
use incident::{Failure, IncidentId};
use jiff::{SignedDuration, Timestamp};
use object::Line;
use serde::{Deserialize, Serialize};

/// What the largest part may take, which is begun as long as there is that much time.
const LONGEST_PART: SignedDuration = SignedDuration::from_secs(60);

/// Copies objects.
pub struct Copier<T, V, O> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// The objects where they lie.
    pub objects: O,
    /// Who copies.
    pub custodian: Custodian,
    /// The regions that evidence of this vault may come from.
    pub zone: Vec<String>,
    /// How long one run copies.
    pub longest_run: SignedDuration,
}

/// Which order.
#[derive(Debug, Deserialize)]
pub struct CopyTask {
    /// The incident.
    pub incident: IncidentId,
    /// The path of the order in the vault.
    pub order: String,
}

/// How far an order has come.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct OrderCopy {
    /// Its name.
    pub order: String,
    /// Whether nothing more of it will come.
    pub state: Progress,
    /// How many of its objects are in the vault.
    pub copied: usize,
    /// How many could not be had.
    pub gaps: usize,
    /// How many of those were not what S3 says that it keeps. A person must look.
    pub altered: usize,
}

/// Whether an order is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It goes on with the next call.
    InProgress,
    /// Every line has ended.
    Copied,
}

impl<T: Records, V: Vault + HeldVault, O: ObjectReader> Copier<T, V, O> {
    /// Copies what is not yet copied of an order. Called until it says `copied`.
    ///
    /// # Errors
    /// `Transient` where a service throttles or the way to it broke; what was copied until then is recorded. An object that cannot
    /// be had is a gap, not an error.
    pub async fn copy(
        &self,
        task: CopyTask,
        deadline: Timestamp,
        clock: impl Fn() -> Timestamp,
    ) -> Result<OrderCopy, Failure> {
        let incident = &task.incident;
        let bytes = self.vault.read(&task.order).await?;
        let bytes = bytes.ok_or_else(|| Failure::rejected("there is no such order in the vault"))?;
        let order = CopyOrder::read(incident, &task.order, &bytes)?;
        let keys: Vec<Key> = order.lines().map(|(line, _)| Key::copy(incident, &order.name, line)).collect();
        let mut copies: Vec<Option<Versioned<ObjectCopy>>> = self.records.read(&keys).await?;
        let item = order.item();
        let evidence = Key::evidence(incident, &item);
        let begun = Preservation::begun(incident.clone(), item, clock());
        let (preservation, _) = self.records.create(&evidence, &begun).await?;
        let folder = preservation.item.folder();
        let stop = stop(clock(), self.longest_run, deadline);
        let mut is_first = true;
        for ((number, object), copy) in order.lines().zip(&mut copies) {
            if copy.as_ref().is_some_and(|copy| copy.record.state.has_ended()) {
                continue;
            }
            // Something is done in each call, however little time there is.
            if !is_first && clock() >= stop {
                break;
            }
            is_first = false;
            let line = Line {
                incident,
                object,
                key: Key::copy(incident, &order.name, number),
                folder: &folder,
                name: file_name(number),
            };
            *copy = Some(self.advance(&line, copy.take(), stop, &clock).await?);
        }
        let copies: Vec<ObjectCopy> = copies.into_iter().flatten().map(|copy| copy.record).collect();
        let mut result =
            OrderCopy { order: order.name.clone(), state: Progress::InProgress, copied: 0, gaps: 0, altered: 0 };
        copies.iter().for_each(|copy| result.add(copy));
        if result.copied + result.gaps == order.objects.len() {
            if !preservation.is_done() {
                self.finish(incident, &order, &copies, clock()).await?;
            }
            result.state = Progress::Copied;
        }
        Ok(result)
    }
}

/// When to begin nothing more.
fn stop(now: Timestamp, longest_run: SignedDuration, deadline: Timestamp) -> Timestamp {
    let enough = now.saturating_add(longest_run).unwrap_or(now);
    enough.min(deadline.saturating_sub(LONGEST_PART).unwrap_or(now))
}

impl OrderCopy {
    fn add(&mut self, copy: &ObjectCopy) {
        match copy.state {
            CopyState::Begun | CopyState::Uploading(_) => {}
            CopyState::Copied { .. } => self.copied += 1,
            CopyState::Missing { is_altered, .. } => {
                self.gaps += 1;
                self.altered += usize::from(is_altered);
            }
        }
    }
}
