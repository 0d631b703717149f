//! The notices of rules that name none: what the rule asks for is said or a gap, and what it forbids is nowhere.

use super::golden::assert_golden;
use super::{COUNSEL, amended, at, derived, incident, organisation, rules};
use crate::containment::ActionId;
use crate::notification::notices::Notices;
use crate::notification::rules::FILES;
use crate::notification::{Draft, DraftError, Facts, Measure, Rules, Writing};
use crate::organisation::Recipient;
use serde_json::json;
use std::collections::BTreeSet;

const LANGUAGES: [&str; 7] = ["de", "en", "es", "fr", "it", "nl", "pl"];
const MASSACHUSETTS: &str = "MUST NOT include the nature of the breach or the number of residents affected";
const ILLINOIS: &str = "MUST NOT include the number of Illinois residents affected";

/// The rules with one more, of this class of recipients, that asks for these items.
fn rules_with(recipient: &str, content: &[&str], more: &str) -> Rules {
    let rule = format!(
        r#"
[[obligation]]
id = "TEST-1"
jurisdiction = "US-MA"
regime = "test"
citation = "Test Code 1"
obligor = "owner_or_licensee"
recipient = "{recipient}"
status = "in_force"
trigger_all = [{{ fact = "gdpr_applies", op = "eq", value = true }}]
deadline = {{ standard = "at once", unit = "none", clock = "aware", hard = false }}
content = {content:?}
confidence = "high"
verified = "text"
{more}
"#
    );
    let files: Vec<(&str, &str)> = FILES.iter().copied().chain([("test.toml", rule.as_str())]).collect();
    Rules::parse(&files, Notices::load().unwrap()).unwrap()
}

/// Facts with a mark in everything that tells how the breach came about or how many people it concerns.
fn marked() -> Facts {
    amended(
        &derived(),
        &[
            ("notice.what_happened", json!("MARK-HAPPENED")),
            ("notice.measures_proposed", json!("MARK-PROPOSED")),
            ("breach.started", json!("2026-11-03T21:05:00Z")),
            ("people_approximate", json!(7_712_345)),
            ("records_approximate", json!(8_812_345)),
            ("affected.US-MA", json!(5_512_345)),
        ],
    )
}

fn write(rules: &Rules, facts: &Facts, language: &str) -> Result<Draft, DraftError> {
    let duty = rules.assess(facts).obligations.into_iter().find(|duty| duty.id == "test-1").unwrap();
    let recipient = Recipient {
        name: "R".to_owned(),
        email: "r@example.org".to_owned(),
        language: language.to_owned(),
        ..Recipient::default()
    };
    let measures = [Measure {
        action: ActionId::named("isolate-instance").unwrap(),
        target: "MARK-TARGET".to_owned(),
        at: Some(at("2026-11-27T15:20:06Z")),
    }];
    Draft::write_under(
        rules,
        &Writing {
            obligation: &duty,
            facts,
            organisation: &organisation(),
            incident: &incident(),
            recipient: &recipient,
            measures: &measures,
            sample: None,
            version: 1,
            drafters: BTreeSet::new(),
            written_at: at("2026-11-27T15:50:00Z"),
        },
    )
}

/// Every text of the draft, without what languages put between thousands.
fn whole(draft: &Draft) -> String {
    let text = [draft.subject.as_str(), &draft.text, &draft.html].join("\n");
    text.replace(['.', ',', '\u{202f}', '\u{a0}'], "")
}

#[test]
fn massachusetts_is_told_neither_the_nature_nor_the_number() {
    let asked = ["Right to obtain a police report", "No charge for a security freeze"];
    let silent = rules_with("residents", &[asked.as_slice(), &[MASSACHUSETTS]].concat(), "");
    let open =
        rules_with("residents", &[asked.as_slice(), &["Brief description incl. how and number affected"]].concat(), "");
    let marks = ["MARK-HAPPENED", "MARK-PROPOSED", "7712345"];
    let measure = |language: &str| {
        let words = rules().notices().words(language).unwrap();
        words.measure(ActionId::named("isolate-instance").unwrap()).unwrap()
    };
    for language in LANGUAGES {
        let told = whole(&write(&open, &marked(), language).unwrap());
        for mark in marks.into_iter().chain([measure(language).as_str()]) {
            assert!(told.contains(mark), "{language}: where it is allowed, `{mark}` is said");
        }
        let draft = write(&silent, &marked(), language).unwrap();
        let kept = whole(&draft);
        let sentence = rules().notices().words(language).unwrap().nature(incident().category).unwrap();
        for mark in marks.into_iter().chain([
            "MARK-TARGET",
            "8812345",
            "5512345",
            measure(language).as_str(),
            sentence.as_str(),
        ]) {
            assert!(!kept.contains(mark), "{language}: `{mark}` is told in Massachusetts:\n{}", draft.text);
        }
        assert_eq!(draft.gaps, Vec::<String>::new(), "{language}");
        let police = rules().notices().phrases(language).unwrap().0["us_police_report"].clone();
        assert!(draft.text.contains(&police) && draft.text.contains("security freeze"), "{language}");
    }
}

