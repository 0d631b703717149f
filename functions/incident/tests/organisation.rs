//! The settings that people start from can be used.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use incident::Organisation;
use incident::notification::Rules;

#[test]
fn the_example_fits_the_rules_and_turns_on_every_notice() {
    let example: Organisation = serde_json::from_str(include_str!("../../../infra/organisation.example.json")).unwrap();
    let rules = Rules::load().unwrap();
    assert_eq!(rules.check_settings(&example), []);
    let notices = rules.iter().filter(|rule| rule.notice.is_some()).count();
    assert_eq!(example.recipients.len(), notices);
}

#[test]
fn a_misspelt_field_is_named() {
    let text = include_str!("../../../infra/organisation.example.json").replace("\"address\"", "\"adress\"");
    let error = serde_json::from_str::<Organisation>(&text).unwrap_err().to_string();
    assert!(error.contains("adress"), "{error}");
}
