//! Laws of suppression: what a rule does not describe is acted on, and a document that cannot be trusted suppresses nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use incident::Failure;
use incident::fault::Fault;
use incident::finding::{Category, Entity, EntityKind, Finding, Severity};
use incident::ports::Settings;
use incident::scope::{Loaded, PATH, SIGNATURE_PATH, Scope, Verdict, load, trust};
use incident::signed::{SignatureError, Why};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const DOCUMENT: &[u8] = include_bytes!("signed/document.json");
const SIGNATURE: &[u8] = include_bytes!("signed/document.json.sig");
const PUBLIC_KEY: &str = include_str!("signed/public.pem");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

fn entity(kind: EntityKind, id: &str) -> Entity {
    Entity { kind, id: id.to_owned(), arn: None }
}

fn finding(addresses: &[&str]) -> Finding {
    let mut entities = vec![
        Entity {
            arn: Some("arn:aws:ec2:eu-central-1:111122223333:instance/i-0aa".to_owned()),
            ..entity(EntityKind::Instance, "i-0aa")
        },
        entity(EntityKind::Role, "checkout"),
    ];
    entities.extend(addresses.iter().map(|address| entity(EntityKind::Address, address)));
    Finding {
        id: "f-1".to_owned(),
        source: "guardduty".to_owned(),
        format: "guardduty".to_owned(),
        kind: "Recon:EC2/Portscan".to_owned(),
        title: "A port scan".to_owned(),
        severity: Severity::of(50),
        confidence: 90,
        account: "111122223333".to_owned(),
        region: Some("eu-central-1".to_owned()),
        first_seen: None,
        last_seen: None,
        updated_at: None,
        sample: false,
        archived: false,
        entities,
        category: Category::Reconnaissance,
    }
}

fn document(members: Value) -> Value {
    let mut document = json!({
        "format": "tocsin-scope/1", "issued_at": "2026-01-01T00:00:00Z", "valid_until": "2026-12-31T00:00:00Z",
    });
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    document
}

