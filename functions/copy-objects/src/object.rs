//! The copy of one object.

use crate::Copier;
use incident::evidence::EvidenceFile;
use incident::evidence::copy::{
    CopyState, HeldVault, MOST_BYTES, NamedObject, ObjectCopy, ObjectReader, PART_BYTES, Read, Running, SourceVersion,
    Stated, Stored, Upload, part_bytes,
};
use incident::ports::Vault;
use incident::records::{Key, Records, Versioned, Write};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::{Level, count, log};

/// After so many bytes it is recorded how far a copy is: a run that is killed loses no more.
const RECORDED_EVERY: u64 = 128 << 20;

/// One line of an order, and where its copy and its record lie.
pub(crate) struct Line<'a> {
    pub(crate) incident: &'a IncidentId,
    pub(crate) object: &'a NamedObject,
    pub(crate) key: Key,
    pub(crate) folder: &'a str,
    pub(crate) name: String,
}

type Copy = Versioned<ObjectCopy>;

/// How an upload came to a stop.
enum Stop {
    Whole,
    OutOfTime,
    Gone,
    Unread(String),
    Failed(Failure),
}

impl Line<'_> {
    /// Its path below the incident's folder.
    fn file(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }

    fn path(&self) -> String {
        format!("incidents/{}/{}", self.incident, self.file())
    }
}

impl<T: Records, V: Vault + HeldVault, O: ObjectReader> Copier<T, V, O> {
    /// Copies the object until it is copied, or the time is up.
    pub(crate) async fn advance(
        &self,
        line: &Line<'_>,
        copy: Option<Copy>,
        stop: Timestamp,
        clock: &impl Fn() -> Timestamp,
    ) -> Result<Copy, Failure> {
        let mut copy = match copy {
            Some(copy) => copy,
            None => self.begin(line, clock()).await?,
        };
        if let CopyState::Begun = copy.record.state {
            let Some(source) = copy.record.source.clone() else {
                return Err(Failure::needs_operator("the record of a copy names no version"));
            };
            if source.bytes <= PART_BYTES {
                return self.put_whole(line, copy, &source, clock()).await;
            }
            let id = self.vault.begin(&line.path()).await?;
            let upload = Running::start(&source).kept(&id);
            copy = self.record(line, copy, CopyState::Uploading(upload), None).await?;
        }
        self.upload(line, copy, stop, clock).await
    }

    /// Finds the version, and pins it.
    async fn begin(&self, line: &Line<'_>, now: Timestamp) -> Result<Copy, Failure> {
        let (source, reason) = if self.zone.contains(&line.object.region) {
            match self.objects.describe(line.object).await? {
                Ok(source) if source.bytes > MOST_BYTES => (Some(source), Some("it is larger than 5 TiB".to_owned())),
                Ok(source) => (Some(source), None),
                Err(reason) => (None, Some(reason)),
            }
        } else {
            (None, Some("outside the residency zone".to_owned()))
        };
        let state = reason.map_or(CopyState::Begun, |reason| missing(reason, false, now));
        if state.has_ended() {
            count("ObjectsNotCopied", 1);
        }
        let record = ObjectCopy { source, state };
        if self.records.commit(vec![Write::new(line.key.clone(), &record, None)?]).await? {
            return Ok(Versioned { record, version: 1 });
        }
        // Whoever was faster has pinned a version; it may have been ourselves, and the answer was lost.
        let found = self.records.read(std::slice::from_ref(&line.key)).await?.into_iter().flatten().next();
        found.ok_or_else(|| Failure::transient("the record of a copy is being written"))
    }

    /// Copies a small object at once.
    async fn put_whole(
        &self,
        line: &Line<'_>,
        copy: Copy,
        source: &SourceVersion,
        now: Timestamp,
    ) -> Result<Copy, Failure> {
        let bytes = if source.bytes == 0 {
            Vec::new()
        } else {
            match self.objects.read(line.object, source, 0..source.bytes).await? {
                Ok(bytes) => bytes,
                Err(reason) => return self.give_up(line, copy, reason, false, now).await,
            }
        };
        let mut running = Running::start(source);
        let sha256 = running.take(&bytes);
        if running.is_altered(source) {
            return self.altered(line, copy, now).await;
        }
        let path = line.path();
        let version_id = match self.vault.put(&path, bytes, &sha256).await? {
            Stored::New(version_id) => version_id,
            Stored::Taken | Stored::Gone => self.earlier(&path, source, &sha256.base64()).await?,
        };
        self.copied(line, copy, source, sha256, version_id, now).await
    }

