//! `/requests/confirm/{token}`: the link of the mail. Programs that look into mails open links, so opening it changes nothing: a person
//! presses the button. Pressed again, it shows the same receipt.

use crate::desk::Desk;
use crate::language::Language;
use crate::mails::{self, Lines};
use crate::pages::{ConfirmPage, Frame, ReceiptPage, rendered};
use crate::texts::Texts;
use crate::trouble::Trouble;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Html;
use incident::ports::Responses;
use incident::privacy_request::{Link, PrivacyRequest};
use incident::{Failure, Organisation};
use platform::clock;
use platform::telemetry::count;
use platform::web::check_sender;
use serde_json::json;
use std::sync::Arc;

/// Shows the button, or the receipt where it was pressed before.
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Path(token): Path<String>,
    language: Language,
) -> Result<Html<String>, Trouble> {
    let failed = Trouble::failed(language);
    let link = Link::of(&token).ok_or_else(|| Trouble::gone(language))?;
    let asked = desk.requests().find_asked(&link, clock::now()).await.map_err(&failed)?;
    let asked = asked.ok_or_else(|| Trouble::gone(language))?;
    if let Some(request) = desk.requests().find_confirmed(&link).await.map_err(&failed)? {
        return receipt(&desk, language, &request).map_err(failed);
    }
    let page = Texts::of(language).and_then(|texts| {
        rendered(&ConfirmPage {
            frame: Frame::of(language, &texts, texts.confirm.title.clone(), None),
            kind: texts.kind.get(asked.kind.name()).map(|kind| kind.label.clone()).unwrap_or_default(),
            kind_label: texts.receipt.kind,
            text: texts.confirm.text,
            button: texts.confirm.button,
            action: format!("/requests/confirm/{token}?lang={}", language.code()),
        })
    });
    page.map_err(failed)
}

/// Puts the request on record, has it waited for, and answers with the receipt, on the page and by mail.
pub(crate) async fn confirm(
    State(desk): State<Arc<Desk>>,
    Path(token): Path<String>,
    language: Language,
    headers: HeaderMap,
) -> Result<Html<String>, Trouble> {
    check_sender(&headers, &desk.origin).map_err(|_| Trouble::foreign(language))?;
    let link = Link::of(&token).ok_or_else(|| Trouble::gone(language))?;
    let request = recorded(&desk, &link, language).await.map_err(Trouble::failed(language))?;
    let request = request.ok_or_else(|| Trouble::gone(language))?;
    receipt(&desk, language, &request).map_err(Trouble::failed(language))
}

/// The request that the link confirms; `None` of a link that confirms nothing. Each part can be done again, and a repeat does what an
/// earlier attempt has left.
async fn recorded(desk: &Desk, link: &Link, language: Language) -> Result<Option<PrivacyRequest>, Failure> {
    let (requests, now) = (desk.requests(), clock::now());
    let Some(asked) = requests.find_asked(link, now).await? else { return Ok(None) };
    let organisation = desk.organisation().await?;
    let zone = organisation.facts.get("tz").and_then(serde_json::Value::as_str);
    let request = requests.confirm_request(link, &asked, zone, &desk.rules, now).await?;
    desk.waiting.start(request.reference.as_str(), &json!({ "reference": request.reference })).await?;
    if request.receipt_mailed_at.is_none() {
        mail_receipt(desk, &organisation, &request, language).await?;
    }
    Ok(Some(request))
}

/// The page is a receipt, too, so a mail that does not go out stops nothing.
async fn mail_receipt(
    desk: &Desk,
    organisation: &Organisation,
    request: &PrivacyRequest,
    language: Language,
) -> Result<(), Failure> {
    let texts = Texts::of(language)?;
    let lines = lines(&texts, request, language, desk);
    let mail = mails::receipt(&texts, organisation, request, language, &lines)?;
    match mails::send(&desk.mailer, &mail).await {
        Ok(()) => {
            count("PrivacyRequestsConfirmed", 1);
            desk.requests().mark_receipt(&request.reference, clock::now()).await
        }
        Err(failure) => {
            mails::note_failed("a receipt was not mailed", &failure);
            Ok(())
        }
    }
}

fn receipt(desk: &Desk, language: Language, request: &PrivacyRequest) -> Result<Html<String>, Failure> {
    let texts = Texts::of(language)?;
    let Lines { reference, kind, received, due, rule } = lines(&texts, request, language, desk);
    let words = texts.receipt.clone();
    rendered(&ReceiptPage {
        frame: Frame::of(language, &texts, texts.receipt.title.clone(), None),
        text: words.text,
        lines: vec![
            (words.reference, reference),
            (words.kind, kind),
            (words.received, received),
            (words.due, due),
            (words.rule, rule),
        ],
        keep: words.keep,
    })
}

fn lines(texts: &Texts, request: &PrivacyRequest, language: Language, desk: &Desk) -> Lines {
    let code = language.code();
    Lines {
        reference: request.reference.to_string(),
        kind: texts.kind.get(request.kind.name()).map(|kind| kind.label.clone()).unwrap_or_default(),
        received: request.moment(request.received_at, code, &desk.rules),
        due: request.day(request.due_at(), code, &desk.rules),
        rule: request.term.citation.clone().unwrap_or_else(|| texts.receipt.own_rule.clone()),
    }
}
