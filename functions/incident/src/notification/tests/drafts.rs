//! The drafts, against golden files that a lawyer can read and compare. `UPDATE_GOLDEN=1` writes them anew.

use super::golden::assert_golden;
use super::{COUNSEL, amended, at, derived, incident, obligation, organisation};
use crate::containment::ActionId;
use crate::notification::{Draft, DraftError, Facts, Measure, Packet, Rules, Writing};
use crate::organisation::Organisation;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) const LANGUAGES: [&str; 7] = ["de", "en", "es", "fr", "it", "nl", "pl"];
const NOTICES: [(&str, &str); 3] = [
    ("eu-gdpr-33-1", "gdpr-art33-authority"),
    ("us-ca-ind", "ca-1798-82-consumer"),
    ("us-ca-reg", "ca-1798-82-attorney-general"),
];

struct Case {
    organisation: Organisation,
    facts: Facts,
    written_at: &'static str,
}

impl Case {
    /// Only what follows without a person.
    fn derived() -> Self {
        Self { organisation: organisation(), facts: derived(), written_at: "2026-11-27T15:50:00Z" }
    }

    /// Everything that counsel can enter, and too late.
    fn complete() -> Self {
        let facts = amended(
            &derived(),
            &[
                ("breach.started", json!("2026-11-26T21:05:00Z")),
                ("breach.ended", json!("2026-11-27T15:21:10Z")),
                ("data_classes", json!(["email_password", "payment_card", "ssn"])),
                ("affected.US-CA", json!(602)),
                ("people_approximate", json!(13_900)),
                ("records_approximate", json!(31_200)),
                ("law_enforcement_hold", json!(false)),
                (
                    "identity_services.offer",
                    json!(
                        "We offer 12 months of identity protection at no cost. Enroll by 28 February 2027 at https://protect.example with the code in your account."
                    ),
                ),
                ("notice.measures_proposed", json!("All customer passwords will be reset.")),
                (
                    "notice.reasons_for_delay",
                    json!("The extent of the copied data could only be read from logs on 1 December."),
                ),
                (
                    "notice.what_happened",
                    json!(
                        "On 26 November 2026 someone used stolen credentials of our checkout server and copied a file with customer data."
                    ),
                ),
                ("t.consumer_notice_sent", json!("2026-12-01T17:00:00Z")),
            ],
        );
        Self { facts, written_at: "2026-12-02T09:00:00Z", ..Self::derived() }
    }

    fn write(&self, id: &str, language: &str) -> Result<Draft, DraftError> {
        self.with(id, language, Draft::write)
    }

