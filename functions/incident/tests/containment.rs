//! Laws of planning and of observation.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use incident::containment::guard::{Guard, Window};
use incident::containment::observation::{shows_containment, shows_reversal};
use incident::containment::{ActionId, Plan, PlaybookError, Playbooks, Step};
use incident::finding::Located;
use incident::{Category, Entity, EntityKind, IncidentId};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn entity(kind: EntityKind, id: &str) -> Located {
    let entity = Entity { kind, id: id.to_owned(), arn: None };
    Located { entity, account: "111122223333".to_owned(), region: None }
}

fn breach() -> Vec<Located> {
    vec![
        entity(EntityKind::Bucket, "customer-data"),
        entity(EntityKind::Instance, "i-0aa"),
        entity(EntityKind::Role, "checkout"),
        entity(EntityKind::Address, "198.51.100.7"),
    ]
}

fn guard(protected: &[&str], cap: usize) -> Guard {
    let document = json!({
        "format": "tocsin-containment/1", "version": 1, "issued_at": "2026-01-01T00:00:00Z",
        "valid_until": "2026-12-31T00:00:00Z", "protected": protected, "responders": [],
        "caps": {"incident": cap, "hour": 100, "account": 100},
    });
    Guard::Signed(Box::new(serde_json::from_value(document).unwrap()))
}

fn plan(entities: &[Located], guard: &Guard) -> Plan {
    let playbooks = Playbooks::load().unwrap();
    let playbook = playbooks.for_category(Category::CredentialCompromise);
    Plan::of(playbook, entities, guard, &Window::default(), 60)
}

fn action(name: &str) -> ActionId {
    ActionId::named(name).unwrap()
}

#[test]
fn the_profile_is_swapped_before_sessions_are_revoked_and_they_are_revoked_twice() {
    let plan = plan(&breach(), &Guard::Open);
    let wave_of = |wanted: ActionId, pass: u32| {
        plan.waves
            .iter()
            .position(|wave| wave.steps.iter().any(|step| step.action == wanted && step.pass == pass))
            .unwrap()
    };
    assert!(wave_of(action("isolate-instance"), 1) < wave_of(action("revoke-role-sessions"), 1));
    let second = wave_of(action("revoke-role-sessions"), 2);
    assert!(wave_of(action("revoke-role-sessions"), 1) < second);
    assert_eq!(plan.waves[second].after_seconds, 60);
}

proptest! {
    #[test]
    fn a_plan_does_not_depend_on_order_or_repeats(entities in Just(breach()).prop_shuffle(), again in 0..4_usize) {
        let mut repeated = entities.clone();
        repeated.push(entities[again].clone());
        prop_assert_eq!(plan(&repeated, &Guard::Open), plan(&breach(), &Guard::Open));
    }

    #[test]
    fn nothing_protected_and_nothing_over_the_cap_runs(cap in 0..4_usize, protect in 0..3_usize) {
        let entities = breach();
        let protected = entities[protect].entity.id.clone();
        let plan = plan(&entities, &guard(&[&protected], cap));
        prop_assert!(plan.steps().all(|step| step.target != protected));
        prop_assert!(plan.steps().filter(|step| step.pass == 1).count() <= cap);
        // What does not run is not forgotten: it waits for a person.
        prop_assert_eq!(plan.steps().filter(|step| step.pass == 1).count() + plan.withheld.len(), 3);
    }
}

#[test]
fn a_token_is_a_uuid_that_differs_by_incident_action_target_pass_and_purpose() {
    let incident = |digit: &str| IncidentId::try_from(format!("inc-{}", digit.repeat(20))).unwrap();
    let step = Step::on(action("lock-bucket"), &entity(EntityKind::Bucket, "a"));
    let other = |target: &str, pass| Step { target: target.to_owned(), pass, ..step.clone() };
    let tokens = [
        step.token(&incident("0"), "apply"),
        step.token(&incident("1"), "apply"),
        step.token(&incident("0"), "reverse"),
        other("b", 1).token(&incident("0"), "apply"),
        other("a", 2).token(&incident("0"), "apply"),
    ];
    for (place, token) in tokens.iter().enumerate() {
        let groups: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert!(!tokens[..place].contains(token));
    }
    assert_eq!(step.token(&incident("0"), "apply"), tokens[0]);
}

