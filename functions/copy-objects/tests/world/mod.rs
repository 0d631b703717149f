//! A table, a vault and buckets in memory, of which any call can fail before or after its work.

use copy_objects::{Copier, CopyTask, OrderCopy};
use incident::evidence::Custodian;
use incident::evidence::copy::{
    CopyOrder, HeldVault, NamedObject, ObjectReader, Read, SourceVersion, Stated, Stored, order_copies,
};
use incident::ports::{Kept, Vault};
use incident::records::{Key, Listing, Records, Versioned, Write};
use incident::{Digest, Failure, IncidentId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs what never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing in memory waits"),
    }
}

pub(crate) fn incident() -> IncidentId {
    IncidentId::try_from("inc-0123456789abcdef0123".to_owned()).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// What the parts of an upload are, by number: size and digest.
type Parts = BTreeMap<u32, (u64, Digest)>;

#[derive(Default)]
pub(crate) struct World {
    pub(crate) table: RefCell<BTreeMap<Key, (Value, u64)>>,
    /// Path -> size and checksum of each version.
    pub(crate) vault: RefCell<BTreeMap<String, Vec<(u64, String)>>>,
    pub(crate) uploads: RefCell<BTreeMap<String, Parts>>,
    pub(crate) files: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) begun: Cell<usize>,
    /// Calls until one fails, and whether it fails after its work.
    pub(crate) fuse: Cell<Option<(usize, bool)>>,
}

impl World {
    /// Does the work of a call, or fails before or after it.
    fn call<T>(&self, work: impl FnOnce() -> T) -> Result<T, Failure> {
        let (burns, after) = match self.fuse.get() {
            Some((0, after)) => {
                self.fuse.set(None);
                (true, after)
            }
            left => {
                self.fuse.set(left.map(|(left, after)| (left - 1, after)));
                (false, false)
            }
        };
        let done = (!burns || after).then(work);
        done.filter(|_| !burns).ok_or_else(|| Failure::transient("ordered by a test"))
    }

    /// Orders copies of these keys; the path of the first order that holds any of them.
    pub(crate) fn order(&self, keys: &[&str]) -> String {
        self.try_order(keys).unwrap().remove(0)
    }

    /// The paths of the orders that hold them.
    pub(crate) fn try_order(&self, keys: &[&str]) -> Result<Vec<String>, Failure> {
        let objects = keys.iter().map(|key| NamedObject {
            account: "444455556666".to_owned(),
            region: "eu-central-1".to_owned(),
            bucket: "shop".to_owned(),
            key: (*key).to_owned(),
            version_id: None,
            bytes: None,
        });
        let names = block_on(order_copies(&self, &self, &incident(), objects, now()))?;
        Ok(names.iter().map(|name| CopyOrder::path_of(&incident(), name)).collect())
    }

    /// One run, for which there is no time but for one step where it is hurried.
    pub(crate) fn run(&self, order: &str, is_hurried: bool) -> Result<OrderCopy, Failure> {
        let copier = Copier {
            records: self,
            vault: self,
            objects: self,
            custodian: Custodian { name: "tocsin-copy-objects".to_owned(), role: "role".to_owned() },
            zone: vec!["eu-central-1".to_owned()],
            longest_run: SignedDuration::from_secs(if is_hurried { 0 } else { 100 }),
        };
        let task = CopyTask { incident: incident(), order: order.to_owned() };
        block_on(copier.copy(task, now() + SignedDuration::from_mins(15), now))
    }

    /// The records of one kind, by the rest of their sort keys.
    pub(crate) fn records(&self, kind: &str) -> BTreeMap<String, Value> {
        let table = self.table.borrow();
        let found = table.iter().filter_map(|(key, (record, _))| Some((key.sort.strip_prefix(kind)?, record)));
        found.map(|(rest, record)| (rest.to_owned(), record.clone())).collect()
    }

    fn write(&self, key: Key, record: Value) {
        let mut table = self.table.borrow_mut();
        let version = table.get(&key).map_or(1, |(_, version)| version + 1);
        table.insert(key, (record, version));
    }
}

fn read<T: DeserializeOwned>(record: &Value) -> T {
    serde_json::from_value(record.clone()).unwrap()
}

impl Records for &World {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.call(|| self.table.borrow().get(key).map(|(record, _)| read(record)))
    }

    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        let table = self.table.borrow();
        let one = |key| table.get(key).map(|(record, version)| Versioned { record: read(record), version: *version });
        self.call(|| keys.iter().map(one).collect())
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        self.call(|| {
            let holds = |write: &Write| self.table.borrow().get(&write.key).map(|(_, version)| *version) == write.over;
            let all = writes.iter().all(holds);
            if all {
                writes.into_iter().for_each(|write| self.write(write.key, write.record));
            }
            all
        })
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        self.call(|| {
            if let Some((record, _)) = self.table.borrow().get(key) {
                return (read(record), false);
            }
            self.write(key.clone(), serde_json::to_value(new).unwrap());
            (new.clone(), true)
        })
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        let mut record: T = read(&self.table.borrow()[key].0);
        change(&mut record)?;
        self.call(|| self.write(key.clone(), serde_json::to_value(&record).unwrap()))?;
        Ok(record)
    }

    async fn remove(&self, _key: &Key) -> Result<(), Failure> {
        unreachable!("nothing is removed")
    }

    async fn list<T: DeserializeOwned>(&self, _listing: &Listing) -> Result<Vec<T>, Failure> {
        unreachable!("nothing is listed")
    }
}

