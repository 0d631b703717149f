//! Texts as pages show them: an attacker wrote some of them.

use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// A text that a form gives back as it was entered: a name in Persian or Hindi is written with joiners, and what is saved must be
/// what was there. What [`super::render`] would mark is written as a reference, which it lets through.
#[derive(Clone, Copy, Debug)]
pub struct Verbatim<'a>(pub &'a str);

impl fmt::Display for Verbatim<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                // A parser reads no reference to NUL, and drops the first new line of a text area.
                '\0' => out.write_str("\u{fffd}")?,
                '<' | '>' | '&' | '"' | '\'' | '\n' | '\r' => write!(out, "&#{};", u32::from(letter))?,
                letter if letter.is_ascii_graphic() || letter == ' ' => write!(out, "{letter}")?,
                letter => write!(out, "&#{};", u32::from(letter))?,
            }
        }
        Ok(())
    }
}

impl askama::filters::HtmlSafe for Verbatim<'_> {}

/// The text of a notice. French sets spaces that do not break before its signs: they are no trick, and stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeText(pub String);

impl fmt::Display for NoticeText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '<' | '>' | '&' | '"' | '\'' | '\u{a0}' | '\u{202f}' => write!(out, "&#{};", u32::from(letter))?,
                letter => write!(out, "{letter}")?,
            }
        }
        Ok(())
    }
}

impl askama::filters::HtmlSafe for NoticeText {}

/// The word that a value is recorded by, as people write it: `not-turned-on` is `not turned on`.
pub fn words(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => spaced(&word),
        _ => "unknown".to_owned(),
    }
}

/// An identifier as people write it: `supervisory_authority` is `supervisory authority`.
pub fn spaced(name: &str) -> String {
    name.replace(['-', '_'], " ")
}

/// A value as people read it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "not known".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text == "unknown" => "not known".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let held = members.iter().filter(|(_, held)| !held.is_null());
            held.map(|(name, held)| format!("{name}: {}", self::value(held))).collect::<Vec<_>>().join("; ")
        }
    }
}

/// How many of something there are: `1 finding`, `2 findings`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// No line of a list or a table is longer, in letters: what fills an event with a title must not fill a page. The records have it all.
const LONGEST_LINE: usize = 1000;

/// A text as a line of a list or a table.
pub fn line(text: &str) -> String {
    cut(text, LONGEST_LINE)
}

/// The first letters of a text that is too long for a drawing.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{head}…")
}

/// A text as one word of a command that a person copies into a shell: whoever named a resource, a pool's user for one, must not add
/// commands to it.
pub fn shell_word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@,".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{line, shell_word};

    #[test]
    fn a_line_ends_before_nobody_reads_on() {
        assert_eq!(line("Objects were read"), "Objects were read");
        let cut = line(&"ä".repeat(60_000));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (1000, true));
    }

    #[test]
    fn a_word_of_a_command_stays_one() {
        for plain in ["kranich-customers", "arn:aws:s3:::orders/2026", "i-0abc"] {
            assert_eq!(shell_word(plain), plain);
        }
        for (hostile, word) in [
            ("", "''"),
            ("a;reboot", "'a;reboot'"),
            ("$(id)`id`", "'$(id)`id`'"),
            ("it's", r"'it'\''s'"),
            ("a b\nc", "'a b\nc'"),
            ("--yes", "'--yes'"),
        ] {
            assert_eq!(shell_word(hostile), word);
        }
    }
}
