//! Sources as a whole: fixtures, the same finding in three formats, wrappings, oddities, refusals.
#![expect(clippy::expect_used, reason = "a fixture that is not as expected fails the test")]

mod fixtures;

use fixtures::{document, finding, findings, folder};
use incident::finding::KeyTerm;
use incident::sources::{Code, Unreadable, read, translate};
use incident::{Category, EntityKind, Finding, IncidentId};
use serde_json::{Value, json};
use std::fs;

fn refusal(document: &Value) -> Unreadable {
    match translate(document) {
        Err(refusal) => refusal,
        Ok(mut each) => each.remove(0).expect_err("the finding is refused"),
    }
}

/// Kinds and ids: the ARN is there in one format and not in another.
fn named(finding: &Finding) -> Vec<(EntityKind, &str)> {
    let mut named: Vec<_> = finding.entities.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
    named.sort_unstable();
    named
}

/// A GuardDuty finding with what it cannot do without, to which tests add oddities.
fn smallest() -> Value {
    json!({"id": "1", "type": "Recon:EC2/Portscan", "accountId": "111122223333", "service": {"serviceName": "guardduty"}})
}

#[test]
fn every_source_is_whole_and_reads_its_fixtures() {
    let table = fs::read_to_string(folder().join("mod.rs")).expect("the table is there");
    for entry in fs::read_dir(folder()).expect("the sources are there").flatten().filter(|entry| entry.path().is_dir())
    {
        let source = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let pattern = document(&format!("{name}/pattern.json"));
        let matches = |event: &Value, field: &str| {
            pattern[field].as_array().expect("a pattern lists what it matches").contains(&event[field])
        };
        let mut fixtures = 0;
        for fixture in fs::read_dir(source.join("fixtures")).expect("a source has fixtures").flatten() {
            let event = document(&format!("{name}/fixtures/{}", fixture.file_name().to_string_lossy()));
            let formats = [name.replace('_', "-"), name.rsplit('_').next().unwrap_or_default().to_owned()];
            for finding in findings(&event) {
                assert!(formats.contains(&finding.format), "{}", fixture.path().display());
            }
            if event.get("detail-type").is_some() {
                assert!(matches(&event, "source") && matches(&event, "detail-type"), "{}", fixture.path().display());
            }
            fixtures += 1;
        }
        assert!(fixtures > 0, "{name} has no fixture");
        let is_in_table = format!("&{name}::SOURCE");
        assert!(table.contains(&is_in_table), "{name} is not in the table of sources");
    }
}

#[test]
fn stolen_instance_credentials_name_all_that_a_responder_needs() {
    let finding = finding(&document("guardduty/fixtures/instance-credential-exfiltration.json"));
    assert_eq!(finding.kind, "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS");
    assert_eq!((finding.severity.score, finding.category), (80, Category::CredentialCompromise));
    assert_eq!((finding.account.as_str(), finding.region.as_deref()), ("111122223333", Some("eu-central-1")));
    assert!(finding.is_actionable());
    assert_eq!(
        named(&finding),
        [
            (EntityKind::Instance, "i-0c4ec0c0ffee12345"),
            (EntityKind::NetworkInterface, "eni-0a1b2c3d4e5f60711"),
            (EntityKind::NetworkInterface, "eni-0a1b2c3d4e5f60712"),
            (EntityKind::InstanceProfile, "shop-checkout-profile"),
            (EntityKind::Role, "shop-checkout"),
            (EntityKind::Session, "AROAEXAMPLECHECKOUT01:i-0c4ec0c0ffee12345"),
            (EntityKind::AccessKey, "ASIAEXAMPLECHECKOUT1"),
            (EntityKind::Bucket, "shop-customer-data"),
            (EntityKind::Key, "1b2c3d4e-0000-4000-8000-00000000c0de"),
            (EntityKind::Image, "ami-0123456789abcdef0"),
            (EntityKind::Address, "198.51.100.23"),
        ]
    );
}

#[test]
fn one_finding_in_three_formats_is_one_finding() {
    let read = |source: &str| finding(&document(&format!("{source}/fixtures/instance-credential-exfiltration.json")));
    let native = read("guardduty");
    for other in [read("securityhub_asff"), read("securityhub_ocsf")] {
        assert_eq!(other.source, native.source);
        assert_eq!((&other.kind, &other.title, other.category), (&native.kind, &native.title, native.category));
        assert_eq!((&other.account, &other.region), (&native.account, &native.region));
        assert_eq!((other.first_seen, other.last_seen), (native.first_seen, native.last_seen));
        assert_eq!(other.severity.label, native.severity.label);
        assert_eq!(IncidentId::opened_by(&other), IncidentId::opened_by(&native));
        // OCSF does not carry the key that encrypts a bucket.
        let mut expected = named(&native);
        expected.retain(|(kind, _)| other.format != "ocsf" || *kind != EntityKind::Key);
        assert_eq!(named(&other), expected, "{}", other.format);
    }
}

