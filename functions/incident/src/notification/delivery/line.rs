//! One line of a list: one person, or what is wrong with it.

use super::address::{Address, AddressError};
use serde::{Deserialize, Serialize};

/// How a list is written, by the end of its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated (RFC 4180, but one person a line: no field goes over two lines), with a head that names the columns.
    Csv {
        /// The columns, in their order.
        columns: Vec<Column>,
    },
    /// One JSON object a line.
    JsonLines,
}

/// What a list says of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The mail address.
    Email,
    /// The name, for a letter.
    Name,
    /// The language that the person reads, as an ISO 639-1 code.
    Language,
    /// Where the person lives, as an ISO 3166 code (`DE`, `US-CA`).
    Jurisdiction,
    /// The postal address, with commas or semicolons between its lines.
    PostalAddress,
    /// Whether the mailbox itself was breached, so that a notice to it is none (such as Cal. Civ. Code 1798.82(j)(5)).
    MailboxBreached,
}

/// A person to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Where to, if a mail is a valid notice to this person.
    pub email: Option<Address>,
    /// The name.
    pub name: String,
    /// The language, or nothing.
    pub language: String,
    /// Where the person lives, or nothing.
    pub jurisdiction: String,
    /// The postal address, or nothing.
    pub postal_address: String,
    /// Whether the mailbox was breached.
    pub is_mailbox_breached: bool,
}

/// A line and who is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, the head of a CSV included.
    pub number: u64,
    /// Who.
    pub person: Person,
}

/// What is wrong with a line. It names the kind alone: the line is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// It is no record of this format, or lacks or adds a field.
    Malformed,
    /// It is not UTF-8.
    NotUtf8,
    /// It is longer than a record of one person.
    TooLong,
    /// A field holds a line break or another control character.
    ControlCharacter,
    /// The mail address is not valid.
    BadAddress,
    /// The language is no ISO 639-1 code.
    BadLanguage,
    /// The jurisdiction is no ISO 3166 code.
    BadJurisdiction,
    /// The same person stands on an earlier line.
    Duplicate,
    /// Neither a mail address that may be written to nor a postal address.
    NoWayToReach,
}

/// A record as JSON Lines write it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Record {
    email: String,
    name: String,
    language: String,
    jurisdiction: String,
    postal_address: String,
    mailbox_breached: bool,
}

impl Format {
    /// The columns of a CSV, from its first line; `None` where one is not known or stands there twice, or there is no `email`.
    pub(super) fn of_head(head: &[u8]) -> Option<Self> {
        let fields = fields(std::str::from_utf8(head).ok()?.trim_start_matches('\u{feff}'))?;
        let mut columns = Vec::new();
        for field in fields {
            let column = match field.trim().to_ascii_lowercase().as_str() {
                "email" => Column::Email,
                "name" => Column::Name,
                "language" => Column::Language,
                "jurisdiction" => Column::Jurisdiction,
                "postal_address" => Column::PostalAddress,
                "mailbox_breached" => Column::MailboxBreached,
                _ => return None,
            };
            if columns.contains(&column) {
                return None;
            }
            columns.push(column);
        }
        columns.contains(&Column::Email).then_some(Self::Csv { columns })
    }

    /// The person on a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn person(&self, line: &[u8]) -> Result<Person, Problem> {
        let text = std::str::from_utf8(line).map_err(|_| Problem::NotUtf8)?;
        let record = match self {
            Self::JsonLines => serde_json::from_str(text).map_err(|_| Problem::Malformed)?,
            Self::Csv { columns } => record(columns, text).ok_or(Problem::Malformed)?,
        };
        record.person()
    }
}

