//! A table in memory that takes a turn at every operation, and a scheduler that decides whose turn is next.

use incident::Failure;
use incident::records::{Key, Listing, Records, Versioned, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[derive(Default)]
pub(crate) struct Table {
    rows: RefCell<BTreeMap<Key, (u64, Value)>>,
    writes: Cell<usize>,
}

impl Table {
    pub(crate) fn writes(&self) -> usize {
        self.writes.get()
    }

    /// Every record below a kind of partition.
    pub(crate) fn all<T: DeserializeOwned>(&self, partition: &str, sort: &str) -> Vec<T> {
        let rows = self.rows.borrow();
        let wanted = rows.iter().filter(|(key, _)| key.partition.starts_with(partition) && key.sort.starts_with(sort));
        wanted.map(|(_, (_, record))| serde_json::from_value(record.clone()).unwrap()).collect()
    }

    pub(crate) fn change<T: Serialize + DeserializeOwned>(&self, key: &Key, change: impl Fn(&mut T)) {
        let mut rows = self.rows.borrow_mut();
        let (version, record) = rows.get_mut(key).unwrap();
        let mut typed: T = serde_json::from_value(record.clone()).unwrap();
        change(&mut typed);
        (*version, *record) = (*version + 1, serde_json::to_value(typed).unwrap());
    }

    fn found<T: DeserializeOwned>(&self, key: &Key) -> Option<Versioned<T>> {
        let rows = self.rows.borrow();
        let (version, record) = rows.get(key)?;
        Some(Versioned { record: serde_json::from_value(record.clone()).unwrap(), version: *version })
    }

    fn put(&self, key: &Key, version: u64, record: Value) {
        self.writes.set(self.writes.get() + 1);
        self.rows.borrow_mut().insert(key.clone(), (version, record));
    }
}

impl Records for Table {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        turn().await;
        Ok(self.found(key).map(|found| found.record))
    }

    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        let mut found = Vec::new();
        for key in keys {
            // As on AWS, a batch of reads is no snapshot.
            turn().await;
            found.push(self.found(key));
        }
        Ok(found)
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        turn().await;
        assert!(writes.len() <= incident::records::MOST_WRITES, "{} writes", writes.len());
        let mut keys: Vec<&Key> = writes.iter().map(|write| &write.key).collect();
        keys.sort();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a transaction writes an item once");
        let version = |key: &Key| self.rows.borrow().get(key).map(|(version, _)| *version);
        if writes.iter().any(|write| version(&write.key) != write.over) {
            return Ok(false);
        }
        for Write { key, record, over } in writes {
            self.put(&key, over.unwrap_or(0) + 1, record);
        }
        Ok(true)
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(
        &self,
        key: &Key,
        record: &T,
    ) -> Result<(T, bool), Failure> {
        turn().await;
        if let Some(found) = self.found(key) {
            return Ok((found.record, false));
        }
        self.put(key, 1, serde_json::to_value(record).unwrap());
        Ok((record.clone(), true))
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        turn().await;
        let Versioned { mut record, version } = self.found::<T>(key).unwrap();
        change(&mut record)?;
        self.put(key, version + 1, serde_json::to_value(&record).unwrap());
        Ok(record)
    }

    async fn remove(&self, key: &Key) -> Result<(), Failure> {
        turn().await;
        self.rows.borrow_mut().remove(key);
        Ok(())
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        turn().await;
        Ok(self.all(&listing.partition, &listing.prefix))
    }
}

/// For handlers that own their ports.
impl Records for &Table {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        (**self).get(key).await
    }

    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        (**self).read(keys).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        (**self).commit(writes).await
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        (**self).create(key, new).await
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        (**self).update(key, change).await
    }

    async fn remove(&self, key: &Key) -> Result<(), Failure> {
        (**self).remove(key).await
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        (**self).list(listing).await
    }
}

/// Lets the others go on.
fn turn() -> impl Future<Output = ()> {
    let mut has_waited = false;
    std::future::poll_fn(
        move |_| {
            if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
}

/// Runs all of these to their end, one operation of one of them at a time, in an order that `choices` gives. Those in
/// `killed` are dropped where they stand after as many of their own operations.
pub(crate) fn interleave<'a>(
    tasks: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    choices: &[usize],
    killed: &BTreeMap<usize, usize>,
) {
    let mut running: Vec<_> = tasks.into_iter().enumerate().map(|(number, task)| (number, 0, task)).collect();
    let mut context = Context::from_waker(Waker::noop());
    let mut choices = choices.iter().cycle();
    while !running.is_empty() {
        let place = choices.next().unwrap_or(&0) % running.len();
        let (number, operations, task) = &mut running[place];
        *operations += 1;
        let is_over =
            task.as_mut().poll(&mut context).is_ready() || killed.get(number).is_some_and(|at| *operations > *at);
        if is_over {
            drop(running.swap_remove(place));
        }
    }
}

/// Runs it by itself; answers with what it answers.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let answer = RefCell::new(None);
    interleave(vec![Box::pin(async { *answer.borrow_mut() = Some(future.await) })], &[0], &BTreeMap::new());
    answer.into_inner().unwrap()
}