fn read(document: &Value) -> Result<Scope, String> {
    Scope::read(document.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn scope(members: Value) -> Scope {
    read(&document(members)).unwrap()
}

/// A scope of one rule with these conditions.
fn with_rule(conditions: Value) -> Value {
    let mut rule = json!({"id": "known", "reason": "we know it"});
    rule.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
    json!({"rules": [rule]})
}

/// The rule that suppresses the finding.
fn rule(scope: &Scope, finding: &Finding) -> Option<String> {
    match scope.decide(finding, now()) {
        Verdict::Act => None,
        Verdict::Suppressed(suppression) => Some(suppression.rule),
    }
}

#[test]
fn without_a_document_only_the_built_in_rules_suppress_in_their_order() {
    let mut finding = Finding { format: "unclassified".to_owned(), ..finding(&[]) };
    assert_eq!(rule(&Scope::none(), &finding).as_deref(), Some("unclassified"));
    finding.category = Category::Misconfiguration;
    assert_eq!(rule(&Scope::none(), &finding).as_deref(), Some("posture"));
    finding.archived = true;
    assert_eq!(rule(&Scope::none(), &finding).as_deref(), Some("archived"));
    finding.sample = true;
    assert_eq!(rule(&Scope::none(), &finding).as_deref(), Some("sample"));
    assert_eq!(rule(&scope(json!({"accounts": ["444455556666"]})), &finding).as_deref(), Some("sample"));
    assert_eq!(Scope::none().decide(&self::finding(&["203.0.113.7"]), now()), Verdict::Act);
}

#[test]
fn accounts_then_regions_then_rules_in_their_order() {
    let rules = json!([
        {"id": "first", "reason": "one", "sources": ["guardduty"]},
        {"id": "second", "reason": "two", "types": ["Recon:*"]},
    ]);
    let decided = |accounts: Value, regions: Value| {
        rule(&scope(json!({"accounts": accounts, "regions": regions, "rules": rules})), &finding(&[]))
    };
    assert_eq!(decided(json!(["444455556666"]), json!(["us-east-1"])).as_deref(), Some("scope.accounts"));
    assert_eq!(decided(json!(["111122223333"]), json!(["us-east-1"])).as_deref(), Some("scope.regions"));
    assert_eq!(decided(json!([]), json!(["eu-central-1"])).as_deref(), Some("first"));
    let global = Finding { region: None, ..finding(&[]) };
    assert_eq!(scope(json!({"regions": ["us-east-1"]})).decide(&global, now()), Verdict::Act);
}

#[test]
fn a_rule_suppresses_what_it_describes_and_records_its_reason() {
    let holding = [
        json!({"accounts": ["444455556666", "111122223333"]}),
        json!({"regions": ["eu-central-1"]}),
        json!({"sources": ["guardduty"]}),
        json!({"types": ["Recon:EC2/Portscan"]}),
        json!({"types": ["Impact:*", "Recon:EC2/*"]}),
        json!({"addresses": ["203.0.113.0/28"]}),
        json!({"entities": ["i-0aa"]}),
        json!({"entities": ["arn:aws:ec2:eu-central-1:111122223333:instance/i-0aa"]}),
        json!({"markers": ["port scan"], "until": "2026-06-02T00:00:00Z"}),
        json!({"markers": ["checkout"], "until": "2026-06-02T00:00:00Z"}),
        json!({"sources": ["guardduty"], "severity_below": 51}),
    ];
    for conditions in holding {
        let Verdict::Suppressed(suppression) =
            scope(with_rule(conditions.clone())).decide(&finding(&["203.0.113.7"]), now())
        else {
            panic!("{conditions}");
        };
        assert_eq!((suppression.rule.as_str(), suppression.reason.as_str()), ("known", "we know it"));
    }
}

#[test]
fn one_condition_that_does_not_hold_is_enough_to_act() {
    let failing = [
        json!({"accounts": ["444455556666"]}),
        json!({"regions": ["us-east-1"]}),
        json!({"sources": ["macie"]}),
        json!({"types": ["Recon:EC2/Port"]}),
        json!({"types": ["recon:*"]}),
        json!({"addresses": ["203.0.113.16/28"]}),
        json!({"entities": ["i-0a"]}),
        json!({"markers": ["red-team-2026"], "until": "2026-06-02T00:00:00Z"}),
        json!({"until": "2026-06-01T12:00:00Z", "sources": ["guardduty"]}),
        json!({"sources": ["guardduty"], "severity_below": 50}),
    ];
    let holding = json!({"accounts": ["111122223333"], "types": ["Recon:*"]});
    for conditions in failing {
        let mut both = holding.clone();
        both.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
        for rule in [conditions, both] {
            assert_eq!(
                scope(with_rule(rule.clone())).decide(&finding(&["203.0.113.7"]), now()),
                Verdict::Act,
                "{rule}"
            );
        }
    }
}

#[test]
fn a_scanner_is_known_only_where_every_address_is_one_of_it() {
    let scope = scope(with_rule(json!({"addresses": ["203.0.113.0/28", "10.0.0.0/8", "2001:db8:1::/48"]})));
    let table: [(&[&str], bool); 9] = [
        (&["203.0.113.7"], true),
        (&["203.0.113.7", "203.0.113.8", "2001:db8:1::7"], true),
        (&["203.0.113.7", "10.1.2.3"], true),
        (&["::ffff:203.0.113.7"], true),
        (&["203.0.113.7", "198.51.100.7"], false),
        (&["203.0.113.7", "192.168.1.1"], false),
        (&["203.0.113.7", "no address"], false),
        (&["10.1.2.3"], false),
        (&[], false),
    ];
    for (addresses, is_known) in table {
        assert_eq!(rule(&scope, &finding(addresses)).is_some(), is_known, "{addresses:?}");
    }
}

#[test]
fn a_scope_that_is_kept_ends_on_time() {
    let scope = scope(json!({"accounts": ["444455556666"], "shared_addresses": ["198.51.100.7"]}));
    let egress = entity(EntityKind::Address, "198.51.100.7");
    for (time, counts) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-12-31T00:00:00Z", true),
        ("2026-12-31T00:00:01Z", false),
    ] {
        assert_eq!(scope.decide(&finding(&[]), at(time)) != Verdict::Act, counts, "{time}");
        assert_eq!(scope.is_shared(&egress, at(time)), counts, "{time}");
    }
    assert!(!scope.is_shared(&entity(EntityKind::Address, "198.51.100.8"), now()));
    assert!(!scope.is_shared(&entity(EntityKind::Domain, "198.51.100.7"), now()));
}

#[test]
fn a_refusal_names_the_field_and_no_value() {
    let rules = |conditions: Value| document(with_rule(conditions));
    let table = [
        (json!({"format": "tocsin-scope/1"}), "the document", "missing field `issued_at`"),
        (document(json!({"format": "secret/2"})), "format", "is not `tocsin-scope/1`"),
        (document(json!({"issued_at": "secret"})), "issued_at", "is not a time"),
        (document(json!({"valid_until": "2026-01-01T00:00:00Z"})), "valid_until", "is not after `issued_at`"),
        (document(json!({"valid_until": "2027-02-06T00:00:00Z"})), "valid_until", "more than 400 days"),
        (document(json!({"colour": "secret"})), "colour", "is no field"),
        (document(json!({"accounts": "secret"})), "accounts", "expected a sequence"),
        (document(json!({"accounts": ["111122223333", "secret"]})), "accounts[1]", "12 digits"),
        (document(json!({"regions": ["eu-central1"]})), "regions[0]", "is not a region"),
        (document(json!({"shared_addresses": ["203.0.113.7/24"]})), "shared_addresses[0]", "bits of a host"),
        (document(json!({"shared_addresses": ["secret"]})), "shared_addresses[0]", "CIDR"),
        (rules(json!({"colour": "secret"})), "rules[0].colour", "is no field"),
        (rules(json!({})), "rules[0]", "needs a condition"),
        (rules(json!({"severity_below": 40})), "rules[0]", "needs a condition"),
        (rules(json!({"until": "2026-06-02T00:00:00Z"})), "rules[0]", "needs a condition"),
        (rules(json!({"accounts": []})), "rules[0].accounts", "is empty"),
        (rules(json!({"accounts": null, "types": ["Recon:*"]})), "rules[0].accounts", "expected a sequence"),
        (rules(json!({"types": ["*"]})), "rules[0].types[0]", "every type"),
        (rules(json!({"types": ["Recon:*", "Recon:*/Portscan"]})), "rules[0].types[1]", "not at its end"),
        (rules(json!({"addresses": ["0.0.0.0/0"]})), "rules[0].addresses[0]", "is wider"),
        (rules(json!({"addresses": ["2000::/16"]})), "rules[0].addresses[0]", "is wider"),
        (rules(json!({"entities": ["203.0.113.7"]})), "rules[0].entities[0]", "belongs into `addresses`"),
        (rules(json!({"markers": ["red-team-2026"]})), "rules[0].until", "must end"),
        (rules(json!({"markers": ["a"], "until": "2026-06-02T00:00:00Z"})), "rules[0].markers[0]", "8 characters"),
        (rules(json!({"severity_below": "secret"})), "rules[0].severity_below", "expected u8"),
        (rules(json!({"severity_below": 101, "types": ["a"]})), "rules[0].severity_below", "from 1 to 100"),
        (rules(json!({"until": "2025-06-02T00:00:00Z", "types": ["a"]})), "rules[0].until", "is not after"),
        (rules(json!({"id": "Secret Rule", "types": ["a"]})), "rules[0].id", "lower-case"),
        (rules(json!({"id": "sample", "types": ["a"]})), "rules[0].id", "built-in"),
        (rules(json!({"id": "scope.accounts", "types": ["a"]})), "rules[0].id", "lower-case"),
        (rules(json!({"reason": " ", "types": ["a"]})), "rules[0].reason", "one line"),
        (
            document(json!({"rules": [
                {"id": "a", "reason": "b", "types": ["c"]}, {"id": "a", "reason": "b", "types": ["c"]},
            ]})),
            "rules[1].id",
            "an earlier rule",
        ),
    ];
    for (document, field, problem) in table {
        let refusal = read(&document).unwrap_err();
        assert!(refusal.starts_with(&format!("`{field}` ")) && refusal.contains(problem), "{refusal}");
        assert!(!refusal.to_lowercase().contains("secret"), "{refusal}");
    }
    for text in ["", "{", "{} {}", "nul", "\u{feff}{}"] {
        assert!(Scope::read(text.as_bytes()).is_err(), "{text}");
    }
}

/// Settings with a document and a signature, or what it says about them.
struct Files(Option<Vec<u8>>, Option<Vec<u8>>, Option<Fault>);

impl Settings for Files {
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Self(document, signature, fault) = self;
        match (fault, path) {
            (Some(fault), _) => Err(Failure::new(*fault, "the bucket did not answer")),
            (None, PATH) => Ok(document.clone()),
            (None, SIGNATURE_PATH) => Ok(signature.clone()),
            (None, other) => panic!("{other}"),
        }
    }
}

