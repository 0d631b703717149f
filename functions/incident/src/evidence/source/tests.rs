//! How a call becomes a request, and what of an answer makes the next one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use super::*;
use crate::record::IncidentId;
use serde_json::{Value, json};

#[test]
fn every_description_can_be_read() {
    let library = super::read(super::DESCRIPTIONS).unwrap();
    assert!(!library.sources.is_empty());
    for source in library.sources.values() {
        assert!(source.of.is_some() == source.about.is_empty(), "{}: of a resource, or of a whole", source.id);
        assert!(source.pattern.as_ref().is_none_or(|pattern| Regex::new(pattern).is_ok()), "{}", source.id);
        for call in &source.calls {
            assert!(library.services.contains_key(&call.service), "{}: `{}` is no service", source.id, call.service);
        }
    }
}

fn item(subject: &str) -> EvidenceItem {
    EvidenceItem {
        source: "role".to_owned(),
        kind: Some(EntityKind::Role),
        subject: subject.to_owned(),
        account: "111122223333".to_owned(),
        region: None,
        arn: None,
    }
}

fn destination() -> Destination {
    Destination::of_key("arn:aws:kms:eu-central-1:999988887777:key/k".to_owned(), "").unwrap()
}

fn window() -> Window {
    Window { from: "2026-11-20T00:00:00Z".parse().unwrap(), to: "2026-11-23T03:04:05Z".parse().unwrap() }
}

fn service(of: Value) -> Service {
    serde_json::from_value(of).unwrap()
}

fn source(calls: Value) -> Source {
    let words =
        json!({"role": {"attribute": "ResourceName", "whole": "arn:{partition}:iam::{account}:role/{subject}"}});
    serde_json::from_value(json!({
        "title": "x", "about": ["role"], "volatility": 40, "words": words, "call": calls,
        "pattern": "^(?P<team>[a-z]+)-(?P<rest>.+)$",
    }))
    .unwrap()
}

/// What the request of the last call is, and of which values it is made, after these answers.
fn asked(subject: &str, of: &Service, calls: Value, answers: Value) -> Vec<Result<Request, String>> {
    let (incident, item) = (IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap(), item(subject));
    let source = source(calls);
    let answers: BTreeMap<String, Vec<Value>> = serde_json::from_value(answers).unwrap();
    let known = Known {
        incident: &incident,
        item: &item,
        source: &source,
        parts: &source.parts(subject).unwrap(),
        region: "eu-central-1",
        partition: "aws",
        destination: &destination(),
        window: window(),
        each: &[],
        answers: &answers,
    };
    let call = source.calls.last().unwrap();
    let rounds = call.rounds(&known);
    let request = |each: &Vec<Value>| {
        call.request(of, &Known { each, ..known.clone() }, &BTreeMap::new()).map_err(|unfilled| unfilled.to_string())
    };
    rounds.iter().map(request).collect()
}

#[test]
fn a_form_holds_names_values_and_nothing_that_a_subject_brings_along() {
    let iam = service(json!({"protocol": "query", "version": "2010-05-08", "global": true}));
    let call = json!([{"name": "role", "service": "iam", "operation": "GetRole",
        "with": {"RoleName": "{subject}", "Filter": [{"Name": "a", "Value": ["{team}"]}]}}]);
    let request = asked("shop-&Action=DeleteRole", &iam, call, json!({})).remove(0).unwrap();
    assert_eq!(
        request.body,
        "Action=GetRole&Version=2010-05-08&Filter.1.Name=a&Filter.1.Value.1=shop&RoleName=shop-%26Action%3DDeleteRole"
    );
    assert_eq!((request.host.as_str(), request.region.as_str()), ("iam.amazonaws.com", "us-east-1"));
}

