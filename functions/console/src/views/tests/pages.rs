//! Every page, with what it usually shows and with what an attacker would have it show.

use super::sample::{HOSTILE, REVIEWER, Sample, now};
use crate::views::shell::{Reader, Section, Shell};
use crate::views::{changes, entry, incident, incidents, register, render, requests, review, reviews, support};
use ::incident::notification::{Facts, Foreseen, Obligation, Publication, Rules, Verdict, changes as duty_changes};
use ::incident::privacy_request::PrivacyRequest;
use ::incident::records::WaitingReview;
use serde_json::json;
use std::collections::BTreeMap;

fn shell(title: &str, word: &str, at: Section) -> Shell {
    let reader = Reader { name: word.to_owned(), roles: "counsel, privacy".to_owned(), csrf: "token".to_owned() };
    Shell::of(title, reader, Some(at), |_| true)
}

/// Every page in each of its states, by name.
fn pages(sample: &Sample, word: &str) -> Vec<(&'static str, String)> {
    let rules = &Rules::load().unwrap();
    let id = sample.incident.id.as_str();
    let incident_shell = || shell(&sample.incident.title, word, Section::Incidents);
    let requests_shell = || shell("Requests", word, Section::Requests);
    let not_taken = requests::Refused {
        message: "`reason` is missing".to_owned(),
        deed: "refused".to_owned(),
        reason: word.to_owned(),
    };
    let reviews_shell = || shell("Legal review", word, Section::Reviews);
    let rights = incident::Rights { enters_facts: true, sees_reviews: true };
    let undetermined: Vec<Obligation> = rules.assess(&sample.facts[0]).obligations.into_iter().take(9).collect();
    let publication = Publication {
        incident: sample.incident.id.clone(),
        obligation: sample.review.obligation.clone(),
        version: 2,
        digest: sample.review.digest.clone(),
        address: "https://notices.example.com/notices/inc-1/us-ca-ind/en/".to_owned(),
        published_at: now(),
    };
    let records = incident::Records {
        report: &sample.report,
        findings: &sample.findings,
        actions: &sample.actions,
        duties: &sample.duties,
        reviews: std::slice::from_ref(&sample.review),
        publications: std::slice::from_ref(&publication),
        evidence: &sample.evidence,
        facts: &sample.facts,
        undetermined: Some(&undetermined),
    };
    let nothing = incident::Records {
        findings: &[],
        actions: &[],
        duties: &[],
        reviews: &[],
        publications: &[],
        evidence: &[],
        facts: &[],
        undetermined: None,
        ..records
    };
    let open = incidents::Records {
        incident: sample.incident.clone(),
        actions: sample.actions.clone(),
        duties: sample.duties.clone(),
    };
    let facts = sample.facts.last().unwrap();
    let questions = entry::questions(rules, facts, &["likely_consequences".to_owned()]);
    let form = |slips| {
        let sent: entry::Form = vec![
            ("reason".to_owned(), word.to_owned()),
            ("asked".to_owned(), "tz".to_owned()),
            ("value.tz".to_owned(), word.to_owned()),
        ]
        .into();
        entry::EntryPage::of(incident_shell(), id, &questions, facts, &sample.duties, true, Some((&sent, slips)))
    };
    let changed =
        BTreeMap::from([("gdpr_applies".to_owned(), json!(false)), ("notice.consequences".to_owned(), json!(word))]);
    let after = facts.amend(changed.clone(), REVIEWER, "so", now()).unwrap();
    let duties = duty_changes(&rules.assess(facts), &rules.assess(&after));
    let duties: Vec<Foreseen> =
        duties.into_iter().map(|change| Foreseen { change, state: None, is_turned_on: false }).collect();
    let of = review::Records {
        review: &sample.review,
        draft: sample.drafts.last().unwrap(),
        previous: sample.drafts.first(),
        duty: sample.duty(),
        facts: &sample.facts,
        rules,
    };
    let counsel = review::Reviewer { id: REVIEWER, may_decide: true };
    let refused = review::Refused {
        message: "a decision needs a reason".to_owned(),
        verdict: Some(Verdict::Approved),
        reason: word.to_owned(),
        missing_items_reason: word.to_owned(),
    };
    let waiting: Vec<(WaitingReview, Option<_>)> = sample
        .waiting
        .iter()
        .map(|review| (review.clone(), (review.version == 2 && review.four_eyes).then(|| sample.duty().clone())))
        .collect();
    vec![
        (
            "incidents",
            render(&incidents::Incidents::of(
                shell("Incidents", word, Section::Incidents),
                &[open],
                &sample.register,
                Some("/incidents?before=x".to_owned()),
                now(),
            )),
        ),
        (
            "incidents-none",
            render(&incidents::Incidents::of(shell("Incidents", word, Section::Incidents), &[], &[], None, now())),
        ),
        ("incident", render(&incident::IncidentPage::of(incident_shell(), rights, records, now()))),
        ("incident-new", render(&incident::IncidentPage::of(incident_shell(), rights, nothing, now()))),
        (
            "facts",
            render(&entry::EntryPage::of(
                shell("Facts", word, Section::Incidents),
                id,
                &questions,
                facts,
                &sample.duties,
                true,
                None,
            )),
        ),
        (
            "facts-refused",
            render(&form(vec![
                entry::Slip::new("tz", "must be an IANA time zone"),
                entry::Slip::new("", "a reason is missing"),
            ])),
        ),
        (
            "facts-read",
            render(&entry::EntryPage::of(
                shell("Facts", word, Section::Incidents),
                id,
                &questions,
                facts,
                &sample.duties,
                false,
                None,
            )),
        ),
        (
            "changes",
            render(
                &changes::ChangesPage::of(
                    shell("What would change", word, Section::Incidents),
                    id,
                    facts,
                    &changed,
                    word,
                    &duties,
                    now(),
                )
                .unwrap(),
            ),
        ),
        ("reviews", render(&reviews::Reviews::of(reviews_shell(), &waiting, REVIEWER, now()))),
        ("reviews-none", render(&reviews::Reviews::of(reviews_shell(), &[], REVIEWER, now()))),
        ("review", render(&review::ReviewPage::of(reviews_shell(), of, counsel, None, now()))),
        ("review-refused", render(&review::ReviewPage::of(reviews_shell(), of, counsel, Some(refused), now()))),
        (
            "register",
            render(&register::Register::of(
                shell("Register of breaches", word, Section::Register),
                &sample.register,
                now(),
            )),
        ),
        ("support", render(&support_page(sample, word))),
        ("requests", render(&requests::Requests::of(requests_shell(), &people_ask(word), now()))),
        ("requests-none", render(&requests::Requests::of(requests_shell(), &[], now()))),
        ("request", render(&requests::RequestPage::of(requests_shell(), &people_ask(word)[0], true, None, now()))),
        (
            "request-settled",
            render(&requests::RequestPage::of(requests_shell(), &people_ask(word)[1], true, None, now())),
        ),
        (
            "request-refused",
            render(&requests::RequestPage::of(requests_shell(), &people_ask(word)[0], true, Some(not_taken), now())),
        ),
    ]
    .into_iter()
    .map(|(name, page)| (name, page.unwrap()))
    .collect()
}

