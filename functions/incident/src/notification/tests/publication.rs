//! The page that counsel approves with a notice, against golden files in every language.

use super::drafts::LANGUAGES;
use super::gate::{now, request};
use super::golden::assert_golden;
use super::{amended, at, derived, incident, obligation, organisation};
use crate::notification::{Approval, Draft, LegalReview, NotApproved, Outcome, PublicPage, Rules, Verdict, Writing};
use crate::organisation::{Organisation, PublicOrigin, PublicPages};
use crate::{Digest, notification::Facts};
use serde_json::json;
use std::collections::BTreeSet;

const ORIGIN: &str = "https://notices.kranich.example";
const PUBLISHED: &str = "us-ca-ind";

fn publishing(obligations: &[&str]) -> Organisation {
    let origin = PublicOrigin::try_from(ORIGIN.to_owned()).unwrap();
    let obligations = obligations.iter().map(|id| (*id).to_owned()).collect();
    Organisation { public_pages: Some(PublicPages { origin, obligations }), ..organisation() }
}

fn write(organisation: &Organisation, facts: &Facts, id: &str, language: &str) -> Draft {
    let mut recipient = organisation.recipients[id].clone();
    recipient.language = language.to_owned();
    let writing = Writing {
        obligation: &obligation(facts, id).unwrap(),
        facts,
        organisation,
        incident: &incident(),
        recipient: &recipient,
        measures: &[],
        sample: None,
        version: 1,
        drafters: BTreeSet::from(["tocsin".to_owned()]),
        written_at: at("2026-11-27T15:50:00Z"),
    };
    Draft::write(&writing).unwrap()
}

fn page(organisation: &Organisation, facts: &Facts, language: &str) -> PublicPage {
    write(organisation, facts, PUBLISHED, language).page.unwrap()
}

#[test]
fn the_page_is_the_golden_one_in_every_language() {
    let organisation = publishing(&[PUBLISHED]);
    for language in LANGUAGES {
        let page = page(&organisation, &derived(), language);
        let incident = incident().id;
        assert_eq!(page.path, format!("notices/{incident}/{PUBLISHED}/{language}/index.html"));
        assert_golden(&format!("public/{PUBLISHED}.{language}.html"), &page.html);
    }
}

#[test]
fn it_says_what_the_notice_says_and_leads_to_the_form_of_its_language() {
    let organisation = publishing(&[PUBLISHED]);
    let draft = write(&organisation, &derived(), PUBLISHED, "fr");
    let page = draft.page.unwrap().html;
    let body = draft.html.split("<main>").nth(1).unwrap().split("</main>").next().unwrap();
    assert!(page.contains(body.trim()), "the notice is there as its recipients get it");
    assert!(page.replace("&#x2f;", "/").contains(&format!("href=\"{ORIGIN}/requests?lang=fr\"")));
    assert!(page.contains("Questions fréquentes"));
    let recipient = &organisation.recipients[PUBLISHED];
    assert!(!page.contains(&recipient.name) && !page.contains(&recipient.email), "a list of people is nobody else's");
}

#[test]
fn only_what_the_organisation_publishes_has_a_page() {
    for organisation in [organisation(), publishing(&[]), publishing(&["eu-gdpr-34-1"])] {
        assert_eq!(write(&organisation, &derived(), PUBLISHED, "en").page, None);
    }
}

#[test]
fn what_an_authority_is_told_is_never_public() {
    let organisation = publishing(&["eu-gdpr-33-1", PUBLISHED]);
    assert_eq!(write(&organisation, &derived(), "eu-gdpr-33-1", "en").page, None);
    let refused = Rules::load().unwrap().check_settings(&organisation);
    let settings: Vec<&str> = refused.iter().map(|error| error.setting.as_str()).collect();
    assert_eq!(settings, ["public_pages.obligations.eu-gdpr-33-1"]);
    for misspelt in ["US-CA-IND", "us-ca-ind ", "us-xx-ind"] {
        assert_eq!(Rules::load().unwrap().check_settings(&publishing(&[misspelt])).len(), 1, "{misspelt}");
    }
}

#[test]
fn an_approval_is_of_the_page_too() {
    let draft = write(&publishing(&[PUBLISHED]), &derived(), PUBLISHED, "en");
    let plain = write(&organisation(), &derived(), PUBLISHED, "en");
    assert_eq!((&draft.text, &draft.html), (&plain.text, &plain.html));
    assert_ne!(draft.digest, plain.digest);
    let mut asked = request(&draft, Verdict::Approved);
    asked.missing_items_reason = Some("in phases".to_owned());
    let outcome = LegalReview::of(&draft, None, now()).decide(&asked, "counsel", now());
    let Ok(Outcome::Decided(decision)) = outcome else { panic!("{outcome:?}") };
    assert!(Approval::from_decision(&decision, &draft).is_ok_and(|approval| approval.covers(&draft)));
    let with = |change: fn(&mut PublicPage)| {
        let mut page = draft.page.clone().unwrap();
        change(&mut page);
        Draft { page: Some(page), ..draft.clone() }
    };
    let moved = with(|page| page.path = page.path.replace("us-ca-ind", "us-ca-reg"));
    let changed = with(|page| page.html.push(' '));
    for other in [moved, changed, Draft { page: None, ..draft.clone() }] {
        assert!(!other.is_intact());
        assert_eq!(Approval::from_decision(&decision, &other).unwrap_err(), NotApproved::AnotherText);
    }
}

#[test]
fn hostile_text_stays_text() {
    let hostile =
        "</title></style></main><script src=//evil.example></script><img src=x onerror=\"a()\">'\u{202e}{{ 7*7 }}";
    let facts = amended(&derived(), &[("notice.what_happened", json!(hostile))]);
    let mut organisation = publishing(&[PUBLISHED]);
    organisation.name = hostile.to_owned();
    organisation.privacy_contact.email = "a\" onclick=\"b()@shop.example".to_owned();
    organisation.privacy_contact.phone = "+1 555\" onclick=\"c()".to_owned();
    let html = page(&organisation, &facts, "en").html;
    assert!(html.contains("&lt;script"), "it is there, as text");
    for live in ["<script", "<img", "\" onclick", "\u{202e}"] {
        assert!(!html.contains(live), "{live}");
    }
    assert!(html.contains("{{ 7*7 }}"));
    for tag in ["<title>", "<style>", "<main>", "</html>"] {
        assert_eq!(html.matches(tag).count(), 1, "{tag}");
    }
}

#[test]
fn a_page_allows_its_own_style_and_nothing_else() {
    for language in LANGUAGES {
        let html = page(&publishing(&[PUBLISHED]), &derived(), language).html;
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = Digest::of(style.as_bytes()).base64();
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        assert!(html.contains(&format!("content=\"{policy}\"")), "{language}");
    }
}

#[test]
fn an_origin_is_a_scheme_and_a_name() {
    for origin in ["https://notices.shop.example", "https://a-b.c0.example", "http://localhost:4566"] {
        assert_eq!(PublicOrigin::try_from(origin.to_owned()).unwrap().to_string(), origin);
    }
    for wrong in [
        "",
        "https://",
        "http://notices.shop.example",
        "https://notices.shop.example/",
        "https://notices.shop.example/a",
        "https://user@shop.example",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://localhost",
        "https://-a.example",
        "https://Shop.example",
        "http://localhost:",
        "http://localhost:123456",
        "http://localhost:80/",
        "javascript:alert(1)",
        "https://shop.example\" onclick=\"x",
    ] {
        assert!(PublicOrigin::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
}
