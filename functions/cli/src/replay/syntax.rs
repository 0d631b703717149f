//! The outline of JSON text, byte by byte: where values begin and end, and where it can no longer be JSON.
//!
//! `serde_json` reads a value only where all of it lies in memory, and says of text that stops short no more than that. An
//! export file is one value of any size, so its elements are found by their outline alone; each is then parsed as usual.
//! Numbers, literals and escapes are left to that parser.

/// The nesting above which text is given up. Elements that are nested deeper than a finding may be, but less than this, are
/// refused one by one.
const GIVE_UP_DEPTH: usize = 1024;

/// Where in one value the reader is.
#[derive(Debug, Default)]
pub(super) struct Syntax {
    /// The open containers; true is an object.
    open: Vec<bool>,
    expected: Expected,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    InString {
        is_key: bool,
        is_escaped: bool,
    },
    InScalar,
    /// The value is whole.
    Nothing,
}

/// Why text cannot be the beginning of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NotJson,
    TooDeep,
}

impl Syntax {
    /// How many containers are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the value is whole. A number at the end of the text is not, since digits may follow.
    pub(super) fn is_whole(&self) -> bool {
        self.expected == Expected::Nothing
    }

    /// Whether the last byte belongs to a key, its quotes included.
    pub(super) fn is_in_key(&self) -> bool {
        matches!(self.expected, Expected::InString { is_key: true, .. })
    }

    /// Whether the last byte belongs to a number or a literal, whose end only the byte after it shows.
    pub(super) fn is_in_scalar(&self) -> bool {
        self.expected == Expected::InScalar
    }

    /// Whether a member or an element has just ended.
    pub(super) fn is_after_value(&self) -> bool {
        matches!(self.expected, Expected::CommaOrEnd | Expected::Nothing)
    }

    /// Reads the next byte.
    pub(super) fn step(&mut self, byte: u8) -> Result<(), Fault> {
        self.expected = match (self.expected, byte) {
            (Expected::InString { is_key, is_escaped: true }, _) => Expected::InString { is_key, is_escaped: false },
            (Expected::InString { is_key, .. }, b'\\') => Expected::InString { is_key, is_escaped: true },
            (Expected::InString { is_key: true, .. }, b'"') => Expected::Colon,
            (Expected::InString { is_key: false, .. }, b'"') => self.after_value(),
            // A line break in a string: the line was cut off.
            (Expected::InString { .. }, 0..0x20) => return Err(Fault::NotJson),
            (Expected::InString { .. }, _) => return Ok(()),
            (Expected::InScalar, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') => return Ok(()),
            (Expected::InScalar, _) => {
                self.expected = self.after_value();
                return self.step(byte);
            }
            (_, b' ' | b'\t' | b'\r' | b'\n') => return Ok(()),
            (Expected::Value | Expected::ValueOrEnd, b'{') => self.enter(true)?,
            (Expected::Value | Expected::ValueOrEnd, b'[') => self.enter(false)?,
            (Expected::Value | Expected::ValueOrEnd, b'"') => Expected::InString { is_key: false, is_escaped: false },
            (Expected::Value | Expected::ValueOrEnd, b'0'..=b'9' | b'a'..=b'z' | b'-') => Expected::InScalar,
            (Expected::Key | Expected::KeyOrEnd, b'"') => Expected::InString { is_key: true, is_escaped: false },
            (Expected::Colon, b':') => Expected::Value,
            (Expected::CommaOrEnd, b',') if self.open.last() == Some(&true) => Expected::Key,
            (Expected::CommaOrEnd, b',') => Expected::Value,
            (Expected::KeyOrEnd | Expected::CommaOrEnd, b'}') if self.open.last() == Some(&true) => self.leave(),
            (Expected::ValueOrEnd | Expected::CommaOrEnd, b']') if self.open.last() == Some(&false) => self.leave(),
            _ => return Err(Fault::NotJson),
        };
        Ok(())
    }

    fn enter(&mut self, is_object: bool) -> Result<Expected, Fault> {
        if self.open.len() == GIVE_UP_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.open.push(is_object);
        Ok(if is_object { Expected::KeyOrEnd } else { Expected::ValueOrEnd })
    }

    fn leave(&mut self) -> Expected {
        self.open.pop();
        self.after_value()
    }

    fn after_value(&self) -> Expected {
        if self.open.is_empty() { Expected::Nothing } else { Expected::CommaOrEnd }
    }
}

/// What a line that could not be parsed looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outline {
    /// Not JSON, or JSON that only a parser finds fault with.
    Broken,
    /// The beginning of a document that goes on in the next line.
    Begun,
    /// More than one document.
    Several,
}

/// The outline of one line without its end.
pub(super) fn outline_of(line: &[u8]) -> Outline {
    let mut syntax = Syntax::default();
    for byte in line {
        if syntax.is_whole() && matches!(byte, b'{' | b'[') {
            return Outline::Several;
        }
        if syntax.step(*byte).is_err() {
            return Outline::Broken;
        }
    }
    // The line break ends a string that was left open, and a number.
    if syntax.step(b'\n').is_err() || syntax.is_whole() { Outline::Broken } else { Outline::Begun }
}

#[cfg(test)]
mod tests {
    use super::{Fault, GIVE_UP_DEPTH, Outline, Syntax, outline_of};

    #[test]
    fn lines_are_told_apart() {
        for (line, outline) in [
            ("{", Outline::Begun),
            ("[{\"a\": [1, true, \"x\\\"\"],", Outline::Begun),
            ("{\"broken\"", Outline::Begun),
            ("{}{}", Outline::Several),
            ("[1] {\"a\":", Outline::Several),
            ("{} x", Outline::Broken),
            ("{\"a\": \"cut o", Outline::Broken),
            ("{\"a\" 1}", Outline::Broken),
            ("[1, 2}", Outline::Broken),
            ("nonsense here", Outline::Broken),
            ("{,}", Outline::Broken),
            ("\u{e4}", Outline::Broken),
        ] {
            assert_eq!(outline_of(line.as_bytes()), outline, "{line}");
        }
    }

    #[test]
    fn whatever_the_parser_reads_has_an_outline() {
        for text in ["{}", "[]", " [ {\"a\" : null , \"b\":[1.5e-3,\"\\u00e4\\\\\"]} , -1 ] ", "\"x\"", "[[],{}]"] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
            let mut syntax = Syntax::default();
            assert!(text.bytes().all(|byte| syntax.step(byte).is_ok()) && syntax.is_whole(), "{text}");
            assert_eq!(syntax.depth(), 0);
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let mut syntax = Syntax::default();
        assert!((0..GIVE_UP_DEPTH).all(|_| syntax.step(b'[').is_ok()));
        assert_eq!(syntax.step(b'['), Err(Fault::TooDeep));
    }
}