/// What no action is right for without a look.
const FOR_TRIAGE: [Category; 5] = [
    Category::ResourceExposure,
    Category::DenialOfService,
    Category::Reconnaissance,
    Category::Misconfiguration,
    Category::Unclassified,
];

#[test]
fn every_category_has_one_playbook_or_a_person() {
    let playbooks = Playbooks::load().unwrap();
    for category in Category::ALL {
        let claims = playbooks.iter().filter(|playbook| playbook.trigger.contains(&category)).count();
        assert_eq!(claims, usize::from(!FOR_TRIAGE.contains(&category)), "{category}");
        assert_eq!(playbooks.for_category(category).id == "operator-triage", claims == 0, "{category}");
    }
}

#[test]
fn every_playbook_keeps_what_its_actions_change() {
    for playbook in Playbooks::load().unwrap().iter() {
        let called: Vec<ActionId> = playbook.waves.iter().flatten().copied().collect();
        assert!(playbook.ask_first.iter().all(|asked| called.contains(asked)), "{}", playbook.id);
        for (changes, source) in [("lock-bucket", "bucket"), ("isolate-instance", "instance")] {
            let is_kept = playbook.evidence_first.iter().any(|first| first == source);
            assert!(is_kept || !called.contains(&action(changes)), "{}: {source}", playbook.id);
        }
        let wave_of = |wanted| playbook.waves.iter().position(|wave| wave.contains(&wanted));
        if let (Some(isolated), Some(revoked)) =
            (wave_of(action("isolate-instance")), wave_of(action("revoke-role-sessions")))
        {
            assert!(isolated < revoked, "{}: the metadata service would hand out new sessions", playbook.id);
        }
    }
}

#[test]
fn a_playbook_that_cannot_be_used_is_named() {
    let fallback = ("rest.toml", "title = 'x'\ntrigger = []\nwaves = []\nask_first = []\nevidence_first = []\n");
    let unknown = fallback.1.replace("waves = []", "waves = [['delete-everything']]");
    let error = Playbooks::parse(&[("bad.toml", &unknown)]).unwrap_err();
    assert!(
        matches!(&error, PlaybookError::Unreadable { file, source } if file == "bad.toml" && source.to_string().contains("delete-everything"))
    );
    let unknown = fallback.1.replace("evidence_first = []", "evidence_first = ['everything']");
    let error = Playbooks::parse(&[("bad.toml", &unknown)]).unwrap_err();
    assert!(error.to_string().contains("bad.toml") && error.to_string().contains("`everything`"), "{error}");
    assert!(matches!(Playbooks::parse(&[]), Err(PlaybookError::NoFallback { found: 0 })));
    let claims = fallback.1.replace("trigger = []", "trigger = ['malware']");
    let twice = Playbooks::parse(&[("a.toml", &claims), ("b.toml", &claims), fallback]);
    assert!(matches!(twice, Err(PlaybookError::ClaimedTwice { file, .. }) if file == "b.toml"));
}

fn at() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

fn isolated() -> (Value, Value) {
    let before = json!({"interfaces": {"eni-1": ["sg-web"], "eni-2": ["sg-db"]}, "closed_groups": [], "profile_arn": "arn:p",
        "target_groups": [{"arn": "arn:t"}], "load_balancers": []});
    let seen = json!({
        "interfaces": {"eni-1": ["sg-x"], "eni-2": ["sg-x"]}, "closed_groups": ["sg-x"], "profile_arn": "arn:quarantine",
        "target_groups": [], "load_balancers": [],
    });
    (before, seen)
}