#[test]
fn a_key_says_by_its_prefix_how_long_it_lives() {
    let term = |fixture: &str| {
        let finding = finding(&document(fixture));
        finding.entities.iter().find_map(|entity| entity.key_term())
    };
    assert_eq!(term("guardduty/fixtures/model-invocation-by-user.json"), Some(KeyTerm::LongTerm));
    assert_eq!(term("guardduty/fixtures/instance-credential-exfiltration.json"), Some(KeyTerm::Temporary));
    assert_eq!(term("guardduty/fixtures/database-login.json"), None);
}

#[test]
fn an_attack_sequence_names_actors_resources_and_endpoints() {
    let finding = finding(&document("guardduty/fixtures/attack-sequence-data-compromise.json"));
    assert_eq!((finding.severity.score, finding.category), (94, Category::DataExfiltration));
    for entity in [
        (EntityKind::Role, "shop-checkout"),
        (EntityKind::AccessKey, "ASIAEXAMPLECHECKOUT1"),
        (EntityKind::Instance, "i-0c4ec0c0ffee12345"),
        (EntityKind::NetworkInterface, "eni-0a1b2c3d4e5f60712"),
        (EntityKind::Bucket, "shop-customer-data"),
        (EntityKind::Object, "shop-customer-data/exports/2026-03-01.csv"),
        (EntityKind::Address, "198.51.100.23"),
        (EntityKind::Domain, "drop.example.net"),
    ] {
        assert!(named(&finding).contains(&entity), "{entity:?}");
    }
}

#[test]
fn a_finding_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let mut event = document("securityhub_asff/fixtures/controls.json");
    event["detail"]["findings"][1]["Id"] = Value::Null;
    let each = translate(&event).expect("the event is read");
    let paths: Vec<_> =
        each.iter().map(|finding| finding.as_ref().err().map(|refusal| refusal.path.as_str())).collect();
    assert_eq!(paths, [None, Some("$.detail.findings[1].Id"), None]);
}

#[test]
fn a_check_that_passed_is_recorded_and_never_acted_on() {
    let findings = findings(&document("securityhub_asff/fixtures/controls.json"));
    let actionable: Vec<_> = findings.iter().map(|finding| (finding.kind.as_str(), finding.is_actionable())).collect();
    assert_eq!(actionable, [("S3.2", true), ("EC2.1", true), ("IAM.3", false)]);
}

#[test]
fn wrapped_documents_are_opened_and_their_paths_lead_there() {
    let event = document("guardduty/fixtures/instance-credential-exfiltration.json");
    let bare = finding(&event);
    let in_topic = json!({"Type": "Notification", "Message": event.to_string()});
    let in_queue = json!({"Records": [{"messageId": "1", "body": in_topic.to_string()}]});
    let as_entry =
        json!({"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": event["detail"].to_string()});
    for wrapped in
        [&event["detail"], &in_topic, &in_queue, &as_entry, &json!([event]), &json!({"Findings": [event["detail"]]})]
    {
        assert_eq!(finding(wrapped), bare);
    }
    let mut broken = event.clone();
    broken["detail"]["type"] = json!([]);
    let in_topic = json!({"Type": "Notification", "Message": broken.to_string()});
    let refused = refusal(&json!({"Records": [{"body": in_topic.to_string()}]}));
    assert_eq!((refused.code, refused.path.as_str()), ("wrong-type", "$.Records[0].body.Message.detail.type"));
}

#[test]
fn oddities_of_real_documents_are_read() {
    let with = |member: &str, value: Value| {
        let mut document = smallest();
        document[member] = value;
        finding(&document)
    };
    for account in [json!("123456789"), json!("1234567890123"), json!("XXXXXXXXXXXX"), json!(111_122_223_333_u64)] {
        let expected = account.as_str().map_or_else(|| account.to_string(), str::to_owned);
        assert_eq!(with("accountId", account).account, expected);
    }
    for (severity, score) in [(json!("2"), 20), (json!("HIGH"), 70), (json!(8.7), 87), (json!(5), 50)] {
        assert_eq!(with("severity", severity).severity.score, score);
    }
    assert_eq!(with("region", json!("global")).region, None);
    assert!(with("title", json!("[SAMPLE] x")).sample);
    assert!(with("service", json!({"serviceName": "guardduty", "archived": "true"})).archived);
    assert!(with("service", json!({"additionalInfo": {"value": "{\"sample\":true}"}})).sample);
    assert!(!with("service", json!({"additionalInfo": {"value": "{\"sample\":"}})).sample);
    let time =
        json!({"serviceName": "guardduty", "eventFirstSeen": "2026-03-02 09:02:41", "eventLastSeen": 1_772_442_845.5});
    let seen = with("service", time);
    assert_eq!(seen.first_seen.map(|at| at.to_string()).as_deref(), Some("2026-03-02T09:02:41Z"));
    assert_eq!(seen.last_seen.map(|at| at.to_string()).as_deref(), Some("2026-03-02T09:14:05.5Z"));
    let unknown_block =
        json!({"futureDetails": {"deep": [{"arn": "arn:aws:sagemaker:eu-central-1:111122223333:endpoint/chat"}]}});
    assert_eq!(named(&with("resource", unknown_block)), [(EntityKind::Endpoint, "chat")]);
    let old = with("type", json!("Recon:EC2 PortProbeUnprotectedPort"));
    assert_eq!(old.category, Category::Reconnaissance);
}