    /// Copies a large object, part by part.
    async fn upload(
        &self,
        line: &Line<'_>,
        mut copy: Copy,
        stop: Timestamp,
        clock: &impl Fn() -> Timestamp,
    ) -> Result<Copy, Failure> {
        let (CopyState::Uploading(upload), Some(source)) = (copy.record.state.clone(), copy.record.source.clone())
        else {
            return Ok(copy);
        };
        let path = line.path();
        let Some(mut running) = Running::resume(&upload) else {
            self.vault.abandon(&path, &upload.id).await?;
            return self.again(line, copy).await;
        };
        loop {
            let recorded = running.bytes();
            let ended = self.put_parts(line, &source, &upload, &mut running, stop, clock).await;
            let is_further = running.bytes() > recorded;
            if is_further {
                let state = CopyState::Uploading(running.kept(&upload.id));
                copy = self.record(line, copy, state, None).await?;
            }
            match ended {
                None => {}
                Some(Stop::Whole) => break,
                Some(Stop::OutOfTime) => return Ok(copy),
                Some(Stop::Gone) => return self.again(line, copy).await,
                Some(Stop::Failed(failure)) => return Err(failure),
                Some(Stop::Unread(reason)) => {
                    self.vault.abandon(&path, &upload.id).await?;
                    return self.give_up(line, copy, reason, false, clock()).await;
                }
            }
        }
        if running.is_altered(&source) {
            self.vault.abandon(&path, &upload.id).await?;
            return self.altered(line, copy, clock()).await;
        }
        let composite = running.composite();
        let version_id = match self.vault.complete(&path, &upload.id, &composite, source.bytes).await? {
            Stored::New(version_id) => version_id,
            Stored::Taken => self.earlier(&path, &source, &composite).await?,
            Stored::Gone => match self.vault.stated(&path).await? {
                Some(kept) if is_ours(&kept, &source, &composite) => kept.version_id,
                Some(_) | None => {
                    self.vault.abandon(&path, &upload.id).await?;
                    return self.again(line, copy).await;
                }
            },
        };
        self.copied(line, copy, &source, running.sha256(), version_id, clock()).await
    }