impl Vault for &World {
    async fn preserve(&self, path: &str, bytes: Vec<u8>, _content_type: &str) -> Result<Kept, Failure> {
        self.call(|| {
            let mut files = self.files.borrow_mut();
            let kept = files.entry(path.to_owned()).or_insert(bytes);
            Kept { sha256: Digest::of(kept), bytes: kept.len() as u64, version_id: None }
        })
    }

    async fn names(&self, _folder: &str) -> Result<Vec<String>, Failure> {
        unreachable!("no folder is listed")
    }

    async fn kept(&self, _path: &str) -> Result<Option<Kept>, Failure> {
        unreachable!("a copy is asked for by what S3 states of it")
    }

    async fn publish(&self, _path: &str, _bytes: Vec<u8>, _content_type: &str) -> Result<(), Failure> {
        unreachable!("nothing is published")
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.call(|| self.files.borrow().get(path).cloned())
    }
}

impl HeldVault for &World {
    async fn put(&self, path: &str, bytes: Vec<u8>, sha256: &Digest) -> Result<Stored, Failure> {
        assert_eq!(&Digest::of(&bytes), sha256);
        self.call(|| self.store(path, bytes.len() as u64, sha256.base64()))
    }

    async fn begin(&self, path: &str) -> Result<String, Failure> {
        self.call(|| {
            self.begun.set(self.begun.get() + 1);
            let name = format!("{path}#{}", self.begun.get());
            self.uploads.borrow_mut().insert(name.clone(), Parts::new());
            name
        })
    }

    async fn put_part(
        &self,
        _: &str,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
        sha256: &Digest,
    ) -> Result<bool, Failure> {
        self.call(|| match self.uploads.borrow_mut().get_mut(upload) {
            Some(parts) => {
                parts.insert(number, (bytes.len() as u64, sha256.clone()));
                true
            }
            None => false,
        })
    }

    async fn complete(&self, path: &str, upload: &str, composite: &str, bytes: u64) -> Result<Stored, Failure> {
        self.call(|| {
            let Some(parts) = self.uploads.borrow().get(upload).cloned() else { return Stored::Gone };
            let digests: Vec<u8> = parts.values().flat_map(|(_, digest)| digest.bytes().unwrap()).collect();
            assert_eq!(format!("{}-{}", Digest::of(&digests).base64(), parts.len()), composite);
            assert_eq!(parts.values().map(|(size, _)| size).sum::<u64>(), bytes);
            let stored = self.store(path, bytes, composite.to_owned());
            if matches!(stored, Stored::New(_)) {
                self.uploads.borrow_mut().remove(upload);
            }
            stored
        })
    }

    async fn abandon(&self, _path: &str, upload: &str) -> Result<(), Failure> {
        self.call(|| {
            self.uploads.borrow_mut().remove(upload);
        })
    }

    async fn stated(&self, path: &str) -> Result<Option<Stated>, Failure> {
        self.call(|| {
            let vault = self.vault.borrow();
            let (bytes, checksum) = vault.get(path)?.last()?.clone();
            Some(Stated { version_id: Some("1".to_owned()), bytes, checksum: Some(checksum) })
        })
    }
}

impl World {
    fn store(&self, path: &str, bytes: u64, checksum: String) -> Stored {
        let mut vault = self.vault.borrow_mut();
        let versions = vault.entry(path.to_owned()).or_default();
        if !versions.is_empty() {
            return Stored::Taken;
        }
        versions.push((bytes, checksum));
        Stored::New(Some("1".to_owned()))
    }
}

impl ObjectReader for &World {
    async fn describe(&self, object: &NamedObject) -> Result<Read<SourceVersion>, Failure> {
        self.call(|| {
            let content = self.objects.get(&object.key).ok_or("there is no such object any more (NoSuchKey)")?;
            Ok(SourceVersion {
                version_id: Some("7".to_owned()),
                etag: Some("\"etag\"".to_owned()),
                bytes: content.len() as u64,
                storage_class: "STANDARD".to_owned(),
                last_modified: None,
                checksum: None,
            })
        })
    }

    async fn read(&self, object: &NamedObject, _: &SourceVersion, range: Range<u64>) -> Result<Read<Vec<u8>>, Failure> {
        let place = |place: u64| usize::try_from(place).unwrap();
        self.call(|| Ok(self.objects[&object.key][place(range.start)..place(range.end)].to_vec()))
    }
}