/// Two requests, with what a person wrote: one waits, one was refused.
fn people_ask(word: &str) -> Vec<PrivacyRequest> {
    let request = |reference: &str, acts: serde_json::Value| {
        let term = json!({
            "rule": "US-CCPA-REQ", "citation": "Cal. Civ. Code 1798.130(a)(2)", "standard": "within 45 days",
            "due_at": "2026-11-23T04:00:00Z", "offset_seconds": -28800, "latest_at": "2026-11-24T04:00:00Z",
            "acknowledge_by": "2026-10-23T04:00:00Z", "extends_to": "2027-01-08T04:00:00Z",
        });
        serde_json::from_value(json!({
            "reference": reference, "link": "0".repeat(64), "kind": "erasure", "residence": "california", "email": word,
            "words": word, "language": word, "received_at": "2026-10-09T04:00:00Z", "confirmed_at": "2026-10-09T05:00:00Z",
            "term": term, "acts": acts,
        }))
        .unwrap()
    };
    let verified = json!({"deed": "identity-verified", "by": word, "at": "2026-10-10T04:00:00Z", "reason": ""});
    let refused = json!({"deed": "refused", "by": word, "at": "2026-10-11T04:00:00Z", "reason": word});
    vec![request("R-0000-0000-0000-0001", json!([])), request("R-0000-0000-0000-0002", json!([verified, refused]))]
}

