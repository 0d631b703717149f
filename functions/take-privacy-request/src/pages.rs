//! The pages, typed for the templates in `templates/`.

use crate::assets::{ICON, STYLES};
use crate::language::Language;
use crate::texts::{Answer, Texts};
use askama::Template;
use axum::response::Html;
use incident::Failure;
use incident::organisation::Contact;

/// What is around a page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) language: &'static str,
    pub(crate) skip: String,
    pub(crate) languages: String,
    /// The same page in every language: address, code, the language's own name. Empty where there is but this one.
    pub(crate) others: Vec<(String, &'static str, &'static str)>,
    pub(crate) styles: String,
    pub(crate) icon: String,
}

impl Frame {
    /// Around a page with this title; `path` where the page is there in every language.
    pub(crate) fn of(language: Language, texts: &Texts, title: impl Into<String>, path: Option<&str>) -> Self {
        let linked = |path: &str| {
            let others = Language::ALL.into_iter();
            others
                .map(|other| (format!("{path}?lang={}", other.code()), other.code(), Texts::own_name(other)))
                .collect()
        };
        Self {
            title: title.into(),
            language: language.code(),
            skip: texts.skip.clone(),
            languages: texts.languages.clone(),
            others: path.map(linked).unwrap_or_default(),
            styles: STYLES.address(),
            icon: ICON.address(),
        }
    }
}

/// The first page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    pub(crate) frame: Frame,
    pub(crate) text: String,
    pub(crate) to_form: String,
    pub(crate) contact_title: String,
    pub(crate) contact_text: String,
    pub(crate) organisation: String,
    pub(crate) address: String,
    pub(crate) contact: Contact,
    pub(crate) faq_title: String,
    pub(crate) faq: Vec<Answer>,
}

/// A choice of the form.
#[derive(Clone, Debug)]
pub(crate) struct Choosable {
    pub(crate) value: &'static str,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) is_chosen: bool,
}

/// What is wrong with a field, and its anchor.
#[derive(Clone, Debug)]
pub(crate) struct Slip {
    pub(crate) field: &'static str,
    pub(crate) text: String,
}

/// The form.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage {
    pub(crate) frame: Frame,
    pub(crate) words: crate::texts::Form,
    pub(crate) kinds: Vec<Choosable>,
    pub(crate) residences: Vec<Choosable>,
    pub(crate) email: String,
    pub(crate) written: String,
    pub(crate) longest: usize,
    pub(crate) slips: Vec<Slip>,
}

impl FormPage {
    /// What is wrong with a field, if anything is.
    fn slip(&self, field: &str) -> Option<&Slip> {
        self.slips.iter().find(|slip| slip.field == field)
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "said.html")]
pub(crate) struct Said {
    pub(crate) frame: Frame,
    pub(crate) text: String,
    /// The words of the link to the form; empty for none.
    pub(crate) to_form: String,
}

/// The page behind the link of the mail.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    pub(crate) frame: Frame,
    pub(crate) text: String,
    pub(crate) kind_label: String,
    pub(crate) kind: String,
    pub(crate) button: String,
    pub(crate) action: String,
}

/// The receipt.
#[derive(Template)]
#[template(path = "receipt.html")]
pub(crate) struct ReceiptPage {
    pub(crate) frame: Frame,
    pub(crate) text: String,
    /// What it says, each with its name.
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) keep: String,
}

/// The page of a template.
pub(crate) fn rendered(page: &impl Template) -> Result<Html<String>, Failure> {
    let html = page.render().map_err(|error| Failure::needs_operator("a page cannot be written").because(error))?;
    Ok(Html(html))
}
