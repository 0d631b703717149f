//! `POST /hold` and `/end-hold`: a legal hold on the version of every file. It has no end, and keeps evidence beyond its retention.

use crate::contents::Entry;
use crate::request::OfIncident;
use crate::{ALL, Desk};
use incident::evidence::{Custodian, Deed};
use incident::ports::{EvidenceDesk, ObjectVersion, Vault};
use incident::records::{Key, Records, Versioned, Write};
use incident::{Failure, IncidentId};
use jiff::{SignedDuration, Timestamp};
use platform::Answer;
use platform::Halt;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many files are held before it is written down how far that has come.
const STRETCH: usize = 500;

/// What a stretch may take: nothing is begun later before the end.
const RESERVE: SignedDuration = SignedDuration::from_secs(15);

/// What was wished last of an incident's evidence, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hold {
    deed: Deed,
    by: String,
    reason: String,
    at: Timestamp,
    /// The last path that it was done to.
    after: Option<String>,
    is_done: bool,
    /// Paths whose version is not in the vault.
    absent: Vec<String>,
}

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// Goes on with what the same person wished for the same reason, or begins. Done once more, it also reaches what was preserved
    /// since.
    pub(crate) async fn hold(
        &self,
        asked: OfIncident,
        person: Custodian,
        deed: Deed,
        deadline: Timestamp,
    ) -> Result<Answer, Halt> {
        let OfIncident { incident: id, reason } = asked;
        self.incident(&id).await?;
        let wish = Hold {
            deed,
            by: person.name.clone(),
            reason: reason.clone(),
            at: (self.clock)(),
            after: None,
            is_done: false,
            absent: Vec::new(),
        };
        let mut hold = self.begin(&id, wish).await?;
        let entry = self.enter(&id, hold.record.at, person, deed, (ALL, None), reason).await?;

        let left = self.entries(&id, hold.record.after.as_deref()).await?;
        let mut done = 0;
        for stretch in left.chunks(STRETCH) {
            // One stretch is done at least: otherwise a repeat would come no further.
            if done > 0 && (self.clock)() >= deadline.saturating_sub(RESERVE).unwrap_or(deadline) {
                break;
            }
            self.hold_stretch(&id, &mut hold, stretch).await?;
            done += stretch.len();
        }
        if done == left.len() {
            hold.record.is_done = true;
            self.note(&id, &mut hold).await?;
        }
        let state = match (hold.record.is_done, deed == Deed::Held) {
            (false, _) => "under-way",
            (true, true) => "held",
            (true, false) => "hold-ended",
        };
        Ok(Answer::of(
            200,
            &json!({
                "accepted": true, "incident": id, "state": state, "entry": entry.sequence, "done": done,
                "left": left.len() - done, "absent": hold.record.absent,
            }),
        ))
    }

    async fn begin(&self, id: &IncidentId, wish: Hold) -> Result<Versioned<Hold>, Failure> {
        let known = self.records.read::<Hold>(&[Key::legal_hold(id)]).await?.into_iter().next().flatten();
        let is_same = |known: &Hold| {
            !known.is_done && known.deed == wish.deed && known.by == wish.by && known.reason == wish.reason
        };
        match known {
            Some(known) if is_same(&known.record) => Ok(known),
            known => {
                let mut hold = Versioned { record: wish, version: known.map_or(0, |known| known.version) };
                self.note(id, &mut hold).await?;
                Ok(hold)
            }
        }
    }

    async fn hold_stretch(
        &self,
        id: &IncidentId,
        hold: &mut Versioned<Hold>,
        stretch: &[Entry],
    ) -> Result<(), Failure> {
        let versions: Vec<ObjectVersion> = stretch.iter().map(|entry| entry.version(id)).collect();
        let are_there = self.vault.hold(&versions, hold.record.deed == Deed::Held).await?;
        let absent = stretch.iter().zip(are_there).filter(|(_, is_there)| !is_there);
        hold.record.absent.extend(absent.map(|(entry, _)| entry.path.clone()));
        hold.record.after = stretch.last().map(|entry| entry.path.clone());
        self.note(id, hold).await
    }

    async fn note(&self, id: &IncidentId, hold: &mut Versioned<Hold>) -> Result<(), Failure> {
        let over = (hold.version > 0).then_some(hold.version);
        if !self.records.commit(vec![Write::new(Key::legal_hold(id), &hold.record, over)?]).await? {
            return Err(Failure::transient("somebody else holds the same evidence, or ends that"));
        }
        hold.version += 1;
        Ok(())
    }
}