#[test]
fn json_takes_numbers_lists_and_words_of_the_kind() {
    let trail = service(json!({"protocol": "json", "target": "CloudTrail"}));
    let call = json!([{"name": "events", "service": "cloudtrail", "operation": "LookupEvents", "with": {
        "StartTime": "#{from.seconds}", "Ids": "#{listed:/ids}",
        "LookupAttributes": [{"AttributeKey": "{attribute}", "AttributeValue": "{whole}"}]}}]);
    let request = asked("shop-role", &trail, call, json!({"listed": [{"ids": ["a", "b"]}]})).remove(0).unwrap();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"StartTime": 1_795_132_800, "Ids": ["a", "b"], "LookupAttributes": [
        {"AttributeKey": "ResourceName", "AttributeValue": "arn:aws:iam::111122223333:role/shop-role"}]})
    );
    assert!(request.headers.contains(&("x-amz-target".to_owned(), "CloudTrail.LookupEvents".to_owned())));
}

#[test]
fn a_path_keeps_only_the_slashes_of_a_key() {
    let s3 = service(json!({"protocol": "rest"}));
    let call =
        |path: &str| json!([{"name": "x", "service": "s3", "operation": "X", "path": path, "with": {"acl": ""}}]);
    let path = |template: &str| asked("shop-a/b c?d", &s3, call(template), json!({})).remove(0).unwrap();
    assert_eq!(path("/{rest}").path, "/a%2Fb%20c%3Fd");
    assert_eq!(path("/x").query, [("acl".to_owned(), String::new())]);
    assert_eq!(path("/x").host, "s3.eu-central-1.amazonaws.com");
}

#[test]
fn a_call_is_made_for_each_value_of_each_page_once() {
    let ec2 = service(json!({"protocol": "query", "version": "2016-11-15"}));
    let call = json!([{"name": "x", "service": "ec2", "operation": "X", "with": {"A": "{each.1:/id}", "B": "{each.2|name}"},
        "each": ["one:/set/item/*", "two:/arn"], "where": {}}]);
    // One member of a list of XML is no list; the same value twice is one; what is empty is nothing.
    let answers = json!({"one": [{"set": {"item": {"id": "i-1"}}}, {"set": {"item": [{"id": "i-1"}, {"id": "i-2"}, ""]}}],
        "two": [{"arn": "arn:aws:iam::1:instance-profile/web"}]});
    let bodies: Vec<String> =
        asked("shop-x", &ec2, call, answers).into_iter().map(|request| request.unwrap().body).collect();
    assert_eq!(bodies, ["Action=X&Version=2016-11-15&A=i-1&B=web", "Action=X&Version=2016-11-15&A=i-2&B=web"]);
}