#[test]
fn illinois_is_told_the_nature_and_no_number() {
    let rules = rules_with("residents", &["Toll-free numbers and addresses of CRAs", ILLINOIS], "");
    for language in LANGUAGES {
        let draft = write(&rules, &marked(), language).unwrap();
        let text = whole(&draft);
        assert!(text.contains("MARK-HAPPENED"), "{language}");
        for number in ["7712345", "8812345", "5512345", "12840"] {
            assert!(!text.contains(number), "{language}: {number}");
        }
        assert!(draft.text.contains("Experian, 1-888-397-3742"), "{language}");
        assert_eq!(draft.gaps, Vec::<String>::new());
    }
}

#[test]
fn what_a_rule_forbids_is_known_to_the_notices() {
    let items = rules().notices().items().unwrap();
    for item in
        rules().iter().flat_map(|rule| rule.content.clone()).chain([ILLINOIS.to_owned(), MASSACHUSETTS.to_owned()])
    {
        let forbids = item.to_ascii_uppercase().contains("MUST NOT");
        assert_eq!(forbids, !items.bans(&[item.as_str()]).is_empty(), "{item}");
    }
}

#[test]
fn an_authority_is_told_what_the_rule_asks_and_nothing_beside_it() {
    let rules = rules_with("attorney_general", &["Nature of the breach", "Type of personal information"], "");
    let draft = write(&rules, &marked(), "en").unwrap();
    assert_eq!(
        draft.subject,
        format!("Notification of a security breach (Test Code 1) - Kranich Handel GmbH - {}", incident().id)
    );
    assert!(draft.text.contains("MARK-HAPPENED") && draft.text.contains("payment card number"));
    assert!(!whole(&draft).contains("7712345") && !draft.text.contains("MARK-PROPOSED"), "{}", draft.text);
    assert_eq!(draft.gaps, Vec::<String>::new());
}

#[test]
fn an_item_that_only_counsel_can_answer_is_a_gap_until_it_is_answered() {
    let item = "Whether a WISP is maintained";
    let rules = rules_with("attorney_general", &["Nature of the breach", item], "");
    let draft = write(&rules, &marked(), "en").unwrap();
    assert_eq!(draft.gaps, [item]);
    assert!(draft.text.contains("Our investigation goes on."));
    let facts = amended(&marked(), &[("notice.items", json!({item: "Yes, since\r\n2019 <b>.", "Other item": "no"}))]);
    let draft = write(&rules, &facts, "en").unwrap();
    assert_eq!(draft.gaps, Vec::<String>::new());
    assert!(draft.text.contains("Whether a WISP is maintained: Yes, since 2019 <b>."), "{}", draft.text);
    assert!(draft.html.contains("<h3 lang=\"en\">Whether a WISP is maintained</h3>") && !draft.html.contains("<b>"));
    assert!(!draft.text.contains("Our investigation goes on.") && !draft.text.contains("Other item"));
    assert!(draft.drafters.contains(COUNSEL), "who answers has a hand in the text");
}

#[test]
fn an_item_is_a_gap_while_the_facts_do_not_answer_it() {
    let rules = rules_with("consumer_reporting_agencies_nationwide", &["Timing of those notices"], "");
    let draft = write(&rules, &derived(), "en").unwrap();
    assert_eq!(draft.gaps, ["Timing of those notices"]);
    let facts = amended(&derived(), &[("t.consumer_notice_sent", json!("2026-12-01T17:00:00Z"))]);
    let draft = write(&rules, &facts, "en").unwrap();
    assert_eq!(draft.gaps, Vec::<String>::new());
    assert!(draft.text.contains("The people concerned were informed on December 1, 2026."), "{}", draft.text);
}

#[test]
fn a_rule_that_says_nothing_of_content_asks_for_the_usual() {
    let rules = rules_with("supervisory_authority", &[], "");
    let draft = write(&rules, &derived(), "de").unwrap();
    assert_eq!(draft.gaps, ["Date or estimated date/range"]);
    assert!(draft.text.contains("Ungefähre Zahl betroffener Personen"));
}

#[test]
fn a_stage_asks_only_for_its_own_items() {
    let stage = "stage = \"early_warning\"\n[[checklist]]\nid = \"T\"\ncitation = \"T\"\nconfidence = \"low\"\nverified = \"memory\"\nitems = [\"24 h: notice of the payment\", \"final: detailed description incl. severity and impact; type of threat or root cause; applied and ongoing mitigation\"]";
    let rules = rules_with("csirt_or_competent_authority", &[], &format!("checklist = \"T\"\n{stage}"));
    assert_eq!(write(&rules, &derived(), "en").unwrap().gaps, ["24 h: notice of the payment"]);
}