#[test]
fn the_account_and_region_of_an_event_stand_in_for_missing_ones() {
    let mut detail = smallest();
    detail.as_object_mut().expect("an object").remove("accountId");
    let event = json!({
        "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "account": "444455556666", "region": "eu-west-1",
        "detail": detail,
    });
    let read = finding(&event);
    assert_eq!((read.account.as_str(), read.region.as_deref()), ("444455556666", Some("eu-west-1")));
}

#[test]
fn refusals_name_the_place() {
    let guardduty =
        |detail: Value| json!({"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": detail});
    let hub = |detail: Value| json!({"detail-type": "Security Hub Findings - Imported", "detail": detail});
    for (document, code, path) in [
        (json!(null), Code::UnknownSource, "$"),
        (json!([]), Code::NotAFinding, "$"),
        (json!("{"), Code::InvalidJson, "$"),
        (json!({"Message": "{\"a\":"}), Code::InvalidJson, "$.Message"),
        (json!({"eventSource": "guardduty.amazonaws.com"}), Code::UnknownSource, "$"),
        (json!({"detail-type": "A New Finding", "detail": {"id": "1"}}), Code::UnknownSource, "$"),
        (
            json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.guardduty", "detail": {}}),
            Code::MissingField,
            "$.detail.eventSource",
        ),
        (
            json!({"detail-type": "Security Hub Insight Results", "detail": {}}),
            Code::MissingField,
            "$.detail.insightArn",
        ),
        (
            json!({"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": "a", "state": {}}}),
            Code::MissingField,
            "$.detail.state.timestamp",
        ),
        (
            json!({"detail-type": "GuardDuty Malware Protection Object Scan Result", "account": "1", "detail": {}}),
            Code::MissingField,
            "$.detail.s3ObjectDetails.bucketName",
        ),
        (guardduty(json!(null)), Code::MissingField, "$.detail"),
        (guardduty(json!([])), Code::WrongType, "$.detail"),
        (guardduty(json!({"type": "a", "accountId": "1"})), Code::MissingField, "$.detail.id"),
        (guardduty(json!({"id": "1", "type": " ", "accountId": "1"})), Code::MissingField, "$.detail.type"),
        (guardduty(json!({"id": {}, "type": "a", "accountId": "1"})), Code::WrongType, "$.detail.id"),
        (guardduty(json!({"id": "1", "type": "a"})), Code::MissingField, "$.detail.accountId"),
        (guardduty(json!({"Id": "1", "Type": true, "AccountId": "1"})), Code::WrongType, "$.detail.Type"),
        (hub(json!({})), Code::MissingField, "$.detail.findings"),
        (hub(json!({"findings": [{"Id": "1"}]})), Code::MissingField, "$.detail.findings[0].AwsAccountId"),
        (
            hub(json!({"findings": [{"Id": "1", "AwsAccountId": "1"}]})),
            Code::MissingField,
            "$.detail.findings[0].Types",
        ),
        (json!({"class_uid": 4001}), Code::NotAFinding, "$.class_uid"),
        (json!({"class_uid": 2004, "cloud": {}}), Code::MissingField, "$.finding.uid"),
        (json!({"class_uid": 2004, "finding_info": {"uid": "1"}}), Code::MissingField, "$.cloud.account.uid"),
    ] {
        let refused = refusal(&document);
        assert_eq!((refused.code, refused.path.as_str()), (code.as_str(), path), "{document}");
    }
}

#[test]
fn size_nesting_and_wrapping_are_capped() {
    let code = |text: &[u8]| read(text).expect_err("it is refused").code;
    assert_eq!(code(&vec![b' '; incident::sources::MAX_BYTES + 1]), "too-large");
    assert_eq!(code("[".repeat(100_000).as_bytes()), "too-deep");
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(code(nested(incident::sources::MAX_DEPTH + 1).as_bytes()), "too-deep");
    assert_eq!(
        read(nested(4).as_bytes()).expect("a list is opened").remove(0).expect_err("no finding").code,
        "unknown-source"
    );
    let mut deep = smallest();
    deep["title"] = serde_json::from_str(&nested(incident::sources::MAX_DEPTH - 1)).expect("as deep as is allowed");
    assert!(read(deep.to_string().as_bytes()).is_ok());
    assert_eq!(code(b"\xFF"), "invalid-json");
    assert_eq!(code(b""), "invalid-json");
    let mut wrapped = smallest().to_string();
    for _ in 0..6 {
        wrapped = json!({"Message": wrapped}).to_string();
    }
    assert_eq!(refusal(&json!({"Message": wrapped})).code, "too-deep");
    // Brackets in a string are no nesting.
    let mut finding = smallest();
    finding["title"] = json!("[\\\"{".repeat(200));
    assert!(read(finding.to_string().as_bytes()).is_ok());
}
