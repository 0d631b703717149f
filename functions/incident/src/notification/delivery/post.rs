//! Letters: the people to whom no mail is a valid notice, as a CSV for whoever prints.

use super::line::Person;
use crate::tabular::quoted;

/// Lines of one file, so that none fills memory.
const MOST_LINES: usize = 10_000;
const HEAD: &str = "line,name,postal_address,language,jurisdiction,reason\r\n";

/// Files of people who get a letter.
#[derive(Debug, Default)]
pub struct PostalFile {
    text: String,
    lines: usize,
}

impl PostalFile {
    /// Adds a person; the finished file, when this line fills it.
    pub fn add(&mut self, number: u64, person: &Person, reason: &str) -> Option<Vec<u8>> {
        if self.lines == 0 {
            self.text.push_str(HEAD);
        }
        let fields = [&person.name, &person.postal_address, &person.language, &person.jurisdiction, reason];
        self.text.push_str(&number.to_string());
        for field in fields {
            self.text.push(',');
            self.text.push_str(&quoted(field));
        }
        self.text.push_str("\r\n");
        self.lines += 1;
        (self.lines == MOST_LINES).then(|| self.take()).flatten()
    }

    /// What is left, if anything is.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.lines = 0;
        Some(std::mem::take(&mut self.text).into_bytes()).filter(|bytes| !bytes.is_empty())
    }
}