fn support_page(sample: &Sample, word: &str) -> support::Support {
    let mut review = sample.review.clone();
    review.four_eyes = false;
    let request = ::incident::notification::DecisionRequest {
        digest: review.digest.clone(),
        verdict: Verdict::Approved,
        reason: "good".to_owned(),
        missing_items_reason: Some("not known yet".to_owned()),
    };
    review.decide(&request, REVIEWER, now()).unwrap();
    let mut duty = sample.duty().clone();
    duty.obligation.recipient_class = "data_subjects".to_owned();
    let organisation = serde_json::from_value(json!({
        "name": "Kranich GmbH", "address": "Berlin", "facts": {}, "data_inventory": [], "recipients": {},
        "privacy_contact": {"name": "Privacy office", "email": "privacy@example.com", "phone": "+49 30 1"},
    }))
    .unwrap();
    let records = support::Records { duty, review: Some(review), draft: sample.drafts.last().cloned(), delivery: None };
    support::Support::of(shell("For those who answer customers", word, Section::Support), &organisation, &[records])
}

/// Writes the pages where a browser finds them, if it is said where.
#[test]
#[expect(clippy::disallowed_methods, reason = "where the pages go is said to the test alone")]
fn every_page_is_written() {
    let calm = pages(&Sample::calm(), "counsel@example.com");
    assert!(calm.iter().all(|(_, page)| page.contains("<main") && page.trim_end().ends_with("</html>")));
    if let Ok(folder) = std::env::var("CONSOLE_PAGES") {
        std::fs::create_dir_all(&folder).unwrap();
        let hostile = pages(&Sample::hostile(), HOSTILE);
        for (kind, pages) in [("calm", calm), ("hostile", hostile)] {
            for (name, page) in pages {
                std::fs::write(format!("{folder}/{kind}-{name}.html"), page).unwrap();
            }
        }
    }
}

#[test]
fn markup_in_a_text_stays_text() {
    let calm: BTreeMap<&str, String> = pages(&Sample::calm(), "counsel@example.com").into_iter().collect();
    for (name, page) in pages(&Sample::hostile(), HOSTILE) {
        for markup in ["<script>", "<img", "onerror=alert(2)>", "</textarea>\"", "<script>alert"] {
            let is_ours = calm[name].matches(markup).count();
            assert_eq!(page.matches(markup).count(), is_ours, "`{markup}` in {name}");
        }
        // The same elements as without an attacker: no tag is begun or ended by what they write.
        for tag in ["<a ", "<form", "<input", "<textarea", "</textarea>", "<iframe", "<svg", "<script"] {
            assert_eq!(page.matches(tag).count(), calm[name].matches(tag).count(), "`{tag}` in {name}");
        }
    }
}

#[test]
fn what_turns_or_hides_text_is_seen() {
    for (name, page) in pages(&Sample::hostile(), HOSTILE) {
        for letter in ['\u{202e}', '\u{2066}', '\u{200b}'] {
            assert!(!page.contains(letter), "{letter:?} in {name}");
        }
    }
    let page = pages(&Sample::hostile(), HOSTILE).into_iter().find(|(name, _)| *name == "incident").unwrap().1;
    assert!(page.contains("⟨U+202E⟩txt.exe"));
}

