//! Counts what became of a delivery to many people, and writes the files for letters.
//!
//! Every person of the approved list is looked up, so that nobody is missing from the count, whatever failed before.

use incident::notification::delivery::{Addressee, Line, Lists, Names, PostalFile, Tally, read_list};
use incident::notification::{Delivery, DeliveryState, Rules, delivery};
use incident::ports::Settings;
use incident::records::{Key, Records, Versioned};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Concludes.
pub struct Conclusion<T, S, L> {
    /// The table.
    pub records: T,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Holds the lists of people.
    pub lists: L,
    /// The rules of law: a notice that is sent starts the clock of others.
    pub rules: Rules,
}

/// Which delivery.
#[derive(Debug, Deserialize)]
pub struct ConclusionTask {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
}

/// Where it stands.
#[derive(Debug, Serialize)]
pub struct Concluded {
    incident: IncidentId,
    obligation: String,
    #[serde(flatten)]
    tally: Tally,
}

/// Whose records are looked up.
struct People<'a> {
    names: Names,
    incident: &'a IncidentId,
    obligation: &'a str,
}

/// The letters so far: one file after the other.
struct Letters {
    folder: String,
    file: PostalFile,
    written: u32,
}

impl<T: Records, S: Settings, L: Lists> Conclusion<T, S, L> {
    /// Counts, and marks the duty as done once a mail to everybody was begun. A repeat counts what was reported since.
    ///
    /// # Errors
    /// What the table and the bucket of lists answer.
    pub async fn conclude(&self, task: ConclusionTask, now: Timestamp) -> Result<Concluded, Failure> {
        let ConclusionTask { incident, obligation } = task;
        let key = Key::delivery(&incident, &obligation);
        let delivery: Delivery = self.records.require(&key, "delivery of this notice").await?;
        let many = delivery.many.ok_or_else(|| Failure::rejected("this notice goes to one recipient"))?;
        let secret = self.lists.secret(&Names::secret_key(&incident, &obligation)).await?;
        let secret = secret.ok_or_else(|| {
            Failure::needs_operator("the secret of this delivery is gone: who was written to cannot be told")
        })?;
        let people = People { names: Names::new(&secret), incident: &incident, obligation: &obligation };
        let mut tally = Tally::default();
        let folder = format!("letters/{incident}/{obligation}");
        let mut letters = Letters { folder, file: PostalFile::default(), written: 0 };
        let visit = async |lines: Vec<Line>| self.visit(&people, &lines, &mut tally, &mut letters).await;
        let checked = read_list(&self.lists, &many.audience.list, u64::MAX, visit).await?;
        if checked.audience != many.audience {
            return Err(Failure::needs_operator("the list is not the one that was approved"));
        }
        if let Some(rest) = letters.file.take() {
            self.write(&mut letters, rest).await?;
        }
        let change = |delivery: &mut Delivery| {
            if let Some(many) = &mut delivery.many {
                many.tally = Some(tally);
            }
            if tally.unsent == 0 {
                delivery.state = DeliveryState::Sent;
            }
            Ok(())
        };
        let kept = self.records.update(&key, change).await?;
        if tally.unsent == 0 {
            delivery::settle(&self.records, &self.settings, &self.rules, &kept, now).await?;
        }
        Ok(Concluded { incident, obligation, tally })
    }

    async fn visit(
        &self,
        people: &People<'_>,
        lines: &[Line],
        tally: &mut Tally,
        letters: &mut Letters,
    ) -> Result<(), Failure> {
        let mailed: Vec<Key> = lines
            .iter()
            .filter(|line| line.person.mailbox().is_some())
            .map(|line| Key::addressee(people.incident, people.obligation, &people.names.of(&line.person)))
            .collect();
        let found: Vec<Option<Versioned<Addressee>>> = self.records.read(&mailed).await?;
        let mut found = found.into_iter();
        for Line { number, person } in lines {
            let addressee = person.mailbox().and_then(|_| found.next().flatten());
            if let Some(reason) = tally.add(person, addressee.as_ref().map(|found| &found.record))
                && let Some(full) = letters.file.add(*number, person, reason)
            {
                self.write(letters, full).await?;
            }
        }
        Ok(())
    }

    async fn write(&self, letters: &mut Letters, bytes: Vec<u8>) -> Result<(), Failure> {
        letters.written += 1;
        let key = format!("{}/{:04}.csv", letters.folder, letters.written);
        self.lists.put(&key, bytes, "text/csv; charset=utf-8").await
    }
}
