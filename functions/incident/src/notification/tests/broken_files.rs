//! A broken data file fails by file and name.

use super::rules;
use crate::notification::notices::{self, Notices};
use crate::notification::rules::FILES;
use crate::notification::{RuleError, Rules};

/// The refusal of the rules with `from` replaced by `to` in one file of `obligations/`.
fn refused(file: &str, from: &str, to: &str) -> RuleError {
    let mut files: Vec<(&str, String)> = FILES.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let (_, text) = files.iter_mut().find(|(name, _)| *name == file).unwrap();
    assert!(text.contains(from), "`{file}` has no `{from}`");
    *text = text.replacen(from, to, 1);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Rules::parse(&files, Notices::load().unwrap()).unwrap_err()
}

/// The refusal of the notices with one file changed; `None` takes the file away.
fn refused_notice(file: &str, change: impl Fn(&str) -> Option<String>) -> RuleError {
    let mut files = Vec::new();
    for (name, text) in notices::FILES {
        if *name == file {
            let changed = change(text);
            assert_ne!(changed.as_deref(), Some(*text), "`{file}` did not change");
            files.extend(changed.map(|text| (*name, text)));
        } else {
            files.push((*name, (*text).to_owned()));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let rules = Notices::parse(&files).and_then(|notices| rules().with_notices(notices));
    rules.and_then(|rules| rules.check_texts()).unwrap_err()
}

#[test]
fn every_embedded_file_is_sound() {
    assert_eq!(rules().iter().count(), 291, "280 researched rules, and 11 that the research found missing");
    assert_eq!(rules().check_texts(), Ok(()));
    assert!(Rules::parse(FILES, Notices::load().unwrap()).is_ok());
    for rule in rules().iter().filter(|rule| !rule.is_verified()) {
        assert!(rule.notes.is_some() || rule.confidence != "high", "{} does not say what is open", rule.id);
    }
    for rule in rules().iter().filter(|rule| rule.confidence == "low") {
        assert!(rule.notes.is_some(), "{} does not say what is open", rule.id);
    }
}

#[test]
fn a_fault_in_a_rule_is_named() {
    for (file, from, to, place, problem) in [
        ("eu-gdpr.toml", "fact = \"gdpr_applies\"", "fact = \"gdpr_aplies\"", "EU-GDPR-33-1", "no fact `gdpr_aplies`"),
        (
            "eu-gdpr.toml",
            "op = \"eq\", value = \"unlikely\"",
            "op = \"equals\", value = \"unlikely\"",
            "EU-GDPR-33-1",
            "`equals`",
        ),
        (
            "eu-gdpr.toml",
            "value = \"unlikely\"",
            "value = \"unlikly\"",
            "EU-GDPR-33-1",
            "`risk_level` cannot be compared",
        ),
        ("eu-gdpr.toml", "clock = \"aware\"", "clock = \"awareness\"", "EU-GDPR-33-1", "no clock `awareness`"),
        ("eu-gdpr.toml", "calendar = \"EU-1182-71-HOURS\"", "calendar = \"EU\"", "EU-GDPR-33-1", "no calendar `EU`"),
        ("eu-gdpr.toml", "unit = \"hours\", value = 72", "unit = \"hours\"", "EU-GDPR-33-1", "needs a `value`"),
        ("eu-gdpr.toml", "unit = \"hours\"", "unit = \"hours_or_so\"", "EU-GDPR-33-1", "`hours_or_so`"),
        ("eu-gdpr.toml", "\nchecklist = \"EU-GDPR-33-3\"", "\nchecklist = \"X\"", "EU-GDPR-33-1", "no checklist `X`"),
        ("eu-gdpr.toml", "\"gdpr-art33-authority\"", "\"gdpr-art-33\"", "EU-GDPR-33-1", "no notice `gdpr-art-33`"),
        (
            "calendars.toml",
            "counting = \"whole-hours\"",
            "counting = \"half-hours\"",
            "EU-1182-71-HOURS",
            "`half-hours`",
        ),
        (
            "us-ca.toml",
            "op = \"ge\", value = 1",
            "op = \"ge\", value = \"1\"",
            "US-CA-IND",
            "`affected.US-CA` cannot be compared",
        ),
        ("us-ca.toml", "fact = \"affected.US-CA\"", "fact = \"affected.USCA\"", "US-CA-IND", "no fact `affected.USCA`"),
        ("us-ca.toml", "profile = \"US-CA\"", "profile = \"US-XX\"", "US-CA-IND", "no profile `US-XX`"),
        ("us-ca.toml", "effective_from = ", "efective_from = ", "US-CA", "`efective_from`"),
        ("us-ca.toml", "status = \"in_force\"", "status = \"in_froce\"", "US-CA", "`in_froce`"),
        ("us-ca.toml", "id = \"US-CA-REG\"", "id = \"US-CA-IND\"", "US-CA-IND", "defined twice"),
        ("us-ca.toml", "America/Los_Angeles", "America/Hollywood", "US-CA", "no time zone `America/Hollywood`"),
        ("us-ca.toml", "\"ca-1798-82-consumer\"", "\"gdpr-art33-authority\"", "US-CA-IND", "not the rule's"),
        ("vocabulary.toml", "type = \"bool\"", "type = \"boolean\"", "personal_data_breach", "`boolean`"),
    ] {
        let error = refused(file, from, to);
        assert_eq!(error.file, format!("obligations/{file}"), "{to}: {error}");
        assert!(error.place.contains(place), "{to}: {error}");
        assert!(error.problem.contains(problem), "{to}: {error}");
    }
}

#[test]
fn a_rule_with_a_field_that_the_engine_cannot_weigh_is_refused() {
    for (from, to, problem) in [
        ("hard = true", "hard = true, grace_days = 3", "unknown field `grace_days`"),
        ("hard = true", "hard = true, alt = [{ value = 24 }]", "missing field `when`"),
        ("hard = true", "hard = true, combine = \"max\"", "unknown variant `max`"),
        ("hard = true", "hard = true, combine = \"min\"", "`limits` and `combine` go together"),
        ("fan_out = \"affected_eea_member_states\"", "fan_out = \"all_states\"", "unknown variant `all_states`"),
        ("status = \"in_force\"", "status = \"in_force\"\nsupersedes = [\"EU-GDPR-33-9\"]", "is no other rule"),
        (
            "status = \"in_force\"",
            "status = \"in_force\"\napplication_from = { annex_x = 2030-01-01 }",
            "which `ai.annex` cannot be",
        ),
        ("confidence = \"high\"", "confidence = \"sure\"", "which is none of high, medium, low"),
        ("verified = \"text\"", "verified = \"yes\"", "which is none of text, secondary, memory"),
        ("fact = \"submitted.EU-GDPR-33-1\"", "fact = \"submitted.EU-GDPR-33\"", "there is no rule `EU-GDPR-33`"),
        ("effective_from = 2018-05-25", "effective_from = \"in May\"", "`effective_from`"),
    ] {
        let error = refused("eu-gdpr.toml", from, to);
        assert!(error.problem.contains(problem), "{to}: {error}");
        assert!(error.place.starts_with("rule `EU-GDPR-3"), "{to}: {error}");
    }
    let error = refused("eu-nis2.toml", "derives = \"nis2_significant_incident\"", "derives = \"nis2_incident\"");
    assert!(error.problem.contains("no fact `nis2_incident`") && error.place.starts_with("threshold"), "{error}");
    let error = refused("eu-gdpr.toml", "[[watch]]", "[[watched]]");
    assert!(error.problem.contains("no kind of row `watched`"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    for file in [
        "words/de.toml",
        "phrases/pl.toml",
        "generic-people/notice.toml",
        "items.toml",
        "recipients.toml",
        "consequences.toml",
    ] {
        let error = refused_notice(file, |_| None);
        assert_eq!((error.file, error.problem), (format!("notices/{file}"), "is missing".to_owned()));
    }
    let error = refused_notice("parts/hold.j2", |_| None);
    assert!(error.problem.contains("parts/hold.j2"), "{error}");
    let error = refused_notice("generic-people/notice.j2", |_| None);
    assert_eq!((error.file.as_str(), error.place.as_str()), ("notices/recipients.toml", "notice.generic-people"));
}

#[test]
fn an_unknown_variable_is_named() {
    let file = "gdpr-art33-authority/notice.j2";
    let error = refused_notice(file, |text| Some(format!("{text}\n{{{{ organisation.nmae }}}}")));
    assert_eq!(
        (error.file.as_str(), error.problem.as_str()),
        ("notices/gdpr-art33-authority/notice.j2", "there is no variable `organisation.nmae`")
    );
    let error = refused_notice(file, |text| Some(text.replace("say.a33_title", "say.a33_tilte")));
    assert_eq!(error.problem, "there is no variable `say.a33_tilte`");
    // Hidden in a branch and a loop, where the list of variables cannot see it.
    let file = "parts/answers.j2";
    let error = refused_notice(file, |text| Some(text.replace("answer.item", "answer.itme|upper")));
    assert_eq!(error.file, "notices/parts/answers.j2");
    assert!(error.place.starts_with("line "), "{error}");
    let error = refused_notice(file, |text| Some(text.replace("{% endif %}", "{% fi %}")));
    assert!(error.place.starts_with("line "), "{error}");
}

#[test]
fn a_phrase_says_in_every_language_the_same_values() {
    let error = refused_notice("phrases/de.toml", |text| Some(text.replace("am {day} benach", "benach")));
    assert_eq!(
        (error.file.as_str(), error.problem.as_str()),
        ("notices/phrases/de.toml", "does not say what the other languages say")
    );
    let error = refused_notice("parts/dates.j2", |text| Some(text.replace("time=aware.full", "tmie=aware.full")));
    assert!(error.problem.contains("{tmie}"), "{error}");
}

#[test]
fn it_is_said_what_answers_every_item() {
    let error = refused_notice("items.toml", |text| Some(text.replace("    \"likely consequences\",\n", "")));
    assert_eq!(
        (error.file.as_str(), error.problem.as_str()),
        ("notices/items.toml", "`likely consequences` is nowhere")
    );
    let error = refused_notice("items.toml", |text| Some(text.replace("needs = \"records\"", "needs = \"record\"")));
    assert!(error.problem.contains("`record`"), "{error}");
    let error = refused_notice("recipients.toml", |text| Some(text.replace("    \"residents\",\n", "")));
    assert_eq!((error.file.as_str(), error.problem.as_str()), ("notices/recipients.toml", "`residents` is nowhere"));
}

#[test]
fn languages_have_the_same_words() {
    for (from, to, problem) in [
        ("passport = ", "passeport = ", "`passport` is missing"),
        ("lock-bucket = ", "# ", "`lock-bucket` is missing"),
        ("\"Dezember\"]", "]", "there must be 12"),
        ("malware = ", "# ", "`Malware` is missing"),
        ("SK = ", "# ", "`SK` is missing"),
    ] {
        let error = refused_notice("words/de.toml", |text| Some(text.replacen(from, to, 1)));
        assert_eq!((error.file.as_str(), error.problem.as_str()), ("notices/words/de.toml", problem));
    }
}