#[test]
fn nothing_in_a_page_needs_more_than_the_policy_allows() {
    for (name, page) in pages(&Sample::calm(), "counsel@example.com") {
        for refused in [" style=", "<style", " onclick", " onload", " onerror", "javascript:", "src=\"http", "<script>"]
        {
            assert!(!page.contains(refused), "`{refused}` in {name}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{name} has one heading of the first level");
        let forms = page.matches("method=\"post\"").count();
        assert_eq!(
            page.matches("name=\"csrf\" value=\"token\"").count(),
            forms,
            "every form of {name} brings the token"
        );
    }
}

#[test]
fn the_list_tells_what_is_not_contained_and_due_next() {
    let page = &pages(&Sample::calm(), "counsel@example.com")[0].1;
    assert!(page.contains("3 of 5 not contained"), "{page}");
    assert!(page.contains("data-due=\"2026-11-25T20:00:00Z\"") && page.contains("2 d 16 h left"), "{page}");
}

#[test]
fn what_a_person_typed_comes_back_as_it_was() {
    let text = "می\u{200c}خواهم\r\n<b>&amp;";
    let shown = crate::views::text::Verbatim(text).to_string();
    assert!(shown.is_ascii() && !shown.contains('<'));
    let read: String = shown
        .split("&#")
        .enumerate()
        .map(|(place, part)| match part.split_once(';').filter(|_| place > 0) {
            Some((number, rest)) => format!("{}{rest}", char::from_u32(number.parse().unwrap()).unwrap()),
            None => part.to_owned(),
        })
        .collect();
    assert_eq!(read, text);
}

#[test]
fn the_history_of_a_fact_is_kept() {
    let sample = Sample::calm();
    let third =
        sample.facts[1].amend(BTreeMap::from([("affected.DE".to_owned(), json!(null))]), REVIEWER, "unsure", now());
    let versions: Vec<Facts> = sample.facts.iter().cloned().chain([third.unwrap()]).collect();
    let lines = crate::views::facts::FactLine::all(&versions);
    let line = lines.iter().find(|line| line.name == "affected.DE").unwrap();
    assert_eq!((line.now.value.as_str(), line.now.source.as_str()), ("not known", "counsel"));
    assert_eq!(line.before.iter().map(|entry| entry.value.as_str()).collect::<Vec<_>>(), ["1200"]);
}

#[test]
fn counsel_sees_the_public_page_in_a_frame_that_runs_nothing_where_there_is_one() {
    let mut sample = Sample::calm();
    let frame = |sample: &Sample| {
        let shown = pages(sample, "a").into_iter().find(|(name, _)| *name == "review").unwrap().1;
        shown
            .split("<iframe")
            .find(|part| part.contains("/page\""))
            .map(|part| part.split('>').next().unwrap().to_owned())
    };
    let shown = frame(&sample).unwrap();
    assert!(shown.contains(" sandbox ") && shown.contains(" title=\""), "{shown}");
    for draft in &mut sample.drafts {
        draft.page = None;
    }
    assert_eq!(frame(&sample), None);
}

#[test]
fn a_request_offers_what_can_still_be_done_to_whom_may() {
    let ask = people_ask("");
    let shown = |request: &PrivacyRequest, may_act| {
        let page = requests::RequestPage::of(shell("Request", "", Section::Requests), request, may_act, None, now());
        page.offers.iter().map(|offer| offer.value).collect::<Vec<_>>()
    };
    assert_eq!(shown(&ask[0], true), ["identity-verified", "extended", "answered", "refused"]);
    assert!(shown(&ask[0], false).is_empty() && shown(&ask[1], true).is_empty());
    let list = render(&requests::Requests::of(
        shell("Requests", "", Section::Requests),
        &people_ask("ada@people.example"),
        now(),
    ));
    assert!(!list.unwrap().contains("people.example"), "a list does not say whose requests they are");
}
