//! The words of the pages and mails, a file a language (`texts/<language>.toml`).

use crate::language::Language;
use incident::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The words of one language. What is in braces is filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    pub(crate) skip: String,
    pub(crate) languages: String,
    pub(crate) home: Home,
    pub(crate) faq: Vec<Answer>,
    pub(crate) form: Form,
    /// By kind of request.
    pub(crate) kind: BTreeMap<String, Choice>,
    /// By residence.
    pub(crate) residence: BTreeMap<String, String>,
    /// By field.
    pub(crate) fault: BTreeMap<String, String>,
    pub(crate) sent: Message,
    pub(crate) confirm: Confirm,
    pub(crate) gone: Message,
    pub(crate) nothing: Message,
    pub(crate) failed: Message,
    pub(crate) foreign: Message,
    pub(crate) receipt: Receipt,
    pub(crate) mail: Mails,
}

/// The first page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Home {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) to_form: String,
    pub(crate) contact: String,
    pub(crate) contact_text: String,
    pub(crate) faq: String,
}

/// A question that people ask often.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) question: String,
    pub(crate) answer: String,
}

/// The form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) kind: String,
    pub(crate) residence: String,
    pub(crate) residence_hint: String,
    pub(crate) choose: String,
    pub(crate) email: String,
    pub(crate) email_hint: String,
    pub(crate) words: String,
    pub(crate) words_hint: String,
    pub(crate) send: String,
    pub(crate) faults: String,
}

/// One of several to choose from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    pub(crate) label: String,
    pub(crate) hint: String,
}

/// A page that only says something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// The page behind the link of the mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) button: String,
}

/// The receipt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) reference: String,
    pub(crate) kind: String,
    pub(crate) received: String,
    pub(crate) due: String,
    pub(crate) rule: String,
    pub(crate) own_rule: String,
    pub(crate) keep: String,
}

/// The mails: `{organisation}`, `{link}`, `{reference}`, `{kind}`, `{received}`, `{due}`, `{rule}` and `{contact}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mails {
    pub(crate) link_subject: String,
    pub(crate) link_text: String,
    pub(crate) receipt_subject: String,
    pub(crate) receipt_text: String,
}

impl Texts {
    /// The words of this language.
    ///
    /// # Errors
    /// `NeedsOperator` where they cannot be read, which the tests rule out.
    pub(crate) fn of(language: Language) -> Result<Self, Failure> {
        let file = match language {
            Language::De => include_str!("../texts/de.toml"),
            Language::En => include_str!("../texts/en.toml"),
            Language::Es => include_str!("../texts/es.toml"),
            Language::Fr => include_str!("../texts/fr.toml"),
            Language::It => include_str!("../texts/it.toml"),
            Language::Nl => include_str!("../texts/nl.toml"),
            Language::Pl => include_str!("../texts/pl.toml"),
        };
        toml::from_str(file)
            .map_err(|error| Failure::needs_operator("the words of a language cannot be read").because(error))
    }

    /// What a language calls itself, for links to its pages.
    pub(crate) fn own_name(language: Language) -> &'static str {
        match language {
            Language::De => "Deutsch",
            Language::En => "English",
            Language::Es => "Español",
            Language::Fr => "Français",
            Language::It => "Italiano",
            Language::Nl => "Nederlands",
            Language::Pl => "Polski",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use incident::privacy_request::{RequestKind, Residence};
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_has_words_for_everything_that_can_be_chosen_or_be_wrong() {
        for language in Language::ALL {
            let texts = Texts::of(language).unwrap();
            let kinds: BTreeSet<&str> = RequestKind::ALL.into_iter().map(RequestKind::name).collect();
            assert_eq!(texts.kind.keys().map(String::as_str).collect::<BTreeSet<_>>(), kinds, "{language:?}");
            let residences: BTreeSet<&str> = Residence::ALL.into_iter().map(Residence::name).collect();
            assert_eq!(texts.residence.keys().map(String::as_str).collect::<BTreeSet<_>>(), residences, "{language:?}");
            let fields: Vec<&str> = texts.fault.keys().map(String::as_str).collect();
            assert_eq!(fields, ["email", "kind", "residence", "words"], "{language:?}");
        }
    }

    #[test]
    fn every_language_fills_in_what_english_does() {
        let english = Texts::of(Language::En).unwrap();
        for language in Language::ALL {
            let texts = Texts::of(language).unwrap();
            assert_eq!(texts.faq.len(), english.faq.len(), "{language:?}");
            for (own, other) in [
                (&texts.mail.link_subject, &english.mail.link_subject),
                (&texts.mail.link_text, &english.mail.link_text),
                (&texts.mail.receipt_subject, &english.mail.receipt_subject),
                (&texts.mail.receipt_text, &english.mail.receipt_text),
                (&texts.home.title, &english.home.title),
                (&texts.sent.text, &english.sent.text),
            ] {
                assert_eq!(placeholders(own), placeholders(other), "{language:?}: {own}");
            }
        }
    }
}
