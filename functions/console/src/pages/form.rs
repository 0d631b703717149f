//! What a form sends.

use crate::errors::Trouble;
use platform::web::{self, NotOne};

/// How long the reason of a decision or a deed may be, in letters, as the pages ask a browser to hold to.
pub(super) const LONGEST_REASON: usize = 4000;

/// The field of this name, which is there once.
pub(super) fn only<'a>(fields: &'a [(String, String)], name: &'static str) -> Result<&'a str, Trouble> {
    web::only(fields, name).map_err(|not_one| match not_one {
        NotOne::Missing => Trouble::malformed(format!("The field `{name}` is missing.")),
        NotOne::Repeated => Trouble::malformed(format!("The field `{name}` is there twice.")),
    })
}

/// The field of this name if it has at most `most` letters: what the page asks a browser to hold to, others do not.
pub(super) fn short<'a>(fields: &'a [(String, String)], name: &'static str, most: usize) -> Result<&'a str, Trouble> {
    let text = only(fields, name)?;
    if is_longer(text, most) {
        return Err(Trouble::malformed(format!("The field `{name}` has more than {most} letters.")));
    }
    Ok(text)
}

/// Whether a text is longer than a text area with this `maxlength` takes: in UTF-16, a line's end being one
/// (<https://html.spec.whatwg.org/#attr-textarea-maxlength>).
pub(super) fn is_longer(text: &str, most: usize) -> bool {
    text.encode_utf16().count() - text.matches("\r\n").count() > most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_a_browser_says() {
        for (text, length) in [("", 0), ("Grüße", 5), ("one\r\ntwo", 7), ("one\ntwo", 7), ("\u{1f600}", 2)] {
            assert!(!is_longer(text, length), "{text}");
            assert!(length == 0 || is_longer(text, length - 1), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_by_its_name() {
        let sent = |length: usize| vec![("reason".to_owned(), "a".repeat(length))];
        assert!(short(&sent(10), "reason", 10).is_ok());
        let refused = short(&sent(11), "reason", 10).map(str::to_owned);
        assert_eq!(refused, Err(Trouble::malformed("The field `reason` has more than 10 letters.")));
    }
}
