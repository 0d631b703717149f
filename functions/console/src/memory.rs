//! A table in memory, for tests.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use incident::Failure;
use incident::records::{Key, Listing, Records, Versioned, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    rows: RefCell<BTreeMap<Key, (u64, Value)>>,
    writes: Cell<usize>,
}

impl Memory {
    /// How often it was written.
    pub(crate) fn writes(&self) -> usize {
        self.writes.get()
    }

    /// All that it holds, as text.
    pub(crate) fn dump(&self) -> String {
        format!("{:?}", self.rows.borrow())
    }

    fn put(&self, key: &Key, version: u64, record: Value) {
        self.writes.set(self.writes.get() + 1);
        self.rows.borrow_mut().insert(key.clone(), (version, record));
    }

    fn found<T: DeserializeOwned>(&self, key: &Key) -> Option<Versioned<T>> {
        let (version, record) = self.rows.borrow().get(key)?.clone();
        Some(Versioned { record: serde_json::from_value(record).unwrap(), version })
    }
}

impl Records for Memory {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        Ok(self.found(key).map(|found| found.record))
    }

    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        Ok(keys.iter().map(|key| self.found(key)).collect())
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        let version = |key: &Key| self.rows.borrow().get(key).map(|(version, _)| *version);
        if writes.iter().any(|write| version(&write.key) != write.over) {
            return Ok(false);
        }
        for Write { key, record, over } in writes {
            self.put(&key, over.unwrap_or(0) + 1, record);
        }
        Ok(true)
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        if let Some(found) = self.found(key) {
            return Ok((found.record, false));
        }
        self.put(key, 1, serde_json::to_value(new).unwrap());
        Ok((new.clone(), true))
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        let Versioned { mut record, version } = self.found::<T>(key).unwrap();
        change(&mut record)?;
        self.put(key, version + 1, serde_json::to_value(&record).unwrap());
        Ok(record)
    }

    async fn remove(&self, key: &Key) -> Result<(), Failure> {
        self.rows.borrow_mut().remove(key);
        Ok(())
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        let rows = self.rows.borrow();
        let below = rows.iter().filter(|(key, _)| key.partition == listing.partition);
        let below = below.filter(|(key, _)| key.sort.starts_with(&listing.prefix));
        Ok(below.map(|(_, (_, record))| serde_json::from_value(record.clone()).unwrap()).collect())
    }
}

/// Runs what waits for nothing but this table.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
