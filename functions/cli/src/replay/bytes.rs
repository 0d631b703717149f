//! The bytes of the input, plain or compressed, with the number of the line that comes next.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};

/// Bytes that can be put back.
pub(super) struct Bytes<'r> {
    input: Box<dyn BufRead + 'r>,
    /// What was put back, and how much of it was read again.
    back: Cursor<Vec<u8>>,
    /// The line of the next byte, from 1.
    line: u64,
    is_at_line_start: bool,
}

impl<'r> Bytes<'r> {
    /// The bytes of `input`: decompressed where it begins as gzip does (RFC 1952), without a byte order mark.
    pub(super) fn of(mut input: impl BufRead + 'r) -> io::Result<Self> {
        let mut start = Vec::new();
        input.by_ref().take(2).read_to_end(&mut start)?;
        let is_gzip = start == [0x1F, 0x8B];
        let whole = Cursor::new(start).chain(input);
        // Exports to S3 may be several members in one file.
        let mut input: Box<dyn BufRead + 'r> = if is_gzip {
            Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(whole)))
        } else {
            Box::new(whole)
        };
        let mut start = Vec::new();
        input.by_ref().take(3).read_to_end(&mut start)?;
        if start == *b"\xEF\xBB\xBF" {
            start.clear();
        }
        Ok(Self { input, back: Cursor::new(start), line: 1, is_at_line_start: true })
    }

    /// The line of the next byte.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether the next byte is the first of its line.
    pub(super) fn is_at_line_start(&self) -> bool {
        self.is_at_line_start
    }

    /// The next byte, which stays.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.available()?.first().copied())
    }

    /// What can be read without waiting; empty at the end.
    pub(super) fn available(&mut self) -> io::Result<&[u8]> {
        if !self.back.fill_buf()?.is_empty() {
            return self.back.fill_buf();
        }
        loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        self.input.fill_buf()
    }

    /// Takes the first `length` bytes of what is available.
    pub(super) fn take(&mut self, length: usize) -> io::Result<()> {
        let taken = self.available()?.get(..length).unwrap_or_default();
        let (breaks, last) = (taken.iter().filter(|byte| **byte == b'\n').count(), taken.last().copied());
        self.line += u64::try_from(breaks).unwrap_or(u64::MAX);
        if let Some(last) = last {
            self.is_at_line_start = last == b'\n';
        }
        if self.back.fill_buf()?.is_empty() {
            self.input.consume(length);
        } else {
            self.back.consume(length);
        }
        Ok(())
    }

    /// Puts back what was read last, which begins at the start of line `line`.
    pub(super) fn put_back(&mut self, text: &[u8], line: u64) -> io::Result<()> {
        let mut all = text.to_vec();
        self.back.read_to_end(&mut all)?;
        self.back = Cursor::new(all);
        self.line = line;
        self.is_at_line_start = true;
        Ok(())
    }

    /// Reads the next line into `text`, without its end. Of a longer one than `limit` only the beginning is taken.
    pub(super) fn line_into(&mut self, text: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
        text.clear();
        let mut is_begun = false;
        loop {
            let available = self.available()?;
            if available.is_empty() {
                return Ok(if is_begun { Line::Whole } else { Line::End });
            }
            is_begun = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = limit - text.len();
            if part.len() > room {
                text.extend_from_slice(part.get(..room).unwrap_or_default());
                self.take(room)?;
                return Ok(Line::TooLong);
            }
            text.extend_from_slice(part);
            let taken = part.len() + usize::from(end.is_some());
            self.take(taken)?;
            if end.is_some() {
                return Ok(Line::Whole);
            }
        }
    }

    /// Takes the rest of the line with its end. Answers how long it was.
    pub(super) fn skip_line(&mut self) -> io::Result<usize> {
        let mut length = 0;
        loop {
            let available = self.available()?;
            if available.is_empty() {
                return Ok(length);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            length += taken;
            self.take(taken)?;
            if end.is_some() {
                return Ok(length);
            }
        }
    }
}

/// What became of a line.
pub(super) enum Line {
    /// There was none.
    End,
    /// It was read.
    Whole,
    /// It is longer than the limit; the rest of it comes next.
    TooLong,
}
