//! The documents of the input, each with the line at which it begins.
//!
//! As a rule a line is a document, and is read as a whole. A line that only begins a document, holds several, or is longer
//! than a finding may be is read by its outline, see [`super::syntax`]: so are documents that span lines, those that stand
//! end to end, and export files, which are one list of any size. No more than one element is kept of those.

use super::bytes::{Bytes, Line};
use super::document::{Document, Ended, Piece};
use super::syntax::{Fault, Outline, outline_of};
use incident::sources::{self, Code, MAX_BYTES, Translated};
use std::io;

/// The findings of one document or of one element, and where it begins.
pub(super) struct Batch {
    pub(super) line: u64,
    pub(super) findings: Translated,
}

/// Reads the input once, front to back.
pub(super) struct Documents<'r> {
    bytes: Bytes<'r>,
    text: Vec<u8>,
    /// The document that is being read by its outline.
    open: Option<Document>,
    /// Whether such a document ended in the line that is being read.
    is_behind_document: bool,
}

impl<'r> Documents<'r> {
    /// The documents of these bytes.
    pub(super) fn of(bytes: Bytes<'r>) -> Self {
        Self { bytes, text: Vec::new(), open: None, is_behind_document: false }
    }

    /// The line that comes next, for an error of reading.
    pub(super) fn line(&self) -> u64 {
        self.bytes.line()
    }

