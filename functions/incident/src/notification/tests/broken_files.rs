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
    let rules = Notices::parse(&files).and_then(|notices| Rules::parse(FILES, notices));
    rules.and_then(|rules| rules.check_texts()).unwrap_err()
}

#[test]
fn every_embedded_file_is_sound() {
    assert_eq!(rules().iter().count(), 3);
    assert_eq!(rules().check_texts(), Ok(()));
    for rule in rules().iter() {
        assert!(rule.source_url.is_some(), "{} has no source", rule.id);
        assert!(rule.effective_from.is_some(), "{} has no first day", rule.id);
        assert!(
            rule.checklist.as_ref().is_some_and(|id| rules().checklist(id).is_some()),
            "{} has no checklist",
            rule.id
        );
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
            "text",
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
        ("eu-gdpr.toml", "unit = \"hours\"", "unit = \"hours_or_so\"", "text", "`hours_or_so`"),
        ("eu-gdpr.toml", "\nchecklist = \"EU-GDPR-33-3\"", "\nchecklist = \"X\"", "EU-GDPR-33-1", "no checklist `X`"),
        ("eu-gdpr.toml", "\"gdpr-art33-authority\"", "\"gdpr-art-33\"", "EU-GDPR-33-1", "no notice `gdpr-art-33`"),
        ("calendars.toml", "counting = \"whole-hours\"", "counting = \"half-hours\"", "text", "`half-hours`"),
        (
            "us-ca.toml",
            "op = \"ge\", value = 1",
            "op = \"ge\", value = \"1\"",
            "US-CA-IND",
            "`affected.US-CA` cannot be compared",
        ),
        ("us-ca.toml", "fact = \"affected.US-CA\"", "fact = \"affected.USCA\"", "US-CA-IND", "no fact `affected.USCA`"),
        ("us-ca.toml", "profile = \"US-CA\"", "profile = \"US-XX\"", "US-CA-IND", "no profile `US-XX`"),
        ("us-ca.toml", "effective_from = ", "efective_from = ", "text", "`efective_from`"),
        ("us-ca.toml", "status = \"in_force\"", "status = \"in_froce\"", "text", "`in_froce`"),
        ("us-ca.toml", "id = \"US-CA-REG\"", "id = \"US-CA-IND\"", "US-CA-IND", "defined twice"),
        ("us-ca.toml", "America/Los_Angeles", "America/Hollywood", "US-CA", "no time zone `America/Hollywood`"),
        ("us-ca.toml", "\"ca-1798-82-consumer\"", "\"gdpr-art33-authority\"", "US-CA-IND", "not the rule's"),
        ("vocabulary.toml", "type = \"bool\"", "type = \"boolean\"", "text", "`boolean`"),
    ] {
        let error = refused(file, from, to);
        assert_eq!(error.file, format!("obligations/{file}"), "{to}: {error}");
        assert!(error.place.contains(place), "{to}: {error}");
        assert!(error.problem.contains(problem), "{to}: {error}");
    }
}

#[test]
fn a_rule_with_a_field_that_the_engine_cannot_weigh_is_refused() {
    let error = refused("eu-gdpr.toml", "hard = true", "hard = true, weekend = \"roll\"");
    assert!(error.problem.contains("`weekend`"), "{error}");
}

#[test]
fn a_missing_template_is_named() {
    for file in ["gdpr-art33-authority/de.html.j2", "ca-1798-82-consumer/en.txt.j2"] {
        let error = refused_notice(file, |_| None);
        assert_eq!((error.file, error.problem), (format!("notices/{file}"), "is missing".to_owned()));
    }
    let error = refused_notice("gdpr-art33-authority/notice.toml", |_| None);
    assert!(error.problem.contains("gdpr-art33-authority"), "{error}");
    let error = refused_notice("words/de.toml", |_| None);
    assert_eq!(error.file, "notices/words/de.toml");
}

#[test]
fn an_unknown_variable_is_named() {
    let file = "gdpr-art33-authority/en.txt.j2";
    let error = refused_notice(file, |text| Some(format!("{text}\n{{{{ organisation.nmae }}}}")));
    assert_eq!(
        (error.file.as_str(), error.problem.as_str()),
        ("notices/gdpr-art33-authority/en.txt.j2", "there is no variable `organisation.nmae`")
    );
    // Hidden in a branch and a loop, where the list of variables cannot see it.
    let error = refused_notice(file, |text| Some(text.replace("{{ part.place }}", "{{ part.plaice }}")));
    assert_eq!(error.file, "notices/gdpr-art33-authority/en.txt.j2");
    assert!(error.place.starts_with("line "), "{error}");
    let error = refused_notice(file, |text| Some(text.replace("{% endif %}", "{% fi %}")));
    assert!(error.place.starts_with("line "), "{error}");
}

#[test]
fn a_notice_fills_exactly_its_checklist() {
    let file = "gdpr-art33-authority/notice.toml";
    let error = refused_notice(file, |text| Some(text.replace("likely consequences", "consequences")));
    assert!(error.problem.contains("EU-GDPR-33-3"), "{error}");
    let error = refused_notice(file, |text| Some(text.replace("needs = \"records\"", "needs = \"record\"")));
    assert!(error.problem.contains("`record`"), "{error}");
}

#[test]
fn languages_have_the_same_words() {
    for (from, to, problem) in [
        ("passport = {", "passeport = {", "`passport` is missing"),
        ("lock-bucket = ", "# ", "`lock-bucket` is missing"),
        ("\"Dezember\"]", "]", "there must be 12"),
        ("malware = ", "# ", "`Malware` is missing"),
        ("SK = ", "# ", "`SK` is missing"),
    ] {
        let error = refused_notice("words/de.toml", |text| Some(text.replacen(from, to, 1)));
        assert_eq!((error.file.as_str(), error.problem.as_str()), ("notices/words/de.toml", problem));
    }
}