fn loaded(files: &Files, key: &str, now: Timestamp) -> Result<Loaded, Failure> {
    let mut future = Box::pin(load(files, key, now));
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(loaded) => loaded,
        std::task::Poll::Pending => panic!("the bucket of this test answers at once"),
    }
}

#[test]
fn a_document_that_cannot_be_trusted_suppresses_nothing() {
    let files = |document: &[u8], signature: &[u8]| Files(Some(document.to_vec()), Some(signature.to_vec()), None);
    let distrust = |files: &Files, key: &str, now: Timestamp| {
        let loaded = loaded(files, key, now).unwrap();
        assert_eq!(loaded.scope, Scope::none());
        loaded.distrust.map(|distrust| distrust.why)
    };
    let changed = [DOCUMENT, b" "].concat();
    let unsigned = Files(Some(DOCUMENT.to_vec()), None, None);
    let signature = |error: SignatureError| Some(Why::Signature(error));
    let good = files(DOCUMENT, SIGNATURE);
    assert_eq!(distrust(&files(&changed, SIGNATURE), PUBLIC_KEY, now()), signature(SignatureError::Mismatch));
    assert_eq!(distrust(&files(DOCUMENT, b"none"), PUBLIC_KEY, now()), signature(SignatureError::Form));
    assert_eq!(distrust(&good, "no key", now()), signature(SignatureError::Key));
    assert_eq!(distrust(&unsigned, PUBLIC_KEY, now()), Some(Why::Unsigned));
    assert_eq!(distrust(&Files(None, None, Some(Fault::NeedsOperator)), PUBLIC_KEY, now()), Some(Why::Unreadable));
    let (begin, end) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    assert_eq!(distrust(&good, PUBLIC_KEY, at("2025-12-31T00:00:00Z")), Some(Why::NotYetValid(begin)));
    assert_eq!(distrust(&good, PUBLIC_KEY, at("2027-01-01T00:00:00Z")), Some(Why::Expired(end)));

    assert_eq!(distrust(&Files(None, None, None), PUBLIC_KEY, now()), None);
    assert_eq!(distrust(&good, " ", now()), None);
    assert!(loaded(&Files(None, None, Some(Fault::Transient)), PUBLIC_KEY, now()).is_err());
}

