//! A list of people, read piece by piece: who is on it, what is wrong with which line, and where its batches begin.

use super::ListVersion;
use super::line::{Format, Line, Problem};
use crate::Digest;
use crate::digest::Measure;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The longest line: what is said of one person takes a few hundred bytes.
const MOST_LINE: usize = 4096;
/// How many lines' problems are named one by one. All are counted.
const MOST_PROBLEMS: usize = 50;
/// How many languages and jurisdictions are counted one by one; the rest would be typing errors.
const MOST_CODES: usize = 300;
/// How many people one list may hold: what the digests that tell duplicates may take is 16 bytes each.
const MOST_PEOPLE: u64 = 5_000_000;

/// Whom a notice goes to: part of what counsel decides about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// The list.
    pub list: ListVersion,
    /// Of its content.
    pub sha256: Digest,
    /// How many people are told.
    pub people: u64,
    /// How many of them by mail.
    pub by_mail: u64,
    /// How many of them by post, since no mail is a valid notice to them.
    pub by_post: u64,
    /// How many of those because their mailbox was breached.
    pub breached_mailboxes: u64,
    /// How many lines cannot be used.
    pub unusable: u64,
    /// The first of those.
    pub problems: Vec<LineProblem>,
    /// How many read which language; nothing where the list does not say.
    pub languages: BTreeMap<String, u64>,
    /// How many live where; nothing where the list does not say.
    pub jurisdictions: BTreeMap<String, u64>,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProblem {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub problem: Problem,
}

/// Lines that one run of the function sends to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Where it begins in the list, in bytes.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// The number of its first line.
    pub line: u64,
}

/// What is known of a list that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whom it holds.
    pub audience: Audience,
    /// How it is written.
    pub format: Format,
    /// Its batches.
    pub batches: Vec<Batch>,
}

/// Why a list is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Its name says neither CSV nor JSON Lines.
    #[error("the name of a list ends with `.csv` or `.jsonl`")]
    Name,
    /// The head of the CSV.
    #[error(
        "line 1 has to name the columns, each once: `email` and of `name`, `language`, `jurisdiction`, `postal_address`, `mailbox_breached` what there is"
    )]
    Head,
    /// Nobody is on it.
    #[error("the list names nobody who can be told")]
    Empty,
    /// Too many.
    #[error("the list has more than {MOST_PEOPLE} lines: split it")]
    TooLong,
}

/// Reads a list that arrives in pieces. It keeps the line that is not whole yet and a digest of each person, nothing else.
#[derive(Debug)]
pub struct Reader {
    format: Option<Format>,
    measure: Measure,
    rest: Vec<u8>,
    is_overlong: bool,
    /// Where the line that is not whole yet begins.
    begins: u64,
    lines: u64,
    /// Whether a mail goes to each person so far.
    seen: HashMap<[u8; 16], bool>,
    audience: Audience,
    batch_lines: u64,
    batches: Vec<Batch>,
    in_batch: u64,
}

impl Reader {
    /// Begins a list, of which each batch has so many lines.
    ///
    /// # Errors
    /// A name of another kind of file.
    pub fn new(list: ListVersion, batch_lines: u64) -> Result<Self, ListError> {
        let format = match list.key.rsplit('.').next() {
            Some("csv") => None,
            Some("jsonl") => Some(Format::JsonLines),
            _ => return Err(ListError::Name),
        };
        let audience = Audience {
            list,
            sha256: Digest::of(b""),
            people: 0,
            by_mail: 0,
            by_post: 0,
            breached_mailboxes: 0,
            unusable: 0,
            problems: Vec::new(),
            languages: BTreeMap::new(),
            jurisdictions: BTreeMap::new(),
        };
        Ok(Self {
            format,
            measure: Measure::default(),
            rest: Vec::new(),
            is_overlong: false,
            begins: 0,
            lines: 0,
            seen: HashMap::new(),
            audience,
            batch_lines,
            batches: Vec::new(),
            in_batch: 0,
        })
    }

