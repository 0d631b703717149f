//! What a person reads where a page cannot be shown. Nothing that was sent is repeated in it.

use crate::language::Language;
use crate::pages::{self, Frame};
use crate::texts::{Message, Texts};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use incident::Failure;
use platform::telemetry::{Level, log};

/// Why a page cannot be shown, and in which language that is said.
#[derive(Debug)]
pub(crate) struct Trouble {
    language: Language,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// There is no such page.
    Nothing,
    /// The link is none, or has ended: which of it is nobody's to know.
    Gone,
    /// Another site has sent the form.
    Foreign,
    /// It does not work now.
    Failed,
}

impl Trouble {
    /// There is no page at this address.
    pub(crate) fn nothing_here(headers: &HeaderMap, RawQuery(_): RawQuery) -> Self {
        Self { language: Language::choose(None, headers), why: Why::Nothing }
    }

    /// There is nothing of this name.
    pub(crate) fn not_found(language: Language) -> Self {
        Self { language, why: Why::Nothing }
    }

    /// The link confirms nothing.
    pub(crate) fn gone(language: Language) -> Self {
        Self { language, why: Why::Gone }
    }

    /// The form did not come from one of our pages.
    pub(crate) fn foreign(language: Language) -> Self {
        Self { language, why: Why::Foreign }
    }

    /// It did not work. What went wrong is logged here, once; the person reads what to do.
    pub(crate) fn failed(language: Language) -> impl Fn(Failure) -> Self {
        move |failure| {
            let (name, chain) = (failure.fault().error_name(), failure.chain());
            log(Level::Error, "a page cannot be shown", &[("error.name", name), ("error.message", &chain)]);
            Self { language, why: Why::Failed }
        }
    }

    fn status(&self) -> StatusCode {
        match self.why {
            Why::Nothing | Why::Gone => StatusCode::NOT_FOUND,
            Why::Foreign => StatusCode::FORBIDDEN,
            Why::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(&self, texts: &Texts) -> Message {
        match self.why {
            Why::Nothing => texts.nothing.clone(),
            Why::Gone => texts.gone.clone(),
            Why::Foreign => texts.foreign.clone(),
            Why::Failed => texts.failed.clone(),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page = Texts::of(self.language).and_then(|texts| {
            let Message { title, text } = self.message(&texts);
            let frame = Frame::of(self.language, &texts, title, None);
            pages::rendered(&pages::Said { frame, text, to_form: texts.home.to_form.clone() })
        });
        page.map_or_else(|_| self.status().into_response(), |page| (self.status(), page).into_response())
    }
}
