//! Puts files into the vault, and writes down what is there.

use crate::{Preserver, Run};
use incident::Failure;
use incident::evidence::custody;
use incident::evidence::file::sums;
use incident::evidence::source::Window;
use incident::evidence::{EvidenceFile, Gap, Preservation, Progress, Source};
use incident::ports::Vault;
use incident::records::{Key, Listing, MOST_WRITES, Records, Versioned, Write};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

impl<T: Records, V: Vault, G, A, S, F> Preserver<T, V, G, A, S, F> {
    /// The times that logs are read between. They do not depend on when a step is tried again.
    pub(crate) fn window(&self, run: &Run<'_>, preservation: &Preservation) -> Window {
        let aware = run.incident.aware_at;
        let before = SignedDuration::from_hours(i64::from(self.activity_days) * 24);
        // CloudTrail shows an event about five minutes late, so what comes shortly after is asked for as well.
        let after = SignedDuration::from_mins(15);
        // Some services take whole seconds alone.
        let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        Window {
            from: whole(aware.saturating_sub(before).unwrap_or(aware)),
            to: whole(preservation.begun_at.max(aware).saturating_add(after).unwrap_or(aware)),
        }
    }

    /// The one file that says what an item is about.
    pub(crate) async fn keep_about(&self, run: &Run<'_>, preservation: &Preservation) -> Result<(), Failure> {
        let item = &preservation.item;
        let window = self.window(run, preservation);
        let about = json!({
            "incident": preservation.incident,
            "source": item.source,
            "title": Source::named(&item.source).map(|source| &source.title),
            "kind": item.kind,
            "subject": item.subject,
            "account": item.account,
            "region": item.region,
            "begun_at": preservation.begun_at,
            "logs_from": window.from,
            "logs_to": window.to,
        });
        self.keep(preservation, "about.json", about.to_string().into_bytes(), "tocsin").await
    }

    /// Puts a file of an item into the vault, unless it is there.
    pub(crate) async fn keep(
        &self,
        preservation: &Preservation,
        name: &str,
        bytes: Vec<u8>,
        api: &str,
    ) -> Result<(), Failure> {
        let (incident, folder) = (&preservation.incident, preservation.item.folder());
        let path = format!("{folder}/{name}");
        let content_type = match name.rsplit('.').next() {
            Some("json") => "application/json",
            Some("xml") => "application/xml",
            _ => "application/octet-stream",
        };
        let kept = self.vault.preserve(&format!("incidents/{incident}/{path}"), bytes, content_type).await?;
        let file = EvidenceFile {
            incident: incident.clone(),
            folder,
            name: name.to_owned(),
            sha256: kept.sha256,
            bytes: kept.bytes,
            version_id: kept.version_id,
            collected_at: (self.clock)(),
            api: api.to_owned(),
        };
        self.unwritten.borrow_mut().push(file);
        Ok(())
    }

    /// Writes down which files were put since the last time. Whoever is killed before that puts them again, and finds them there.
    async fn write_files(&self) -> Result<(), Failure> {
        let files: Vec<EvidenceFile> = self.unwritten.take();
        for some in files.chunks(MOST_WRITES) {
            let key = |file: &EvidenceFile| Key::evidence_file(&file.incident, &file.path());
            let writes: Result<Vec<Write>, Failure> =
                some.iter().map(|file| Write::new(key(file), file, None)).collect();
            if self.records.commit(writes?).await? {
                continue;
            }
            // Some of them are written already: each by itself, and the first one stays.
            for file in some {
                self.records.create(&key(file), file).await?;
            }
        }
        Ok(())
    }

    /// Notes what could not be had, once.
    pub(crate) fn gap(&self, preservation: &mut Preservation, part: &str, reason: impl Into<String>) {
        let reason = reason.into();
        if !preservation.gaps.iter().any(|gap| gap.part == part && gap.reason == reason) {
            preservation.gaps.push(Gap { part: part.to_owned(), reason, found_at: (self.clock)() });
        }
    }

    /// The files of an item.
    pub(crate) async fn files(&self, preservation: &Preservation) -> Result<Vec<EvidenceFile>, Failure> {
        self.write_files().await?;
        let prefix = format!("FILE#{}/", preservation.item.folder());
        self.records.list(&Listing::of_incident(&preservation.incident, prefix)).await
    }

    /// Enters an item into the custody log, then writes down that it is done: whoever is killed in between enters nothing twice.
    pub(crate) async fn finish(&self, held: &mut Versioned<Preservation>) -> Result<(), Failure> {
        let (incident, folder) = (&held.record.incident, held.record.item.folder());
        let at = (self.clock)();
        let files = self.files(&held.record).await?;
        let sums = sums(files.iter().map(|file| (file.name.as_str(), &file.sha256)));
        let statements = self.custodian.statements(incident, &folder, &held.record.gaps, &sums, at);
        custody::enter_all(&self.records, incident, &statements).await?;
        held.record.progress = Progress::Done { sums, at };
        self.save(held).await
    }

    /// Writes down how far an item is.
    pub(crate) async fn save(&self, held: &mut Versioned<Preservation>) -> Result<(), Failure> {
        self.write_files().await?;
        let key = Key::evidence(&held.record.incident, &held.record.item);
        let write = Write::new(key, &held.record, Some(held.version))?;
        if !self.records.commit(vec![write]).await? {
            return Err(Failure::transient("another run is at the same item"));
        }
        held.version += 1;
        Ok(())
    }
}
