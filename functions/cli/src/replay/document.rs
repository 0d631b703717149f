//! One document that is larger than a line: its elements are given out one by one, as they are read.

use super::syntax::{Fault, Syntax};
use incident::sources::MAX_BYTES;

/// The members in which APIs, topics, queues and export files list findings, in either case of their first letter.
const LISTS: [&[u8]; 6] = [b"Records", b"records", b"Findings", b"findings", b"Messages", b"messages"];

/// The longest name of a list.
const LONGEST_KEY: usize = 8;

/// A document that is being read.
pub(super) struct Document {
    syntax: Syntax,
    /// The line at which it begins.
    pub(super) line: u64,
    /// Its text so far, until it turns out to be a list that is given out or to be too large.
    pub(super) kept: Vec<u8>,
    /// Its size so far.
    pub(super) size: usize,
    /// The last member name of the document itself, as far as one of [`LISTS`] can be.
    key: Vec<u8>,
    list: Option<List>,
    /// Whether an element of it was given out.
    pub(super) is_given_out: bool,
}

/// A list whose elements are given out.
struct List {
    /// Its path in the document.
    path: String,
    /// How many containers are open between its elements.
    depth: usize,
    /// How many elements are behind.
    index: usize,
    element: Option<Element>,
}

/// An element that is being read.
#[derive(Default)]
struct Element {
    line: u64,
    text: Vec<u8>,
    size: usize,
}

/// What a byte ended.
pub(super) enum Ended {
    /// Nothing.
    Nothing,
    /// An element.
    Element(Piece),
    /// The document.
    Document,
}

/// A part of a document that is read by itself.
pub(super) struct Piece {
    /// The line at which it begins.
    pub(super) line: u64,
    /// Its path in the document.
    pub(super) path: String,
    /// Its text; `None` where it is larger than a document may be.
    pub(super) text: Option<Vec<u8>>,
}

impl Document {
    /// A document that begins at this line.
    pub(super) fn at(line: u64) -> Self {
        Self {
            syntax: Syntax::default(),
            line,
            kept: Vec::new(),
            size: 0,
            key: Vec::new(),
            list: None,
            is_given_out: false,
        }
    }

    /// Whether nothing was lost of its text so far.
    pub(super) fn is_kept(&self) -> bool {
        !self.is_given_out && self.size <= MAX_BYTES
    }

    /// Where the reader is, for a refusal: the element, else the document as a whole.
    pub(super) fn place(&self, line: u64) -> (u64, String) {
        match &self.list {
            Some(list) if self.is_given_out => {
                (list.element.as_ref().map_or(line, |element| element.line), list.path_of_element())
            }
            _ => (self.line, "$".to_owned()),
        }
    }

    /// Reads the next byte, which stands in line `line`. After a fault the byte counts as not read.
    pub(super) fn step(&mut self, byte: u8, line: u64) -> Result<Ended, Fault> {
        let depth = self.syntax.depth();
        let was_in_key = self.syntax.is_in_key();
        let was_in_scalar = self.syntax.is_in_scalar();
        self.syntax.step(byte)?;
        self.size += 1;
        if self.is_kept() {
            self.kept.push(byte);
        } else if !self.kept.is_empty() {
            self.kept = Vec::new();
        }
        let Some(list) = &mut self.list else {
            self.look_for_list(byte, depth, was_in_key);
            return Ok(if self.syntax.is_whole() { Ended::Document } else { Ended::Nothing });
        };
        let is_scalar_over = was_in_scalar && depth == list.depth && !self.syntax.is_in_scalar();
        let is_over = is_scalar_over || self.syntax.is_after_value() && self.syntax.depth() == list.depth;
        let piece = list.step(byte, line, depth, is_over, is_scalar_over);
        if self.syntax.depth() < list.depth {
            self.list = None;
        }
        if let Some(piece) = piece {
            self.is_given_out = true;
            return Ok(Ended::Element(piece));
        }
        Ok(if self.syntax.is_whole() { Ended::Document } else { Ended::Nothing })
    }

    /// Whether it is whole; asked after an element, since one byte can end both.
    pub(super) fn is_whole(&self) -> bool {
        self.syntax.is_whole()
    }

    fn look_for_list(&mut self, byte: u8, depth: usize, was_in_key: bool) {
        match (depth, self.syntax.depth(), byte) {
            (0, 1, b'[') => self.list = Some(List { path: "$".to_owned(), depth: 1, index: 0, element: None }),
            (1, 2, b'[') if LISTS.contains(&self.key.as_slice()) => {
                let path = format!("$.{}", String::from_utf8_lossy(&self.key));
                self.list = Some(List { path, depth: 2, index: 0, element: None });
            }
            (1, 1, _) if self.syntax.is_in_key() && !was_in_key => self.key.clear(),
            // One byte more than the longest name is kept, so that a longer one is not taken for it.
            (1, 1, _) if self.syntax.is_in_key() && self.key.len() <= LONGEST_KEY => self.key.push(byte),
            _ => {}
        }
    }
}

impl List {
    fn path_of_element(&self) -> String {
        format!("{}[{}]", self.path, self.index)
    }

    /// Adds `byte` to the element, which it may begin. Answers the element if it is over.
    fn step(&mut self, byte: u8, line: u64, depth: usize, is_over: bool, is_scalar_over: bool) -> Option<Piece> {
        let is_between = matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']');
        if self.element.is_none() && depth == self.depth && !is_between {
            self.element = Some(Element { line, ..Element::default() });
        }
        let element = self.element.as_mut()?;
        // What shows that a number is over does not belong to it.
        if !is_scalar_over {
            element.size += 1;
            if element.size <= MAX_BYTES {
                element.text.push(byte);
            } else {
                element.text = Vec::new();
            }
        }
        if !is_over {
            return None;
        }
        let path = self.path_of_element();
        let element = self.element.take()?;
        self.index += 1;
        let text = (element.size <= MAX_BYTES).then_some(element.text);
        Some(Piece { line: element.line, path, text })
    }
}