    /// The next document or element; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch>> {
        loop {
            if let Some(document) = self.open.take() {
                if let Some(batch) = self.go_on(document)? {
                    return Ok(Some(batch));
                }
            } else if self.is_behind_document {
                if let Some(batch) = self.look_behind()? {
                    return Ok(Some(batch));
                }
            } else {
                match self.next_line()? {
                    Next::Batch(batch) => return Ok(Some(batch)),
                    Next::Nothing => {}
                    Next::End => return Ok(None),
                }
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Next> {
        let line = self.bytes.line();
        let refused = |code: Code| Next::Batch(Batch { line, findings: vec![Err(code.of_document())] });
        let is_document =
            |text: &[u8]| text.trim_ascii_start().starts_with(b"{") || text.trim_ascii_start().starts_with(b"[");
        match self.bytes.line_into(&mut self.text, MAX_BYTES)? {
            Line::End => return Ok(Next::End),
            Line::Whole if self.text.trim_ascii().is_empty() => return Ok(Next::Nothing),
            Line::Whole => match sources::read(&self.text) {
                Ok(findings) => return Ok(Next::Batch(Batch { line, findings })),
                Err(refusal) if refusal.code == Code::InvalidJson.as_str() && is_document(&self.text) => {
                    if outline_of(&self.text) == Outline::Broken {
                        return Ok(Next::Batch(Batch { line, findings: vec![Err(refusal)] }));
                    }
                    self.text.push(b'\n');
                }
                Err(refusal) => return Ok(Next::Batch(Batch { line, findings: vec![Err(refusal)] })),
            },
            Line::TooLong if is_document(&self.text) => {}
            Line::TooLong => {
                self.bytes.skip_line()?;
                return Ok(refused(Code::TooLarge));
            }
        }
        self.bytes.put_back(&self.text, line)?;
        self.open = Some(Document::at(line));
        Ok(Next::Nothing)
    }

    /// Reads on in a document until something of it can be given out.
    fn go_on(&mut self, mut document: Document) -> io::Result<Option<Batch>> {
        loop {
            let line = self.bytes.line();
            let available = self.bytes.available()?;
            if available.is_empty() {
                return self.give_up(document, Fault::NotJson).map(Some);
            }
            let mut read = 0;
            let mut line_breaks = 0;
            let mut ended = Ok(Ended::Nothing);
            for byte in available {
                ended = document.step(*byte, line + line_breaks);
                match ended {
                    Ok(_) => read += 1,
                    Err(_) => break,
                }
                line_breaks += u64::from(*byte == b'\n');
                if !matches!(ended, Ok(Ended::Nothing)) {
                    break;
                }
            }
            self.bytes.take(read)?;
            match ended {
                Ok(Ended::Nothing) => {}
                Ok(Ended::Element(piece)) => {
                    self.is_behind_document = document.is_whole();
                    self.open = (!document.is_whole()).then_some(document);
                    return Ok(Some(batch_of(piece)));
                }
                Ok(Ended::Document) => {
                    self.is_behind_document = true;
                    if document.is_given_out {
                        return Ok(None);
                    }
                    let text = document.is_kept().then_some(document.kept);
                    return Ok(Some(batch_of(Piece { line: document.line, path: "$".to_owned(), text })));
                }
                Err(fault) => return self.give_up(document, fault).map(Some),
            }
        }
    }

    /// Another document may follow in the same line: what Firehose delivers stands end to end.
    fn look_behind(&mut self) -> io::Result<Option<Batch>> {
        let line = self.bytes.line();
        match self.bytes.peek()? {
            Some(b' ' | b'\t' | b'\r') => self.bytes.take(1)?,
            Some(b'{' | b'[') => {
                self.is_behind_document = false;
                self.open = Some(Document::at(line));
            }
            Some(b'\n') | None => {
                self.is_behind_document = false;
                self.bytes.take(1)?;
            }
            Some(_) => {
                self.is_behind_document = false;
                self.bytes.skip_line()?;
                return Ok(Some(Batch { line, findings: vec![Err(Code::InvalidJson.of_document())] }));
            }
        }
        Ok(None)
    }

    /// Refuses what is left of a document, and finds a place to go on from.
    fn give_up(&mut self, document: Document, fault: Fault) -> io::Result<Batch> {
        let here = self.bytes.line();
        let (line, path) = document.place(here);
        let mut size = document.size;
        if let Some(rest) = cut_off(&document) {
            // The first line was cut off, and the lines after it were taken for its rest.
            self.bytes.put_back(rest, document.line + 1)?;
        } else if self.bytes.is_at_line_start() && matches!(self.bytes.peek()?, Some(b'{' | b'[')) {
            // What stands here begins a document of its own.
        } else if here == document.line {
            size += self.bytes.skip_line()?;
        } else {
            self.skip_to_document()?;
        }
        let code = match fault {
            _ if size > MAX_BYTES && !document.is_given_out => Code::TooLarge,
            Fault::NotJson => Code::InvalidJson,
            Fault::TooDeep => Code::TooDeep,
        };
        let mut refusal = code.of_document();
        refusal.path = path;
        Ok(Batch { line, findings: vec![Err(refusal)] })
    }

    /// Skips to the next line that begins as a document does: the rest of a broken one is indented, or ends something.
    fn skip_to_document(&mut self) -> io::Result<()> {
        loop {
            self.bytes.skip_line()?;
            if !self.bytes.is_at_line_start() || matches!(self.bytes.peek()?, Some(b'{' | b'[') | None) {
                return Ok(());
            }
        }
    }
}

/// What comes of a line.
enum Next {
    Batch(Batch),
    Nothing,
    End,
}

/// The text from the second line on, if that line begins as a document does.
fn cut_off(document: &Document) -> Option<&[u8]> {
    let kept = document.is_kept().then_some(document.kept.as_slice())?;
    let end = kept.iter().position(|byte| *byte == b'\n')?;
    kept.get(end + 1..).filter(|rest| rest.starts_with(b"{") || rest.starts_with(b"["))
}

/// Reads a piece by itself; what is refused in it is named by its path in the document.
fn batch_of(piece: Piece) -> Batch {
    let read = piece.text.as_deref().map_or_else(|| Err(Code::TooLarge.of_document()), sources::read);
    let mut findings = read.unwrap_or_else(|refusal| vec![Err(refusal)]);
    for refusal in findings.iter_mut().filter_map(|finding| finding.as_mut().err()) {
        refusal.path = format!("{}{}", piece.path, refusal.path.trim_start_matches('$'));
    }
    Batch { line: piece.line, findings }
}