    fn with<T>(
        &self,
        id: &str,
        language: &str,
        write: impl Fn(&Writing<'_>) -> Result<T, DraftError>,
    ) -> Result<T, DraftError> {
        let sample = (id == "us-ca-reg").then(|| self.write("us-ca-ind", "en")).transpose()?;
        let duty = obligation(&self.facts, id).unwrap();
        let mut recipient = self.organisation.recipients[id].clone();
        recipient.language = language.to_owned();
        let measure = |action: &str, target: &str, time: &str| {
            let action = ActionId::named(action).unwrap();
            Measure { action, target: target.to_owned(), at: Some(at(time)) }
        };
        let measures = [
            measure("isolate-instance", "i-0123456789abcdef0", "2026-11-27T15:20:06Z"),
            measure("lock-bucket", "kranich-customers", "2026-11-27T15:20:07Z"),
        ];
        write(&Writing {
            obligation: &duty,
            facts: &self.facts,
            organisation: &self.organisation,
            incident: &incident(),
            recipient: &recipient,
            measures: &measures,
            sample: sample.as_ref(),
            version: 1,
            drafters: BTreeSet::from(["tocsin".to_owned()]),
            written_at: at(self.written_at),
        })
    }
}

fn every_draft() -> Vec<(String, Draft)> {
    let mut drafts = Vec::new();
    for (case, suffix) in [(Case::derived(), ""), (Case::complete(), ".complete")] {
        for (id, notice) in NOTICES {
            for language in LANGUAGES {
                drafts.push((format!("{notice}{suffix}.{language}"), case.write(id, language).unwrap()));
            }
        }
    }
    drafts
}

#[test]
fn the_notices_read_as_their_golden_files() {
    for (name, draft) in every_draft() {
        assert_golden(&format!("{name}.txt"), &format!("Subject: {}\n\n{}", draft.subject, draft.text));
        assert_golden(&format!("{name}.html"), &draft.html);
    }
}

#[test]
fn a_draft_is_bound_to_its_text() {
    for (_, draft) in every_draft() {
        assert!(draft.is_intact());
        let append = |field: fn(&mut Draft) -> &mut String| {
            let mut changed = draft.clone();
            field(&mut changed).push('.');
            changed
        };
        assert!(!append(|draft| &mut draft.subject).is_intact());
        assert!(!append(|draft| &mut draft.text).is_intact());
        assert!(!append(|draft| &mut draft.html).is_intact());
        assert_eq!(serde_json::from_str::<Draft>(&serde_json::to_string(&draft).unwrap()).unwrap(), draft);
    }
}

#[test]
fn the_page_is_one_that_everyone_can_read() {
    for (name, draft) in every_draft() {
        let html = draft.html.as_str();
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\""), "{name}");
        assert!(html.contains(&format!("<html lang=\"{}\">", draft.language)), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
        assert_eq!(html.matches("<title>").count(), 1, "{name}: one title");
        assert_eq!(html.matches("<main>").count(), 1, "{name}: one main");
        for refused in ["<img", "<table", "<script", "<link", "<font", "http-equiv", "url(", "onclick"] {
            assert!(!html.contains(refused), "{name}: {refused}");
        }
        let mut level = 1;
        for heading in html.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)) {
            assert!(heading <= level + 1, "{name}: a heading of level {heading} below one of level {level}");
            level = heading;
        }
    }
}

#[test]
fn nothing_is_a_placeholder() {
    for (name, draft) in every_draft() {
        for text in [&draft.subject, &draft.text, &draft.html] {
            for placeholder in ["TBD", "XXX", "[", "null", "none", "undefined", "lorem", "{{", "}}"] {
                // The style sheet has square brackets and `none` nowhere either, so the whole page is searched.
                assert!(!text.contains(placeholder), "{name}: {placeholder}");
            }
        }
    }
}

#[test]
fn california_gets_the_statutes_title_and_headings_in_order() {
    for language in LANGUAGES {
        let draft = Case::derived().write("us-ca-ind", language).unwrap();
        let headings = [
            "Notice of Data Breach",
            "What Happened",
            "What Information Was Involved",
            "What We Are Doing",
            "What You Can Do",
            "For More Information",
        ];
        for text in [draft.text.as_str(), draft.html.split_once("<h1>").unwrap().1] {
            let places: Vec<usize> = headings.iter().map(|heading| text.find(heading).unwrap()).collect();
            assert!(places.is_sorted(), "{language}: {places:?}");
        }
        assert!(draft.html.contains("font: 1rem/"), "1rem is 12 points, and the law asks for 10");
        assert!(!draft.text.contains("i-0123456789abcdef0"), "customers are told no resource names");
    }
}

#[test]
fn what_is_missing_is_a_gap_and_said() {
    let draft = Case::derived().write("eu-gdpr-33-1", "en").unwrap();
    assert_eq!(draft.gaps, ["where possible: approximate number of records"]);
    assert!(draft.text.contains("Approximate number of personal data records: still being established"));
    assert!(draft.text.contains("in phases"));
    let consumer = Case::derived().write("us-ca-ind", "en").unwrap();
    assert_eq!(
        consumer.gaps,
        [
            "if possible to determine: date, estimated date, or date range of the breach; and date of the notice",
            "whether notification was delayed by law enforcement",
        ]
    );
}