fn locked() -> (Value, Value) {
    let own = json!({"Sid": "Own", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    let deny = json!({"Sid": "TocsinLockBucket", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["a", "b"],
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:r"]}}});
    let policy = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let on = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true});
    let kms = json!({"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]});
    let before =
        json!({"bucket": "b", "public_access_block": null, "encryption": null, "policy": policy(json!([own]))});
    let seen =
        json!({"bucket": "b", "public_access_block": on, "encryption": kms, "policy": policy(json!([own, deny]))});
    (before, seen)
}

fn revoked(time: &str) -> Value {
    let policy = json!({"Statement": {"Sid": "TocsinRevokeOlderSessions", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": time}}}});
    json!({"role_name": "r", "policy": policy.to_string()})
}

#[test]
fn containment_is_believed_only_when_the_account_shows_it() {
    let (before, seen) = isolated();
    assert_eq!(shows_containment(action("isolate-instance"), &before, &seen, at()), Ok(()));
    let (before_lock, seen_lock) = locked();
    assert_eq!(shows_containment(action("lock-bucket"), &before_lock, &seen_lock, at()), Ok(()));
    assert_eq!(
        shows_containment(action("revoke-role-sessions"), &json!({}), &revoked("2026-03-01T03:00:00Z"), at()),
        Ok(())
    );

    let faults = [
        ("/interfaces/eni-2", json!(["sg-x", "sg-db"])),
        ("/interfaces", json!({"eni-1": ["sg-x"]})),
        ("/interfaces", json!({})),
        ("/closed_groups", json!([])),
        ("/target_groups", json!([{"arn": "arn:t"}])),
        ("/closed_groups", json!(null)),
        ("/profile_arn", json!("arn:p")),
    ];
    for (pointer, value) in faults {
        let mut broken = seen.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(shows_containment(action("isolate-instance"), &before, &broken, at()).is_err(), "{pointer}");
    }
    let without_own = serde_json::to_string(&json!({"Statement": [{"Sid": "TocsinLockBucket", "Effect": "Deny",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:r"]}}}]}))
    .unwrap();
    let faults = [
        ("/public_access_block/IgnorePublicAcls", json!(false)),
        ("/public_access_block", json!(null)),
        ("/encryption", json!({"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})),
        ("/policy", before_lock["policy"].clone()),
        ("/policy", json!(without_own)),
        ("/policy", json!(null)),
    ];
    for (pointer, value) in faults {
        let mut broken = seen_lock.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(shows_containment(action("lock-bucket"), &before_lock, &broken, at()).is_err(), "{pointer}");
    }
    // A local time written as UTC leaves hours of stolen sessions alive.
    for stale in ["2026-03-01T02:59:59Z", "2026-02-28T22:00:00Z", "yesterday"] {
        assert!(
            shows_containment(action("revoke-role-sessions"), &json!({}), &revoked(stale), at()).is_err(),
            "{stale}"
        );
    }
}

#[test]
fn a_reversal_is_believed_only_when_the_state_is_as_found() {
    let (before, seen) = locked();
    assert_eq!(shows_reversal(action("lock-bucket"), &before, &before), Ok(()));
    let mut spaced = before.clone();
    let policy: Value = serde_json::from_str(before["policy"].as_str().unwrap()).unwrap();
    spaced["policy"] = json!(serde_json::to_string_pretty(&policy).unwrap());
    assert_eq!(
        shows_reversal(action("lock-bucket"), &before, &spaced),
        Ok(()),
        "white space in a policy means nothing"
    );
    assert!(shows_reversal(action("lock-bucket"), &before, &seen).is_err());
    for field in ["public_access_block", "encryption", "policy"] {
        let mut broken = before.clone();
        broken[field] = seen[field].clone();
        assert!(
            shows_reversal(action("lock-bucket"), &before, &broken).unwrap_err().starts_with(&format!("`/{field}"))
        );
    }
}
