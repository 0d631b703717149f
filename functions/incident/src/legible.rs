//! Text that somebody else wrote, so that what a person sees is all there is.
//!
//! Names of buckets, user agents and tags are an attacker's words. Some characters leave no ink and yet turn the text around
//! them, split a name that looks whole, or hide behind it (Unicode TR 36 and TS 39; CVE-2021-42574, "Trojan Source").

use std::borrow::Cow;

/// Characters without ink of their own, or that turn the text around them: `Default_Ignorable_Code_Point` of Unicode, and the
/// separators, annotations and blank letters that it leaves out. The ends belong to each range.
const WITHOUT_INK: [(char, char); 26] = [
    ('\u{00A0}', '\u{00A0}'),
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{2000}', '\u{200F}'),
    ('\u{2028}', '\u{202F}'),
    ('\u{205F}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FDD0}', '\u{FDEF}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{FFFE}', '\u{FFFF}'),
    ('\u{13430}', '\u{1345F}'),
    ('\u{16FE4}', '\u{16FE4}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D159}', '\u{1D159}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Marks that stand over or under the letter before them.
const MARKS: [(char, char); 6] = [
    ('\u{0300}', '\u{036F}'),
    ('\u{0483}', '\u{0489}'),
    ('\u{1AB0}', '\u{1AFF}'),
    ('\u{1DC0}', '\u{1DFF}'),
    ('\u{20D0}', '\u{20FF}'),
    ('\u{FE20}', '\u{FE2F}'),
];

/// How many marks a letter carries in any spelling. More of them grow over the lines above and below.
const MOST_MARKS: usize = 4;

/// The text on one line, each character without ink by its code point: `a⟨U+202E⟩b`. A line break is such a character, too.
///
/// The letters of scripts that run from right to left stay as they are, so a page sets each such text apart (`<bdi>`).
pub fn legible(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

/// The same for text of several lines, whose breaks and tabs stay.
pub fn legible_lines(text: &str) -> Cow<'_, str> {
    shown(text, |character| character == '\n' || character == '\t')
}

fn shown(text: &str, stays: fn(char) -> bool) -> Cow<'_, str> {
    if !judged(text, stays).any(|(_, is_hidden)| is_hidden) {
        return Cow::Borrowed(text);
    }
    let show = |(character, is_hidden): (char, bool)| match is_hidden {
        true => format!("⟨U+{:04X}⟩", u32::from(character)),
        false => character.to_string(),
    };
    Cow::Owned(judged(text, stays).map(show).collect())
}

/// Each character, and whether a person would not see it for what it is.
fn judged(text: &str, stays: fn(char) -> bool) -> impl Iterator<Item = (char, bool)> {
    let mut marks = 0;
    text.chars().map(move |character| {
        marks = if is_in(&MARKS, character) { marks + 1 } else { 0 };
        let is_hidden = character.is_control() || is_in(&WITHOUT_INK, character) || marks > MOST_MARKS;
        (character, is_hidden && !stays(character))
    })
}

fn is_in(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_turns_or_splits_a_name_is_seen() {
        for (hostile, seen) in [
            ("invoice\u{202E}fdp.exe", "invoice⟨U+202E⟩fdp.exe"),
            ("user\u{2066}admin\u{2069}", "user⟨U+2066⟩admin⟨U+2069⟩"),
            ("ad\u{200B}min", "ad⟨U+200B⟩min"),
            ("ad\u{AD}min", "ad⟨U+00AD⟩min"),
            ("admin\u{3164}", "admin⟨U+3164⟩"),
            ("a\u{E0041}b", "a⟨U+E0041⟩b"),
            ("one\r\nstate: contained", "one⟨U+000D⟩⟨U+000A⟩state: contained"),
            ("\u{1B}[2J", "⟨U+001B⟩[2J"),
            ("\u{FEFF}a\u{2028}b\u{A0}c", "⟨U+FEFF⟩a⟨U+2028⟩b⟨U+00A0⟩c"),
        ] {
            assert_eq!(legible(hostile), seen);
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "kranich-customers/2026/orders.csv",
            "Müller & Söhne, Łódź",
            "مرحبا",
            "שָׁלוֹם",
            "việt",
            "日本",
            "<b>\"'&",
        ] {
            assert!(matches!(legible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn lines_stay_where_there_may_be_several() {
        assert_eq!(legible_lines("one\n\ttwo"), "one\n\ttwo");
        assert_eq!(legible_lines("one\r\u{202E}two"), "one⟨U+000D⟩⟨U+202E⟩two");
    }

    #[test]
    fn no_letter_grows_over_its_neighbours() {
        let shown = legible_lines(&format!("a{}b", "\u{0301}".repeat(40))).into_owned();
        assert_eq!(shown.matches('\u{0301}').count(), MOST_MARKS);
        assert_eq!(shown.matches("⟨U+0301⟩").count(), 40 - MOST_MARKS);
    }

    proptest! {
        #[test]
        fn nothing_without_ink_is_left_and_nothing_is_lost(text in any::<String>()) {
            let shown = legible(&text).into_owned();
            prop_assert!(shown.chars().all(|character| !character.is_control() && !is_in(&WITHOUT_INK, character)));
            prop_assert_eq!(legible(&shown), shown.as_str(), "what is shown is shown as it is");
            let ink = |text: &str| text.chars().filter(|letter| letter.is_alphabetic() && !is_in(&WITHOUT_INK, *letter)).count();
            prop_assert!(ink(&shown) >= ink(&text));
        }
    }
}