#[test]
fn a_number_of_people_is_given_only_where_every_touched_store_is_in_the_inventory() {
    let mut case = Case::derived();
    case.organisation.data_inventory.clear();
    let draft = case.write("eu-gdpr-33-1", "en").unwrap();
    assert!(draft.gaps.contains(&"where possible: approximate number of data subjects".to_owned()), "{:?}", draft.gaps);
    assert!(draft.text.contains("Approximate number of data subjects: still being established"));
}

#[test]
fn a_complete_notice_has_no_gaps_and_promises_no_phases() {
    for (id, _) in NOTICES {
        assert_eq!(Case::complete().write(id, "de").unwrap().gaps, Vec::<String>::new(), "{id}");
    }
    assert!(!Case::complete().write("eu-gdpr-33-1", "en").unwrap().text.contains("in phases"));
}

#[test]
fn a_late_notice_gives_its_reasons_or_lacks_them() {
    let late = Case::complete().write("eu-gdpr-33-1", "en").unwrap();
    assert!(late.text.contains("could only be read from logs"));
    let case = Case { written_at: "2026-12-02T09:00:00Z", ..Case::derived() };
    let draft = case.write("eu-gdpr-33-1", "en").unwrap();
    assert!(draft.gaps.contains(&"if > 72 h: reasons for the delay (33(1))".to_owned()), "{:?}", draft.gaps);
    assert!(draft.text.contains("The reasons for the delay are still being established."));
}

#[test]
fn identity_services_are_a_gap_where_the_law_asks_for_them() {
    let facts = amended(&derived(), &[("data_classes", json!(["ssn"]))]);
    let draft = Case { facts, ..Case::derived() }.write("us-ca-ind", "en").unwrap();
    assert!(draft.gaps.iter().any(|gap| gap.contains("identity theft prevention")), "{:?}", draft.gaps);
    assert!(draft.text.contains("Experian, 1-888-397-3742"));
}

#[test]
fn the_attorney_general_gets_the_very_text_that_consumers_get() {
    let case = Case::complete();
    let consumer = case.write("us-ca-ind", "en").unwrap();
    let submission = case.write("us-ca-reg", "en").unwrap();
    assert!(submission.text.contains(consumer.text.trim()));
    assert!(submission.html.contains("<div class=\"sample\" lang=\"en\">"));
}

#[test]
fn a_hostile_value_stays_text() {
    let mut case = Case::complete();
    case.organisation.name = "Shop\r\nBcc: all@example.org\u{202E} <script>alert(1)</script>".to_owned();
    case.facts =
        amended(&case.facts, &[("notice.what_happened", json!("<b>x</b>\u{0007}\n\nBcc: y & z {{ organisation }}"))]);
    for (id, _) in NOTICES {
        let draft = case.write(id, "en").unwrap();
        assert!(!draft.subject.contains(|letter: char| letter.is_control()), "{:?}", draft.subject);
        assert!(!draft.subject.contains('\u{202E}'));
        assert!(!draft.text.lines().any(|line| line.starts_with("Bcc:")), "{}", draft.text);
        assert!(!draft.html.contains("<script>") && !draft.html.contains("<b>"), "{}", draft.html);
    }
    let draft = case.write("us-ca-ind", "en").unwrap();
    assert!(draft.text.contains("<b>x</b> Bcc: y & z {{ organisation }}"), "a value is never read as a template");
}

#[test]
fn whoever_wrote_words_of_the_text_is_a_drafter() {
    let draft = Case::complete().write("us-ca-ind", "en").unwrap();
    assert_eq!(draft.drafters, BTreeSet::from(["tocsin".to_owned(), COUNSEL.to_owned()]));
    assert_eq!(Case::derived().write("us-ca-ind", "en").unwrap().drafters, BTreeSet::from(["tocsin".to_owned()]));
}

#[test]
fn a_language_that_is_not_there_is_named() {
    let error = Case::derived().write("us-ca-ind", "xx").unwrap_err();
    assert_eq!(
        error.to_string(),
        "notice `ca-1798-82-consumer` is not written in `xx`: add `notices/phrases/xx.toml` and `words/xx.toml`"
    );
}

