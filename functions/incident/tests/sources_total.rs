//! Translation is total: whatever comes in is read or refused, never a panic, and no refusal repeats what it refuses.
#![expect(clippy::expect_used, reason = "a fixture that is not as expected fails the test")]

use incident::sources::{Code, Unreadable, read, translate};
use incident::{Entity, Finding};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};
use std::collections::HashSet;
use std::path::Path;

/// Every fixture of every source.
fn fixtures() -> Vec<Value> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources");
    let mut fixtures = Vec::new();
    for source in std::fs::read_dir(sources).expect("there is a folder of sources").flatten() {
        // What lies there beside the sources is code.
        let Ok(entries) = std::fs::read_dir(source.path().join("fixtures")) else { continue };
        for entry in entries.flatten() {
            let text = std::fs::read_to_string(entry.path()).expect("a fixture can be read");
            fixtures.push(serde_json::from_str(&text).expect("a fixture is JSON"));
        }
    }
    fixtures
}

/// Any JSON, with strings that translation looks at more closely.
fn any_json() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![
        "\\PC{0,12}",
        Just("arn:aws:s3:::".to_owned()),
        Just("arn:aws:sts::1:assumed-role/a/i-0123456789abcdef0".to_owned()),
        Just("arn:aws:iam::1:user/".to_owned()),
        Just("A:B/C".to_owned()),
        Just("AROAX:i-0123456789abcdef0".to_owned()),
        Just("TTPs/Discovery/IAMUser-X".to_owned()),
        Just("{\"sample\":true}".to_owned()),
        Just("1e308".to_owned()),
        Just("9999-99-99T99:99:99Z".to_owned()),
    ];
    let numbers = prop_oneof![any::<i64>().prop_map(Number::from), any::<u64>().prop_map(Number::from)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        numbers.prop_map(Value::Number),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
        texts.prop_map(Value::String),
    ];
    let keys = prop_oneof![
        "[a-zA-Z_]{0,6}",
        prop::sample::select(vec![
            "detail",
            "detail-type",
            "source",
            "findings",
            "Findings",
            "Records",
            "body",
            "Message",
            "class_uid",
            "Id",
            "id",
            "type",
            "Type",
            "AwsAccountId",
            "accountId",
            "resource",
            "Resources",
            "service",
            "finding_info",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Every place of a document, as JSON pointers.
fn places(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, inner) in members {
                places(inner, format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, format!("{place}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(place);
}

fn check_finding(finding: &Finding) -> Result<(), TestCaseError> {
    prop_assert!(!finding.id.is_empty() && !finding.account.is_empty() && !finding.kind.is_empty());
    prop_assert!(finding.severity.score <= 100);
    let named: HashSet<_> = finding.entities.iter().map(|Entity { kind, id, .. }| (kind, id)).collect();
    prop_assert_eq!(named.len(), finding.entities.len());
    prop_assert!(finding.entities.iter().all(|entity| !entity.id.is_empty()));
    Ok(())
}

fn check_refusal(refusal: &Unreadable) -> Result<(), TestCaseError> {
    prop_assert!(Code::ALL.iter().any(|code| code.as_str() == refusal.code));
    prop_assert!(refusal.path.starts_with('$'));
    Ok(())
}

fn check(document: &Value) -> Result<Vec<Unreadable>, TestCaseError> {
    let mut refusals = Vec::new();
    for finding in translate(document).unwrap_or_else(|refusal| vec![Err(refusal)]) {
        match finding {
            Ok(finding) => check_finding(&finding)?,
            Err(refusal) => {
                check_refusal(&refusal)?;
                refusals.push(refusal);
            }
        }
    }
    Ok(refusals)
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(document in any_json()) {
        check(&document)?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refusal) = read(&text) {
            check_refusal(&refusal)?;
        }
    }

    #[test]
    fn a_damaged_finding_is_read_or_refused(
        fixture in prop::sample::select(fixtures()),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let mut document = fixture;
        for (place, damage) in damages {
            let mut found = Vec::new();
            places(&document, String::new(), &mut found);
            if let Some(value) = document.pointer_mut(place.get::<String>(&found)) {
                *value = damage;
            }
        }
        check(&document)?;
    }

    #[test]
    fn a_refusal_never_repeats_a_value(
        fixture in prop::sample::select(fixtures()),
        place in any::<prop::sample::Index>(),
    ) {
        let secret = "Ada-Example-3f9a";
        for damage in [json!({"name": secret}), json!([secret]), json!(format!("{{\"{secret}"))] {
            let mut document = fixture.clone();
            let mut found = Vec::new();
            places(&document, String::new(), &mut found);
            if let Some(value) = document.pointer_mut(place.get::<String>(&found)) {
                *value = damage;
            }
            for refusal in check(&document)? {
                prop_assert!(!format!("{refusal}{}", refusal.path).contains(secret), "{refusal}");
            }
        }
    }
}

#[test]
fn members_of_other_case_read_the_same() {
    // OCSF has no such second form, and among the results of an insight the names of members are data.
    let has_other =
        |fixture: &&Value| !["class_uid", "insightResults"].iter().any(|it| fixture.to_string().contains(it));
    for fixture in fixtures().iter().filter(has_other) {
        let within = |detail: &Value| match fixture.get("detail") {
            Some(_) => {
                let mut event = fixture.clone();
                event["detail"] = detail.clone();
                event
            }
            None => detail.clone(),
        };
        let detail = fixture.get("detail").unwrap_or(fixture);
        let read = |document: &Value| -> Vec<Finding> {
            let mut findings: Vec<_> = translate(document)
                .expect("a fixture is read")
                .into_iter()
                .map(|each| each.expect("so is each"))
                .collect();
            findings.iter_mut().for_each(|finding| finding.entities.sort());
            findings
        };
        assert_eq!(read(&within(&capitalised(detail))), read(&within(detail)));
    }
}

/// Every member name with a capital first letter, as APIs write what events write with a small one.
fn capitalised(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, inner)| {
                    let mut letters = key.chars();
                    let first = letters.next().map(|first| first.to_ascii_uppercase());
                    (first.into_iter().chain(letters).collect(), capitalised(inner))
                })
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(capitalised).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
