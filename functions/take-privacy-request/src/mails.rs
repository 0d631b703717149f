//! The mails: the link, and the receipt. Their words are ours; of what a person has entered only the choice of a kind is in them.

use crate::language::Language;
use crate::texts::Texts;
use askama::Template;
use incident::ports::{Handover, Mail, Message};
use incident::privacy_request::{Asked, PrivacyRequest};
use incident::{Failure, Organisation};
use platform::telemetry::{Level, count, log};

/// The form of the HTML part.
#[derive(Template)]
#[template(path = "mail.html")]
struct Letter<'a> {
    language: &'a str,
    subject: &'a str,
    paragraphs: Vec<&'a str>,
}

/// What a receipt says, in the reader's language.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) reference: String,
    pub(crate) kind: String,
    pub(crate) received: String,
    pub(crate) due: String,
    pub(crate) rule: String,
}

/// The mail with the link.
pub(crate) fn link(
    texts: &Texts,
    organisation: &Organisation,
    asked: &Asked,
    address: &str,
) -> Result<Message, Failure> {
    let kind = texts.kind.get(asked.kind.name()).map(|kind| kind.label.clone()).unwrap_or_default();
    let fill = |text: &str| {
        let text = text.replace("{organisation}", &organisation.name).replace("{kind}", &kind);
        text.replace("{contact}", &organisation.privacy_contact.email).replace("{link}", address)
    };
    message(&asked.email, &asked.language, fill(&texts.mail.link_subject), fill(&texts.mail.link_text))
}

/// The receipt.
pub(crate) fn receipt(
    texts: &Texts,
    organisation: &Organisation,
    request: &PrivacyRequest,
    language: Language,
    lines: &Lines,
) -> Result<Message, Failure> {
    let fill = |text: &str| {
        let text = text.replace("{organisation}", &organisation.name).replace("{reference}", &lines.reference);
        let text = text.replace("{kind}", &lines.kind).replace("{received}", &lines.received);
        let text = text.replace("{due}", &lines.due).replace("{rule}", &lines.rule);
        text.replace("{contact}", &organisation.privacy_contact.email)
    };
    message(&request.email, language.code(), fill(&texts.mail.receipt_subject), fill(&texts.mail.receipt_text))
}

fn message(to: &str, language: &str, subject: String, text: String) -> Result<Message, Failure> {
    let text = text.trim().to_owned();
    let paragraphs = text.split("\n\n").collect();
    let letter = Letter { language, subject: &subject, paragraphs }.render();
    let html = letter.map_err(|error| Failure::needs_operator("a mail cannot be written").because(error))?;
    Ok(Message { to: to.to_owned(), subject, text, html, tags: Vec::new() })
}

/// Hands a mail over, once.
///
/// # Errors
/// Where it was refused, or nobody knows.
pub(crate) async fn send(mailer: &impl Mail, message: &Message) -> Result<(), Failure> {
    match mailer.send(message).await? {
        Handover::Taken(_) => Ok(()),
        Handover::Refused(failure) => Err(failure),
    }
}

/// Notes that a mail did not go out, without what the service says further: that names the address.
pub(crate) fn note_failed(what: &str, failure: &Failure) {
    let (name, message) = (failure.fault().error_name(), failure.to_string());
    log(Level::Error, what, &[("error.name", name), ("error.message", &message)]);
    count("PrivacyMailsFailed", 1);
}
