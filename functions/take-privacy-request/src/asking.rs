//! `/requests`: the form, and what comes of it. Whoever is asked for gets a mail, and whoever asks learns nothing from the answer.

use crate::desk::Desk;
use crate::language::Language;
use crate::mails;
use crate::pages::{Choosable, FormPage, Frame, Said, Slip, rendered};
use crate::sender::network_address;
use crate::texts::Texts;
use crate::trouble::Trouble;
use axum::RequestExt;
use axum::extract::{Form, Request, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use incident::privacy_request::{
    Asking, FormFault, LONGEST_WORDS, Limit, Link, MAILS_A_DAY, REQUESTS_A_DAY, RequestKind, Residence, admits_one,
};
use incident::{Failure, Organisation};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::count;
use platform::web::{check_sender, only};
use platform::{clock, random};
use std::sync::Arc;

/// How long an answer takes at least. A mail takes a part of it, so the time does not tell whether one was sent.
const ANSWER_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// What somebody has entered, as it was sent.
#[derive(Clone, Debug, Default)]
struct Entered {
    kind: String,
    residence: String,
    email: String,
    words: String,
}

impl Entered {
    /// A field that comes twice counts as not sent.
    fn of(fields: &[(String, String)]) -> Self {
        let only = |name: &str| only(fields, name).unwrap_or_default().to_owned();
        Self { kind: only("kind"), residence: only("residence"), email: only("email"), words: only("words") }
    }
}

/// Shows the form.
pub(crate) async fn show(language: Language) -> Result<Html<String>, Trouble> {
    form(language, Entered::default(), &[]).map_err(Trouble::failed(language))
}

/// Takes the form. Every form that can be read has the same answer, after the same time.
pub(crate) async fn take(
    State(desk): State<Arc<Desk>>,
    language: Language,
    request: Request,
) -> Result<Response, Trouble> {
    let began = clock::now();
    check_sender(request.headers(), &desk.origin).map_err(|_| Trouble::foreign(language))?;
    let sender = network_address(request.headers(), request.extensions());
    let fields = request.extract::<Form<Vec<(String, String)>>, _>().await;
    let entered = fields.map(|Form(fields)| Entered::of(&fields)).unwrap_or_default();
    let asking = Asking::read(&entered.kind, &entered.residence, &entered.email, &entered.words, language.code());
    let asking = match asking {
        Ok(asking) => asking,
        Err(faults) => {
            let page = form(language, entered, &faults).map_err(Trouble::failed(language))?;
            return Ok((StatusCode::BAD_REQUEST, page).into_response());
        }
    };
    let answer = answered(&desk, language, asking, &sender, began).await;
    let left = ANSWER_AFTER - clock::now().duration_since(began);
    if left.is_positive() {
        clock::pause(left).await;
    }
    answer.map(IntoResponse::into_response).map_err(Trouble::failed(language))
}

async fn answered(
    desk: &Desk,
    language: Language,
    asking: Asking,
    sender: &str,
    now: Timestamp,
) -> Result<Html<String>, Failure> {
    let organisation = desk.organisation().await?;
    let texts = Texts::of(language)?;
    if is_within_limits(desk, &asking, sender, now).await? {
        send_link(desk, &organisation, &texts, asking, now).await?;
    } else {
        count("PrivacyRequestsLimited", 1);
    }
    let text = texts.sent.text.replace("{contact}", &organisation.privacy_contact.email);
    let frame = Frame::of(language, &texts, texts.sent.title.clone(), None);
    rendered(&Said { frame, text, to_form: String::new() })
}

/// Counts the request under its mailbox and its network address. Both are counted, whichever of them is over its limit.
async fn is_within_limits(desk: &Desk, asking: &Asking, sender: &str, now: Timestamp) -> Result<bool, Failure> {
    let mailbox = format!("mailbox {}", asking.mailbox());
    let network = format!("network {sender}");
    let (mailbox, network) = tokio::try_join!(desk.digests.digest(&mailbox), desk.digests.digest(&network))?;
    let mailbox = Limit { name: mailbox, most: MAILS_A_DAY };
    let network = Limit { name: network, most: REQUESTS_A_DAY };
    let (mailbox, network) =
        tokio::try_join!(admits_one(&desk.table, &mailbox, now), admits_one(&desk.table, &network, now))?;
    Ok(mailbox && network)
}

/// Sends the link. What becomes of the mail is told to nobody but the operator: an answer that knew it would tell who has a mailbox.
async fn send_link(
    desk: &Desk,
    organisation: &Organisation,
    texts: &Texts,
    asking: Asking,
    now: Timestamp,
) -> Result<(), Failure> {
    let token = random::token()?;
    let link = Link::of(&token).ok_or_else(|| Failure::rejected("a token of ours is none"))?;
    let address = format!("{}/requests/confirm/{token}?lang={}", desk.origin, asking.language);
    let asked = asking.asked(now);
    desk.requests().keep_asked(&link, &asked).await?;
    let mail = mails::link(texts, organisation, &asked, &address)?;
    if let Err(failure) = mails::send(&desk.mailer, &mail).await {
        mails::note_failed("a link was not mailed", &failure);
    }
    Ok(())
}

fn form(language: Language, entered: Entered, faults: &[FormFault]) -> Result<Html<String>, Failure> {
    let texts = Texts::of(language)?;
    let kinds = RequestKind::ALL.into_iter().filter_map(|kind| {
        let choice = texts.kind.get(kind.name())?;
        let is_chosen = kind.name() == entered.kind;
        Some(Choosable { value: kind.name(), label: choice.label.clone(), hint: choice.hint.clone(), is_chosen })
    });
    let residences = Residence::ALL.into_iter().filter_map(|residence| {
        let label = texts.residence.get(residence.name())?.clone();
        let is_chosen = residence.name() == entered.residence;
        Some(Choosable { value: residence.name(), label, hint: String::new(), is_chosen })
    });
    let slips = faults.iter().map(|fault| {
        let field = match fault {
            FormFault::Kind => "kind",
            FormFault::Residence => "residence",
            FormFault::Email => "email",
            FormFault::Words => "words",
        };
        Slip { field, text: texts.fault.get(field).cloned().unwrap_or_default() }
    });
    rendered(&FormPage {
        frame: Frame::of(language, &texts, texts.form.title.clone(), Some("/requests")),
        kinds: kinds.collect(),
        residences: residences.collect(),
        slips: slips.collect(),
        words: texts.form.clone(),
        email: entered.email,
        written: entered.words,
        longest: LONGEST_WORDS,
    })
}
