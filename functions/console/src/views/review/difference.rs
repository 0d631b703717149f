//! What was changed since the text before, line by line.

use crate::views::text::NoticeText;
use incident::notification::Draft;
use similar::{ChangeTag, TextDiff};

/// How many lines that did not change are shown around one that did.
const CONTEXT: usize = 2;

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The version before.
    pub version: u32,
    /// Lines that are new, and lines that are gone.
    pub counts: (usize, usize),
    /// Where something changed.
    pub passages: Vec<Passage>,
    /// Whether only the page changed, not the text.
    pub only_html: bool,
}

/// Lines that belong together: each with its sign, what it means in words, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `+`, `−`, or nothing.
    pub sign: &'static str,
    /// What becomes of it, in words; empty where it stays.
    pub word: &'static str,
    /// Its element on the page.
    pub element: &'static str,
    /// Its text.
    pub text: NoticeText,
}

impl Difference {
    /// From one version to the next: subject and text.
    pub fn between(before: &Draft, after: &Draft) -> Self {
        let lines = |draft: &Draft| format!("{}\n\n{}", draft.subject, draft.text);
        let (one, other) = (lines(before), lines(after));
        let diff = TextDiff::from_lines(&one, &other);
        let mut counts = (0, 0);
        let mut passages = Vec::new();
        for group in diff.grouped_ops(CONTEXT) {
            let changes = group.iter().flat_map(|operation| diff.iter_changes(operation));
            let lines: Vec<Line> = changes
                .map(|change| {
                    let (sign, word, element) = match change.tag() {
                        ChangeTag::Equal => ("", "", "span"),
                        ChangeTag::Insert => ("+", "new: ", "ins"),
                        ChangeTag::Delete => ("−", "gone: ", "del"),
                    };
                    Line {
                        sign,
                        word,
                        element,
                        text: NoticeText(change.value().trim_end_matches(['\n', '\r']).to_owned()),
                    }
                })
                .collect();
            counts.0 += lines.iter().filter(|line| line.element == "ins").count();
            counts.1 += lines.iter().filter(|line| line.element == "del").count();
            passages.push(Passage { lines });
        }
        let only_html = passages.is_empty() && before.html != after.html;
        Self { version: before.version, counts, passages, only_html }
    }
}