#[test]
fn a_signed_document_counts() {
    let files = Files(Some(DOCUMENT.to_vec()), Some(SIGNATURE.to_vec()), None);
    let loaded = loaded(&files, PUBLIC_KEY, now()).unwrap();
    assert_eq!(loaded.distrust, None);
    assert_eq!(rule(&loaded.scope, &finding(&["203.0.113.7"])).as_deref(), Some("weekly-scan"));
    assert_eq!(rule(&loaded.scope, &finding(&["198.51.100.7"])), None);
    assert_eq!(trust(DOCUMENT, SIGNATURE, PUBLIC_KEY, now()), Ok(loaded.scope));
}

fn text(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

prop_compose! {
    fn any_finding()(
        account in text(&["111122223333", "444455556666"]),
        region in prop::option::of(text(&["eu-central-1", "us-east-1"])),
        source in text(&["guardduty", "macie"]),
        kind in text(&["Recon:EC2/Portscan", "Impact:EC2/PortSweep", "Recon:EC2"]),
        addresses in prop::collection::vec(text(&["203.0.113.7", "198.51.100.7", "10.0.0.1", "-"]), 0..4),
        score in 0..=100u8,
    ) -> Finding {
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        Finding { account, region, source, kind, severity: Severity::of(score), ..finding(&addresses) }
    }
}

proptest! {
    // Each condition read by a second, slower mind: a rule suppresses exactly what fulfils all of them.
    #[test]
    fn a_rule_suppresses_nothing_outside_its_conditions(
        finding in any_finding(),
        account in prop::option::of(Just("111122223333")),
        region in prop::option::of(Just("eu-central-1")),
        kind in prop::option::of(Just("Recon:EC2/*")),
        network in prop::option::of(Just("203.0.113.0/24")),
        severity_below in prop::option::of(1..=100u8),
        until in prop::option::of(prop::sample::select(vec!["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"])),
    ) {
        let mut conditions = json!({"sources": ["guardduty"]});
        let listed = [("accounts", account), ("regions", region), ("types", kind), ("addresses", network)];
        for (name, value) in listed {
            conditions.as_object_mut().unwrap().extend(value.map(|value| (name.to_owned(), json!([value]))));
        }
        conditions.as_object_mut().unwrap().extend(severity_below.map(|limit| ("severity_below".to_owned(), json!(limit))));
        conditions.as_object_mut().unwrap().extend(until.map(|until| ("until".to_owned(), json!(until))));
        let addresses: Vec<&str> = finding.entities.iter()
            .filter(|entity| entity.kind == EntityKind::Address).map(|entity| entity.id.as_str()).collect();
        let expected = finding.source == "guardduty"
            && account.is_none_or(|account| finding.account == account)
            && region.is_none_or(|region| finding.region.as_deref() == Some(region))
            && kind.is_none_or(|_| finding.kind.starts_with("Recon:EC2/"))
            && network.is_none_or(|_| !addresses.is_empty() && addresses.iter().all(|a| *a == "203.0.113.7"))
            && severity_below.is_none_or(|limit| finding.severity.score < limit)
            && until.is_none_or(|until| until == "2026-06-02T00:00:00Z");
        prop_assert_eq!(rule(&scope(with_rule(conditions)), &finding).is_some(), expected);
    }

    #[test]
    fn a_document_is_read_or_refused_and_never_more(text: String) {
        prop_assert!(Scope::read(text.as_bytes()).is_err());
    }
}

#[test]
fn the_example_is_read_and_said_in_words() {
    let scope = Scope::read(include_bytes!("../../../infra/scope.example.json")).unwrap();
    let words = scope.to_string();
    assert_eq!(words.lines().count(), 4 + 1 + scope.rules().len());
    let rule = "`weekly-scan` suppresses a finding if the type is `Recon:*`, and every address is of `203.0.113.0/28`. \
                Reason: our contractor scans the shop every week";
    assert_eq!(words.lines().nth(5), Some(rule));
}