    /// Puts parts until it is time to record how far that is, reading the next one while one is put.
    async fn put_parts(
        &self,
        line: &Line<'_>,
        source: &SourceVersion,
        upload: &Upload,
        running: &mut Running,
        stop: Timestamp,
        clock: &impl Fn() -> Timestamp,
    ) -> Option<Stop> {
        let (path, begun) = (line.path(), running.bytes());
        let mut part = None;
        loop {
            if running.bytes() >= source.bytes {
                return Some(Stop::Whole);
            }
            let read = match part.take() {
                Some(read) => read,
                None => self.read_part(line, source, running.bytes()).await,
            };
            let bytes = match read {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(reason)) => return Some(Stop::Unread(reason)),
                Err(failure) => return Some(Stop::Failed(failure)),
            };
            let mut after = running.clone();
            let sha256 = after.take(&bytes);
            let is_late = clock() >= stop;
            let goes_on = !is_late && after.bytes() - begun < RECORDED_EVERY && after.bytes() < source.bytes;
            let put = self.vault.put_part(&path, &upload.id, after.parts(), bytes, &sha256);
            let put = if goes_on {
                let (put, next) = tokio::join!(put, self.read_part(line, source, after.bytes()));
                part = Some(next);
                put
            } else {
                put.await
            };
            match put {
                Ok(true) => *running = after,
                Ok(false) => return Some(Stop::Gone),
                Err(failure) => return Some(Stop::Failed(failure)),
            }
            if !goes_on && running.bytes() < source.bytes {
                return is_late.then_some(Stop::OutOfTime);
            }
        }
    }

    async fn read_part(&self, line: &Line<'_>, source: &SourceVersion, from: u64) -> Result<Read<Vec<u8>>, Failure> {
        let to = source.bytes.min(from + part_bytes(source.bytes));
        self.objects.read(line.object, source, from..to).await
    }

    /// The version of what an earlier run put there, of which the answer was lost.
    async fn earlier(&self, path: &str, source: &SourceVersion, checksum: &str) -> Result<Option<String>, Failure> {
        match self.vault.stated(path).await? {
            Some(kept) if is_ours(&kept, source, checksum) => Ok(kept.version_id),
            Some(_) => Err(Failure::needs_operator("another object lies in the vault where a copy belongs")),
            None => Err(Failure::transient("a copy is being written")),
        }
    }

    /// From the beginning: there is no upload to go on with.
    async fn again(&self, line: &Line<'_>, copy: Copy) -> Result<Copy, Failure> {
        self.record(line, copy, CopyState::Begun, None).await?;
        Err(Failure::transient("an upload is gone, and the copy begins again"))
    }

    async fn copied(
        &self,
        line: &Line<'_>,
        copy: Copy,
        source: &SourceVersion,
        sha256: Digest,
        version_id: Option<String>,
        now: Timestamp,
    ) -> Result<Copy, Failure> {
        let file = EvidenceFile {
            incident: line.incident.clone(),
            folder: line.folder.to_owned(),
            name: line.name.clone(),
            sha256: sha256.clone(),
            bytes: source.bytes,
            version_id: version_id.clone(),
            collected_at: now,
            api: if source.version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" }.to_owned(),
        };
        count("ObjectsCopied", 1);
        self.record(line, copy, CopyState::Copied { sha256, version_id, at: now }, Some(&file)).await
    }

    /// What was read is not what S3 says that it keeps: nothing of it is kept, and the state machine pages.
    async fn altered(&self, line: &Line<'_>, copy: Copy, now: Timestamp) -> Result<Copy, Failure> {
        let fields = [("incident.id", line.incident.as_str()), ("evidence.file", &line.file())];
        log(Level::Error, "an object does not have the checksum that S3 keeps of it", &fields);
        let reason = "what was read does not have the checksum that S3 keeps of it".to_owned();
        self.give_up(line, copy, reason, true, now).await
    }

    async fn give_up(
        &self,
        line: &Line<'_>,
        copy: Copy,
        reason: String,
        is_altered: bool,
        now: Timestamp,
    ) -> Result<Copy, Failure> {
        count("ObjectsNotCopied", 1);
        self.record(line, copy, missing(reason, is_altered, now), None).await
    }

    /// Records how far the copy is, unless another run has recorded something else meanwhile.
    async fn record(
        &self,
        line: &Line<'_>,
        copy: Copy,
        state: CopyState,
        file: Option<&EvidenceFile>,
    ) -> Result<Copy, Failure> {
        let record = ObjectCopy { source: copy.record.source, state };
        let mut writes = vec![Write::new(line.key.clone(), &record, Some(copy.version))?];
        if let Some(file) = file {
            writes.push(Write::new(Key::evidence_file(line.incident, &file.path()), file, None)?);
        }
        if self.records.commit(writes).await? {
            return Ok(Versioned { record, version: copy.version + 1 });
        }
        // The answer to our own write may have been lost.
        let found = self.records.read::<ObjectCopy>(std::slice::from_ref(&line.key)).await?;
        match found.into_iter().flatten().next() {
            Some(found) if found.record == record => Ok(found),
            Some(_) | None => Err(Failure::transient("another run copies the same object")),
        }
    }
}

fn missing(reason: String, is_altered: bool, at: Timestamp) -> CopyState {
    CopyState::Missing { reason, is_altered, at }
}

fn is_ours(kept: &Stated, source: &SourceVersion, checksum: &str) -> bool {
    kept.bytes == source.bytes && kept.checksum.as_deref() == Some(checksum)
}