impl Record {
    fn person(self) -> Result<Person, Problem> {
        let texts = [&self.email, &self.name, &self.language, &self.jurisdiction, &self.postal_address];
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            return Err(Problem::ControlCharacter);
        }
        let language = self.language.trim().to_ascii_lowercase();
        if !(language.is_empty() || language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase())) {
            return Err(Problem::BadLanguage);
        }
        let jurisdiction = self.jurisdiction.trim().to_ascii_uppercase();
        if !(jurisdiction.is_empty() || is_jurisdiction(&jurisdiction)) {
            return Err(Problem::BadJurisdiction);
        }
        let email = match self.email.trim() {
            "" => None,
            text => Some(Address::parse(text).map_err(|error| match error {
                AddressError::Control => Problem::ControlCharacter,
                AddressError::Malformed => Problem::BadAddress,
            })?),
        };
        let postal_address = self.postal_address.trim().to_owned();
        let person = Person {
            email,
            name: self.name.trim().to_owned(),
            language,
            jurisdiction,
            postal_address,
            is_mailbox_breached: self.mailbox_breached,
        };
        let is_reached = person.mailbox().is_some() || !person.postal_address.is_empty();
        is_reached.then_some(person).ok_or(Problem::NoWayToReach)
    }
}

impl Person {
    /// Where a mail is a valid notice: not to a mailbox that others may read.
    pub fn mailbox(&self) -> Option<&Address> {
        self.email.as_ref().filter(|_| !self.is_mailbox_breached)
    }

    /// What makes two lines the same person: the mailbox, or else the letter box.
    pub fn identity(&self) -> [&str; 3] {
        match &self.email {
            Some(address) => ["email", address.as_str(), ""],
            None => ["post", &self.name, &self.postal_address],
        }
    }
}

/// `DE` or `US-CA`: ISO 3166-1 alpha-2, and ISO 3166-2.
fn is_jurisdiction(code: &str) -> bool {
    let (country, part) = code.split_once('-').map_or((code, None), |(country, part)| (country, Some(part)));
    let is_part = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && part.is_none_or(is_part)
}

fn record(columns: &[Column], text: &str) -> Option<Record> {
    let fields = fields(text)?;
    if fields.len() != columns.len() {
        return None;
    }
    let mut record = Record::default();
    for (column, field) in columns.iter().zip(fields) {
        match column {
            Column::Email => record.email = field,
            Column::Name => record.name = field,
            Column::Language => record.language = field,
            Column::Jurisdiction => record.jurisdiction = field,
            Column::PostalAddress => record.postal_address = field,
            Column::MailboxBreached => {
                record.mailbox_breached = match field.trim().to_ascii_lowercase().as_str() {
                    "true" | "yes" | "1" => true,
                    "" | "false" | "no" | "0" => false,
                    _ => return None,
                }
            }
        }
    }
    Some(record)
}

/// The fields of one line of CSV; `None` where its quotes do not pair, as in a field that goes on in the next line.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut letters = line.chars().peekable();
    loop {
        if letters.next_if_eq(&'"').is_some() {
            loop {
                match letters.next()? {
                    '"' if letters.next_if_eq(&'"').is_some() => field.push('"'),
                    '"' => break,
                    letter => field.push(letter),
                }
            }
        } else {
            while let Some(letter) = letters.next_if(|letter| *letter != ',') {
                if letter == '"' {
                    return None;
                }
                field.push(letter);
            }
        }
        fields.push(std::mem::take(&mut field));
        match letters.next() {
            Some(',') => {}
            Some(_) => return None,
            None => return Some(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_rfc_4180_writes_them() {
        assert_eq!(fields(r#"a,"b, ""c""",,d"#).unwrap(), ["a", "b, \"c\"", "", "d"]);
        assert_eq!(fields("").unwrap(), [""]);
        for broken in [r#""a"#, r#"a"b"#, r#""a"b"#] {
            assert_eq!(fields(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_breached_mailbox_is_written_to_by_post_alone() {
        let format = Format::of_head(b"email,mailbox_breached,postal_address").unwrap();
        let person = format.person(b"a@b.example,yes,Hafen 1").unwrap();
        assert_eq!((person.mailbox(), person.postal_address.as_str()), (None, "Hafen 1"));
        assert_eq!(format.person(b"a@b.example,yes,"), Err(Problem::NoWayToReach));
        assert_eq!(format.person(b"a@b.example,perhaps,"), Err(Problem::Malformed));
    }
}