#[test]
fn every_kind_of_breach_can_be_written_about() {
    use crate::finding::Category;
    let case = Case::derived();
    for category in [Category::Unclassified, Category::Misconfiguration, Category::Ransomware, Category::Reconnaissance]
    {
        let mut incident = incident();
        incident.category = category;
        let duty = obligation(&case.facts, "eu-gdpr-33-1").unwrap();
        let draft = Draft::write(&Writing {
            obligation: &duty,
            facts: &case.facts,
            organisation: &case.organisation,
            incident: &incident,
            recipient: &case.organisation.recipients["eu-gdpr-33-1"],
            measures: &[],
            sample: None,
            version: 1,
            drafters: BTreeSet::new(),
            written_at: at(case.written_at),
        });
        let draft = draft.unwrap();
        let names_it = category == Category::Ransomware;
        assert_eq!(draft.gaps.contains(&"nature of the breach".to_owned()), !names_it, "{category:?}");
        assert!(draft.gaps.contains(&"measures taken or proposed to address the breach".to_owned()));
    }
}

#[test]
fn an_authority_with_a_form_gets_the_fields_and_what_is_missing_is_marked() {
    for (case, suffix) in [(Case::derived(), ""), (Case::complete(), ".complete")] {
        let (packet, page) = case.with("eu-gdpr-33-1", "de", Packet::write).unwrap().unwrap();
        assert_golden(&format!("packet{suffix}.html"), &page);
        let text = serde_json::to_string_pretty(&packet).unwrap() + "\n";
        assert_golden(&format!("packet{suffix}.json"), &text);
        assert_eq!(packet.missing.is_empty(), !suffix.is_empty(), "{:?}", packet.missing);
        assert_eq!(page.contains("Missing, and required"), suffix.is_empty());
    }
    assert!(Case::derived().with("us-ca-ind", "en", Packet::write).unwrap().is_none());
}

#[test]
fn counsel_fills_a_field_by_its_label() {
    let mut case = Case::complete();
    case.facts = amended(&case.facts, &[("notice.items", json!({"Cause of the breach": "A lost key\u{202E}"}))]);
    let (packet, _) = case.with("eu-gdpr-33-1", "en", Packet::write).unwrap().unwrap();
    let mut fields = packet.sections.iter().flat_map(|section| &section.fields);
    assert_eq!(fields.find(|field| field.id == "cause").unwrap().values, ["A lost key"]);
}

#[test]
fn a_rule_that_the_organisation_added_gets_the_notice_of_its_class() {
    let mut case = Case::derived();
    let row = json!({
        "id": "OWN-1", "jurisdiction": "XX", "regime": "contract", "citation": "Our contracts", "obligor": "any",
        "recipient": "customers_insurers_partners", "status": "contract",
        "trigger_all": [{"fact": "gdpr_applies", "op": "eq", "value": true}],
        "deadline": {"standard": "at once", "unit": "none", "clock": "aware", "hard": false},
        "confidence": "high", "verified": "text",
        "decided": {"by": COUNSEL, "at": "2026-11-01T00:00:00Z", "reason": "our contracts ask for it"},
    });
    case.organisation.rules.insert("obligation".to_owned(), json!([row]));
    let rules = Rules::load().unwrap().of(&case.organisation).unwrap();
    let duty = rules.assess(&case.facts).obligations.into_iter().find(|duty| duty.id == "own-1").unwrap();
    let draft = Draft::write(&Writing {
        obligation: &duty,
        facts: &case.facts,
        organisation: &case.organisation,
        incident: &incident(),
        recipient: &case.organisation.recipients["eu-gdpr-33-1"],
        measures: &[],
        sample: None,
        version: 1,
        drafters: BTreeSet::new(),
        written_at: at(case.written_at),
    });
    assert!(draft.unwrap().text.contains("Legal basis: Our contracts"));
}
