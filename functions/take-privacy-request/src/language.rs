//! In which language a page is: the one that was asked for, else the first that the browser wants and we have, else English.

use axum::extract::{FromRequestParts, Query};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::Deserialize;
use std::convert::Infallible;

/// A language of the pages: those that the notices have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    De,
    En,
    Es,
    Fr,
    It,
    Nl,
    Pl,
}

impl Language {
    /// Every one.
    pub(crate) const ALL: [Self; 7] = [Self::De, Self::En, Self::Es, Self::Fr, Self::It, Self::Nl, Self::Pl];

    /// Its ISO 639-1 code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Nl => "nl",
            Self::Pl => "pl",
        }
    }

    /// The one of this tag, whatever region follows (`de-AT`).
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == primary)
    }

    /// The first that a browser wants and we have, by weight (RFC 9110, section 12.5.4).
    fn wanted(accepted: &str) -> Option<Self> {
        let mut wanted: Vec<(u16, Self)> = accepted.split(',').filter_map(weighed).collect();
        wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        wanted.first().map(|(_, language)| *language)
    }

    /// The language for a request with this `lang` in its address, if any.
    pub(crate) fn choose(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        asked.and_then(Self::of_tag).or_else(|| accepted.and_then(Self::wanted)).unwrap_or(Self::En)
    }
}

/// A language and its weight in thousandths; `None` of one that we lack or that is not wanted.
fn weighed(range: &str) -> Option<(u16, Language)> {
    let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
    let weight: f32 = weight.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a weight is between 0 and 1")]
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    Language::of_tag(tag).filter(|_| weight > 0).map(|language| (weight, language))
}

/// What of an address says in which language its page is.
#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // An address that says it twice says it not at all.
        let asked = Query::<Asked>::try_from_uri(&parts.uri).ok().and_then(|Query(asked)| asked.lang);
        Ok(Self::choose(asked.as_deref(), &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn chosen(asked: Option<&str>, accepted: &'static str) -> &'static str {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))]);
        Language::choose(asked, &headers).code()
    }

    #[test]
    fn the_address_comes_before_the_browser() {
        assert_eq!(chosen(Some("fr"), "de"), "fr");
        assert_eq!(chosen(Some("FR-ca"), "de"), "fr");
        assert_eq!(chosen(Some("tlh"), "de"), "de");
        assert_eq!(chosen(Some("../de"), ""), "en");
    }

    #[test]
    fn a_browser_gets_what_it_wants_most_of_what_there_is() {
        assert_eq!(chosen(None, "da, nl-BE;q=0.8, pl;q=0.9"), "pl");
        assert_eq!(chosen(None, "de;q=0, it;q=0.1"), "it");
        assert_eq!(chosen(None, "es;q=x, *;q=0.5"), "en");
        assert_eq!(chosen(None, "da, *"), "en");
    }
}