#[test]
fn every_class_of_recipients_has_its_notice_in_every_language() {
    for (recipient, title) in [
        ("attorney_general", "authority_title"),
        ("residents", "people_title"),
        ("kvkk_board_and_data_subjects", "authority_title"),
        ("data_owner_or_licensee", "partner_title"),
        ("consumer_reporting_agencies_nationwide", "agency_title"),
    ] {
        let with = rules_with(recipient, &[], "");
        for language in LANGUAGES {
            let draft = write(&with, &marked(), language).unwrap();
            let title = &rules().notices().phrases(language).unwrap().0[title];
            assert!(draft.text.contains(title.as_str()), "{recipient} {language}");
            for text in [&draft.subject, &draft.text, &draft.html] {
                assert!(
                    !["{", "}", "[", "none", "undefined"].iter().any(|left| {
                        let body = text.split_once("</style>").map_or(text.as_str(), |(_, body)| body);
                        body.contains(left)
                    }),
                    "{recipient} {language}: {text}"
                );
            }
        }
    }
    let both = write(&rules_with("kvkk_board_and_data_subjects", &[], ""), &marked(), "en").unwrap();
    assert!(both.text.contains("To the people concerned") && both.text.contains("What you can do"));
}

/// What a class of recipients asks for, as much of it as the notices can say.
const CASES: [(&str, &str, &[&str]); 5] = [
    (
        "generic-people",
        "residents",
        &[
            "Incident in general terms",
            "Likely consequences",
            "Steps the individual can take against identity theft",
            "Advice to remain vigilant",
            "Toll-free numbers and addresses of the major consumer reporting agencies and FTC incl. websites",
            "Right to obtain a police report",
            "Advice to report suspected identity theft to law enforcement, AG and FTC",
            "Advice on FCRA rights",
            "Whether delayed by law enforcement",
        ],
    ),
    (
        "generic-authority",
        "attorney_general",
        &[
            "Nature of the breach",
            "where applicable: suspected unlawful or malicious acts",
            "where applicable: cross-border impact",
            "Categories/approximate numbers as known",
            "Estimated total number affected",
            "Where possible categories and approximate number of personal data",
            "Number of Massachusetts residents at the time of notification",
            "Likely consequences",
            "Measures taken or planned",
            "Reasons for delay if any",
            "Whether a WISP is maintained",
            "Sample of the notice",
        ],
    ),
    ("generic-authority-and-people", "npc_and_data_subjects", &[]),
    ("generic-partner", "controller", &[]),
    ("generic-reporting-agency", "consumer_reporting_agencies_nationwide", &[]),
];

#[test]
fn the_generic_notices_read_as_their_golden_files() {
    let facts = amended(
        &derived(),
        &[
            ("breach.started", json!("2026-11-26T21:05:00Z")),
            ("breach.ended", json!("2026-11-27T15:21:10Z")),
            ("people_approximate", json!(13_900)),
            ("affected.US-MA", json!(212)),
            ("incident.malicious", json!(true)),
            ("law_enforcement_hold", json!(false)),
            ("notice.items", json!({"Whether a WISP is maintained": "Yes"})),
        ],
    );
    for (notice, recipient, asked) in CASES {
        let rules = rules_with(recipient, asked, "");
        for language in LANGUAGES {
            let draft = write(&rules, &facts, language).unwrap();
            let name = format!("{notice}.{language}");
            assert_golden(&format!("{name}.txt"), &format!("Subject: {}\n\n{}", draft.subject, draft.text));
            assert_golden(&format!("{name}.html"), &draft.html);
        }
    }
}

#[test]
fn what_stays_in_the_house_has_no_notice() {
    let rules = rules_with("internal_register", &[], "");
    let error = write(&rules, &derived(), "en").unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule `TEST-1` has no notice: name its class of recipients in `notices/recipients.toml`"
    );
}

#[test]
fn every_rule_of_the_law_gets_its_draft() {
    let facts = marked();
    let rules = rules();
    for (index, duty) in rules.assess(&facts).obligations.iter().enumerate().filter(|(_, duty)| duty.notice.is_some()) {
        let language = LANGUAGES[index % LANGUAGES.len()];
        let recipient = Recipient {
            name: "R".to_owned(),
            email: "r@example.org".to_owned(),
            language: language.to_owned(),
            ..Recipient::default()
        };
        let draft = Draft::write(&Writing {
            obligation: duty,
            facts: &facts,
            organisation: &organisation(),
            incident: &incident(),
            recipient: &recipient,
            measures: &[],
            sample: None,
            version: 1,
            drafters: BTreeSet::new(),
            written_at: at("2026-11-27T15:50:00Z"),
        });
        assert!(!draft.unwrap().text.is_empty(), "{}", duty.rule);
    }
}
