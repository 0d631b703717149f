//! `/`: where to turn, what people ask often, and the way to the form.

use crate::desk::Desk;
use crate::language::Language;
use crate::pages::{Frame, HomePage, rendered};
use crate::texts::Texts;
use crate::trouble::Trouble;
use axum::extract::State;
use axum::response::Html;
use incident::Failure;
use std::sync::Arc;

/// Shows it.
pub(crate) async fn show(State(desk): State<Arc<Desk>>, language: Language) -> Result<Html<String>, Trouble> {
    page(&desk, language).await.map_err(Trouble::failed(language))
}

async fn page(desk: &Desk, language: Language) -> Result<Html<String>, Failure> {
    let organisation = desk.organisation().await?;
    let texts = Texts::of(language)?;
    let title = texts.home.title.replace("{organisation}", &organisation.name);
    rendered(&HomePage {
        frame: Frame::of(language, &texts, title, Some("/")),
        text: texts.home.text,
        to_form: texts.home.to_form,
        contact_title: texts.home.contact,
        contact_text: texts.home.contact_text,
        organisation: organisation.name,
        address: organisation.address,
        contact: organisation.privacy_contact,
        faq_title: texts.home.faq,
        faq: texts.faq,
    })
}