#[test]
fn of_two_lists_the_first_is_chosen_from() {
    let logs = service(json!({"protocol": "json", "target": "Logs"}));
    let call = json!([{"name": "log", "service": "logs", "operation": "FilterLogEvents",
        "with": {"of": "{each.1:/arn|parent}/{each.1:/arn|name}/{each.2}"},
        "each": ["tasks:/tasks/*", "containers:/names/*"], "where": {"/containers/*/id": "{rest}"}}]);
    let task = |arn: &str, id: &str| json!({"arn": format!("arn:aws:ecs:x:1:task/{arn}"), "containers": [{"id": "0"}, {"id": id}]});
    let answers = json!({"tasks": [{"tasks": [task("shop/a", "7"), task("shop/b", "9")]}, {"tasks": []}],
        "containers": [{"names": ["web", "proxy"]}]});
    let bodies: Vec<String> =
        asked("shop-9", &logs, call, answers).into_iter().map(|request| request.unwrap().body).collect();
    assert_eq!(bodies, [r#"{"of":"shop/b/web"}"#, r#"{"of":"shop/b/proxy"}"#]);
}

#[test]
fn an_empty_list_is_nothing_to_ask_about() {
    let ecs = service(json!({"protocol": "json", "target": "ECS"}));
    let call = json!([{"name": "x", "service": "ecs", "operation": "DescribeTasks", "with": {"tasks": "#{each}"},
        "each": "tasks:/taskArns"}]);
    assert!(asked("shop-x", &ecs, call, json!({"tasks": [{"taskArns": []}]})).is_empty());
}

#[test]
fn a_table_that_lies_elsewhere_than_the_logs_is_told_apart() {
    let incident = IncidentId::try_from("inc-00112233445566778899".to_owned()).unwrap();
    let (item, mut source) = (item("ranking-live"), source(json!([])));
    source.searches = serde_json::from_value(json!([{"name": "captures", "table": "t", "sql": "",
        "lies": {"at": "configuration:/to", "below": "{account}/{region}"}}]))
    .unwrap();
    let misses = |answers: Value| {
        let answers = serde_json::from_value(answers).unwrap();
        let known = Known {
            incident: &incident,
            item: &item,
            source: &source,
            parts: &BTreeMap::new(),
            region: "eu-central-1",
            partition: "aws",
            destination: &destination(),
            window: window(),
            each: &[],
            answers: &answers,
        };
        source.searches[0].misses(&known, "captures/requests")
    };
    let at = |place: &str| json!({"configuration": [{"to": place}]});
    assert!(!misses(at("s3://captures/requests/111122223333/eu-central-1")));
    assert!(!misses(at("s3://captures/requests/111122223333/eu-central-1/")));
    for place in [
        "s3://captures/requests",
        "s3://captures/requests/111122223333/eu-west-1",
        "s3://captures-2/requests/111122223333/eu-central-1",
        "s3://captures/requests/111122223333/eu-central-1/more",
    ] {
        assert!(misses(at(place)), "{place}");
    }
    // What captures nothing now may have captured before, there.
    assert!(!misses(json!({"configuration": [{}]})));
}

#[test]
fn what_has_no_value_is_named() {
    let s3 = service(json!({"protocol": "rest"}));
    let call = json!([{"name": "x", "service": "s3", "operation": "X", "path": "/{logging:/TargetBucket}"}]);
    let refused = asked("shop-x", &s3, call, json!({"logging": [{}]})).remove(0).unwrap_err();
    assert_eq!(refused, "`logging:/TargetBucket` has no value");
}

#[test]
fn places_in_s3_are_taken_apart() {
    let s3 = service(json!({"protocol": "rest"}));
    let call = json!([{"name": "x", "service": "s3", "operation": "X", "path": "/{to:/at|bucket}",
        "with": {"prefix": "{to:/at|prefix}AWSLogs/{from.day}/"}}]);
    for (at, bucket, prefix) in [
        ("s3://logs/flow/", "/logs", "flow/AWSLogs/2026/11/20/"),
        ("arn:aws:s3:::logs/a/b", "/logs", "a/b/AWSLogs/2026/11/20/"),
        ("arn:aws:s3:::logs", "/logs", "AWSLogs/2026/11/20/"),
    ] {
        let request = asked("shop-x", &s3, call.clone(), json!({"to": [{"at": at}]})).remove(0).unwrap();
        assert_eq!((request.path.as_str(), request.query[0].1.as_str()), (bucket, prefix));
    }
}

#[test]
fn an_answer_in_xml_is_read_without_namespaces() {
    let body = br#"<a xmlns="http://x"><set><item><id>1</id></item><item><id>2</id></item></set><next/></a>"#;
    let answer = read_answer(Form::Xml, body);
    assert_eq!(values(&answer, "/set/item/*/id"), [&json!("1"), &json!("2")]);
    assert_eq!(values(&read_answer(Form::Xml, b"<a><set><item>1</item></set></a>"), "/set/item/*"), [&json!("1")]);
    assert_eq!(read_answer(Form::Xml, b"<a><b></a>"), Value::Null);
}

#[test]
fn the_folder_of_an_item_names_no_subject() {
    let folder = item("jane.doe@example.com").folder();
    assert!(folder.starts_with("evidence/role/") && !folder.contains("jane"), "{folder}");
    assert_ne!(item("a").folder(), item("b").folder());
    assert_eq!(item("a").folder(), EvidenceItem { arn: Some("arn:x".to_owned()), ..item("a") }.folder());
}
