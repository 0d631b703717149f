//! What no source claims, but is of an account: kept as a finding of no category, so that a person sees it and nothing is
//! lost. It is an event of a type that is new or not subscribed to here, or a document from elsewhere.

use super::arn::Arn;
use super::entities::Entities;
use super::node::Node;
use super::unreadable::{Code, Unreadable};
use super::{Envelope, region, severity};
use crate::digest::Digest;
use crate::finding::{Category, Finding, Severity};
use serde_json::Value;
use std::borrow::Cow;

/// The name of this format.
const NAME: &str = "unclassified";

/// The longest id, account or name of a service, in bytes, that is taken for one.
const MAX_NAME: usize = 128;

/// How many ARNs of a document are named: more than any responder reads.
const MAX_ARNS: usize = 100;

/// Keeps one document: an event, a record of CloudTrail, or whatever else has an account.
pub(super) fn of(document: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let account = account(document)
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| document.refused(Code::UnknownSource, "this is no finding of a source that is known here"))?;
    let kind = envelope.kind.and_then(name);
    let at = envelope.time.or_else(|| document.get("eventTime").moment()).or_else(|| document.get("time").moment());
    let mut entities = Entities::default();
    name_arns(&mut entities, document.value());
    Ok(Finding {
        id: id(document, envelope),
        source: envelope
            .source
            .or_else(|| document.get("eventSource").text())
            .and_then(name)
            .unwrap_or("unknown")
            .to_owned(),
        format: NAME.to_owned(),
        kind: kind.unwrap_or(NAME).to_owned(),
        title: kind.unwrap_or("A document that no source claims").to_owned(),
        severity: Severity::of(severity::UNSTATED),
        confidence: severity::UNSTATED_CONFIDENCE,
        account: account.into_owned(),
        region: region([envelope.region, document.get("awsRegion").text(), document.get("region").text()]),
        first_seen: at,
        last_seen: at,
        updated_at: at,
        sample: false,
        archived: false,
        entities: entities.finish(),
        category: Category::Unclassified,
    })
}

/// The id of a CloudTrail record is the same in an event and in a log file; else the event's own, else what the document
/// consists of.
fn id(document: &Node<'_, '_>, envelope: &Envelope<'_>) -> String {
    let own = document.get("eventID").text().or(envelope.id);
    own.and_then(name).map(str::to_owned).unwrap_or_else(|| digest(document))
}

/// What stands for a document that carries no id: its digest, which the order of its members does not change.
pub(super) fn digest(document: &Node<'_, '_>) -> String {
    Digest::of(document.value().map(Value::to_string).unwrap_or_default().as_bytes()).as_str().to_owned()
}

/// The account, as the services write it.
fn account<'v>(document: &Node<'v, '_>) -> Option<Cow<'v, str>> {
    let own = ["accountId", "awsAccountId", "account", "recipientAccountId"]
        .iter()
        .find_map(|member| document.get(member).name());
    own.or_else(|| document.get("userIdentity").get("accountId").name()).filter(|account| account.len() <= MAX_NAME)
}

fn name(text: &str) -> Option<&str> {
    Some(text).filter(|text| text.len() <= MAX_NAME)
}

/// Names the ARNs of a document in its order. A list of what is still to be seen, and no recursion: the document may be
/// nested as deep as the parser lets it.
fn name_arns<'v>(entities: &mut Entities<'v>, document: Option<&'v Value>) {
    let mut left = MAX_ARNS;
    let mut unseen: Vec<&Value> = document.into_iter().collect();
    while let Some(value) = unseen.pop() {
        match value {
            Value::String(text) if Arn::parse(text).is_some() => {
                entities.add_arn(Some(text));
                left -= 1;
                if left == 0 {
                    return;
                }
            }
            Value::Array(list) => unseen.extend(list.iter().rev()),
            Value::Object(members) => unseen.extend(members.values().rev()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_ARNS, of};
    use crate::finding::{Category, EntityKind};
    use crate::sources::Envelope;
    use crate::sources::node::Node;
    use serde_json::{Value, json};

    #[test]
    fn the_account_may_stand_in_many_places() {
        for document in [
            json!({"accountId": "111122223333"}),
            json!({"AwsAccountId": "111122223333"}),
            json!({"awsAccountId": 111_122_223_333_u64}),
            json!({"account": "111122223333"}),
            json!({"recipientAccountId": "111122223333"}),
            json!({"userIdentity": {"accountId": "111122223333"}}),
        ] {
            let finding = of(&Node::root(&document), &Envelope::default()).expect("it has an account");
            assert_eq!((finding.account.as_str(), finding.category), ("111122223333", Category::Unclassified));
            assert_eq!((finding.source.as_str(), finding.kind.as_str()), ("unknown", "unclassified"));
            assert_eq!(finding.id.len(), 64);
        }
        for document in
            [json!(null), json!(5), json!([]), json!({"account": {}}), json!({"userIdentity": "111122223333"})]
        {
            assert_eq!(
                of(&Node::root(&document), &Envelope::default()).expect_err("no account").code,
                "unknown-source"
            );
        }
    }

    #[test]
    fn the_id_follows_from_the_document_alone() {
        let id = |text: &str| {
            let document: Value = serde_json::from_str(text).expect("it is JSON");
            of(&Node::root(&document), &Envelope::default()).expect("it has an account").id
        };
        assert_eq!(id(r#"{"account": "1", "a": [1, 2]}"#), id(r#"{"a":[1,2],"account":"1"}"#));
        assert_ne!(id(r#"{"account": "1", "a": [1, 2]}"#), id(r#"{"account": "1", "a": [2, 1]}"#));
        assert_eq!(id(r#"{"account": "1", "eventID": "e-1"}"#), "e-1");
    }

    #[test]
    fn arns_are_found_wherever_they_stand_and_are_counted() {
        let document = json!({
            "account": "111122223333",
            "a": {"deep": [["arn:aws:s3:::shop-customer-data"], {"x": "arn:aws:sns:eu-central-1:111122223333:orders"}]},
            "b": "see arn:aws:s3:::not-an-arn-alone",
        });
        let found = of(&Node::root(&document), &Envelope::default()).expect("it has an account").entities;
        let found: Vec<_> = found.iter().map(|entity| (entity.kind, entity.id.as_str())).collect();
        assert_eq!(found, [(EntityKind::Bucket, "shop-customer-data"), (EntityKind::Other, "orders")]);
        let many: Vec<String> = (0..5000).map(|bucket| format!("arn:aws:s3:::b{bucket}")).collect();
        let document = json!({"account": "1", "many": many});
        let found = of(&Node::root(&document), &Envelope::default()).expect("it has an account").entities;
        assert_eq!(found.len(), MAX_ARNS);
    }
}