    /// Takes the next piece; the people on the lines that it completes.
    ///
    /// # Errors
    /// A head that names no columns, too many lines.
    pub fn take(&mut self, piece: &[u8]) -> Result<Vec<Line>, ListError> {
        self.measure.take(piece);
        let mut people = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.is_overlong || self.rest.len() + part.len() > MOST_LINE {
                // Only how long it is counts from here on.
                self.is_overlong = true;
                self.begins += self.rest.len() as u64 + part.len() as u64;
                self.rest.clear();
                if part.ends_with(b"\n") {
                    self.end_line(&[], 0, &mut people)?;
                }
            } else {
                self.rest.extend_from_slice(part);
                if part.ends_with(b"\n") {
                    let line = std::mem::take(&mut self.rest);
                    self.end_line(&line, line.len() as u64, &mut people)?;
                }
            }
        }
        Ok(people)
    }

    /// The last line, if nothing ends it, and what is known of all.
    ///
    /// # Errors
    /// Nobody is on the list.
    pub fn finish(mut self) -> Result<(Vec<Line>, Checked), ListError> {
        let mut people = Vec::new();
        if !self.rest.is_empty() || self.is_overlong {
            let line = std::mem::take(&mut self.rest);
            self.end_line(&line, line.len() as u64, &mut people)?;
        }
        let format = self.format.ok_or(ListError::Head)?;
        if self.audience.people == 0 {
            return Err(ListError::Empty);
        }
        self.audience.sha256 = self.measure.finish().0;
        Ok((people, Checked { audience: self.audience, format, batches: self.batches }))
    }

    fn end_line(&mut self, line: &[u8], length: u64, people: &mut Vec<Line>) -> Result<(), ListError> {
        self.lines += 1;
        let begins = self.begins;
        self.begins += length;
        let is_overlong = std::mem::take(&mut self.is_overlong);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(format) = &self.format else {
            self.format = Some(Format::of_head(line).ok_or(ListError::Head)?);
            return Ok(());
        };
        if self.lines > MOST_PEOPLE {
            return Err(ListError::TooLong);
        }
        if line.is_empty() && !is_overlong {
            return Ok(());
        }
        let read = if is_overlong { Err(Problem::TooLong) } else { format.person(line) };
        let read = read.and_then(|person| {
            let identity = Digest::of_parts(&person.identity()).bytes().unwrap_or_default();
            let short: [u8; 16] = identity.first_chunk().copied().unwrap_or_default();
            match self.seen.get(&short) {
                None => {
                    self.seen.insert(short, person.mailbox().is_some());
                    Ok(person)
                }
                Some(is_mailed) => {
                    if !is_mailed && person.mailbox().is_some() {
                        // Who reads the batch alone would take this line for a first one.
                        self.in_batch = self.batch_lines;
                    }
                    Err(Problem::Duplicate)
                }
            }
        });
        let person = match read {
            Ok(person) => person,
            Err(problem) => {
                self.audience.note(self.lines, problem);
                return Ok(());
            }
        };
        if person.mailbox().is_some() {
            self.put_into_batch(begins);
        }
        self.audience.count(&person);
        people.push(Line { number: self.lines, person });
        Ok(())
    }

    /// Lets the last batch end with this line, or begins one with it.
    fn put_into_batch(&mut self, begins: u64) {
        match self.batches.last_mut() {
            Some(batch) if self.in_batch < self.batch_lines => {
                batch.to = self.begins;
                self.in_batch += 1;
            }
            _ => {
                self.batches.push(Batch { from: begins, to: self.begins, line: self.lines });
                self.in_batch = 1;
            }
        }
    }
}

impl Audience {
    /// Of everything that is known of it.
    pub fn digest(&self) -> Digest {
        // A structure of texts and numbers always has a JSON form.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    fn note(&mut self, line: u64, problem: Problem) {
        self.unusable += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(LineProblem { line, problem });
        }
    }

    fn count(&mut self, person: &super::line::Person) {
        self.people += 1;
        if person.mailbox().is_some() {
            self.by_mail += 1;
        } else {
            self.by_post += 1;
            self.breached_mailboxes += u64::from(person.is_mailbox_breached);
        }
        for (codes, code) in [(&mut self.languages, &person.language), (&mut self.jurisdictions, &person.jurisdiction)]
        {
            let code =
                if code.is_empty() || codes.len() >= MOST_CODES && !codes.contains_key(code) { "other" } else { code };
            *codes.entry(code.to_owned()).or_default() += 1;
        }
    }

    /// What counsel should know before deciding, one line each: lines that cannot be used, people who read another language.
    pub fn gaps(&self, language: &str) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.unusable > 0 {
            let named: Vec<String> = self.problems.iter().take(20).map(LineProblem::to_string).collect();
            gaps.push(format!("list of recipients: {} lines cannot be used ({})", self.unusable, named.join(", ")));
        }
        let others: Vec<String> = self
            .languages
            .iter()
            .filter(|(code, _)| *code != language && *code != "other")
            .map(|(code, people)| format!("{code}: {people}"))
            .collect();
        if !others.is_empty() {
            gaps.push(format!("list of recipients: people who read another language ({})", others.join(", ")));
        }
        gaps
    }
}

impl std::fmt::Display for LineProblem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let problem = match self.problem {
            Problem::Malformed => "no record of one person",
            Problem::NotUtf8 => "not UTF-8",
            Problem::TooLong => "too long",
            Problem::ControlCharacter => "a line break or control character in a field",
            Problem::BadAddress => "the mail address is not valid",
            Problem::BadLanguage => "the language is no ISO 639-1 code",
            Problem::BadJurisdiction => "the jurisdiction is no ISO 3166 code",
            Problem::Duplicate => "the same person stands on an earlier line",
            Problem::NoWayToReach => "neither a mail address that may be written to nor a postal address",
        };
        write!(out, "line {}: {problem}", self.line)
    }
}
