//! The custody log: every entry as it was written, in its place, chained to the one before.

use super::{Broken, CUSTODY, CaseFiles, Kind, Later, paper};
use crate::evidence::custody::{CustodyEntry, Deed, GENESIS};
use std::collections::HashSet;

/// The log as it was read, in the order of its entries' numbers.
pub(super) struct Chain {
    entries: Vec<(usize, CustodyEntry)>,
    sealed_up_to: u64,
}

/// Reads the log, and names what is wrong with it in itself.
pub(super) fn read(files: &impl CaseFiles, broken: &mut Vec<Broken>) -> Chain {
    let mut entries = paper(files, CUSTODY, broken).map(|bytes| lines(bytes, broken)).unwrap_or_default();
    in_order(&entries, broken);
    entries.sort_by_key(|(_, entry)| entry.sequence);
    linked(&entries, broken);
    Chain { entries, sealed_up_to: 0 }
}

/// The entries, each with its line.
fn lines(bytes: Vec<u8>, broken: &mut Vec<Broken>) -> Vec<(usize, CustodyEntry)> {
    let Ok(text) = String::from_utf8(bytes) else {
        broken.push(Broken::altered(CUSTODY, "it is not UTF-8"));
        return Vec::new();
    };
    if text.is_empty() {
        broken.push(Broken::new(Kind::Missing, CUSTODY, "the log is empty"));
    } else if !text.ends_with('\n') {
        broken.push(Broken::altered(CUSTODY, "its last line does not end"));
    }
    let mut entries: Vec<(usize, CustodyEntry)> = Vec::new();
    for (index, row) in text.split_terminator('\n').enumerate() {
        let line = index + 1;
        let mut altered = |what: String| broken.push(Broken::at_line(Kind::Altered, CUSTODY, line, what));
        let entry: CustodyEntry = match serde_json::from_str(row) {
            Ok(entry) => entry,
            Err(error) => {
                altered(format!("it is no custody entry ({error})"));
                continue;
            }
        };
        if entry.hash != entry.computed_hash() {
            altered("`hash` is not that of its other fields".to_owned());
        } else if serde_json::to_string(&entry).ok().as_deref() != Some(row) {
            altered("it says the same, but not in the form in which it was written".to_owned());
        }
        if entries.first().is_some_and(|(_, first)| first.incident != entry.incident) {
            altered("it belongs to another incident".to_owned());
        }
        entries.push((line, entry));
    }
    entries
}

/// Names what was moved, doubled or left out, by the entries' numbers.
fn in_order(entries: &[(usize, CustodyEntry)], broken: &mut Vec<Broken>) {
    let mut seen = HashSet::new();
    let mut highest = 0;
    for (line, CustodyEntry { sequence, .. }) in entries {
        if !seen.insert(*sequence) {
            broken.push(Broken::at_line(
                Kind::Added,
                CUSTODY,
                *line,
                format!("there is an entry {sequence} before it"),
            ));
        } else if *sequence < highest {
            let what = format!("entry {sequence} stands after entry {highest}");
            broken.push(Broken::at_line(Kind::Reordered, CUSTODY, *line, what));
        }
        highest = highest.max(*sequence);
    }
    let mut numbers: Vec<u64> = seen.into_iter().collect();
    numbers.sort_unstable();
    let mut last = 0;
    for number in numbers {
        match number.saturating_sub(last) {
            0 | 1 => {}
            2 => broken.push(Broken::new(Kind::Missing, CUSTODY, format!("there is no entry {}", last + 1))),
            _ => {
                let what = format!("there are no entries {} to {}", last + 1, number - 1);
                broken.push(Broken::new(Kind::Missing, CUSTODY, what));
            }
        }
        last = number;
    }
}

/// Names every entry that does not follow the one of the number before.
fn linked(entries: &[(usize, CustodyEntry)], broken: &mut Vec<Broken>) {
    let mut before: Option<&CustodyEntry> = None;
    for (line, entry) in entries {
        let expected = match before {
            None if entry.sequence == 1 => Some(GENESIS),
            Some(before) if before.sequence.checked_add(1) == Some(entry.sequence) => Some(before.hash.as_str()),
            // The one before is missing or doubled, which was named.
            None | Some(_) => None,
        };
        if expected.is_some_and(|expected| expected != entry.previous) {
            let what = "`previous` is not the hash of the entry before";
            broken.push(Broken::at_line(Kind::Altered, CUSTODY, *line, what));
        }
        if entry.sequence == 0 {
            broken.push(Broken::at_line(Kind::Added, CUSTODY, *line, "entries are counted from 1"));
        }
        before = Some(entry);
    }
}

impl Chain {
    /// The same log, of which a seal covers the first `entries`. Without a seal, the last entry that seals a manifest ends it.
    pub(super) fn sealed_up_to(mut self, entries: Option<u64>) -> Self {
        let last_sealed =
            || self.all().rev().find(|entry| entry.deed == Deed::Sealed).map_or(0, |entry| entry.sequence);
        self.sealed_up_to = entries.unwrap_or_else(last_sealed);
        self
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &CustodyEntry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// The entries that are sealed.
    pub(super) fn sealed(&self) -> impl DoubleEndedIterator<Item = &CustodyEntry> {
        self.all().filter(|entry| entry.sequence <= self.sealed_up_to)
    }

    /// The entries that are not.
    pub(super) fn unsealed(&self) -> impl DoubleEndedIterator<Item = &CustodyEntry> {
        self.all().filter(|entry| entry.sequence > self.sealed_up_to)
    }

    pub(super) fn later(&self) -> Vec<Later> {
        let later =
            |entry: &CustodyEntry| Later { sequence: entry.sequence, deed: entry.deed, path: entry.path.clone() };
        self.unsealed().map(later).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn head(&self) -> Option<String> {
        self.all().next_back().map(|last| last.hash.to_string())
    }
}
