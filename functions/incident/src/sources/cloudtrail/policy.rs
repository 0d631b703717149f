//! Whom a resource policy lets in: a document of the IAM policy language, which CloudTrail records as JSON or as text.

use crate::sources::arn::Arn;
use crate::sources::node::Node;
use serde_json::Value;

/// The keys of a condition that let in only what the policy's owner names (S3 user guide, "The meaning of `public`").
const NARROWING: [&str; 11] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "kms:calleraccount",
];

/// Asks `question` of the policy at `place`; of one that is in a text, of what the text holds. No policy, no.
pub(super) fn read(place: &Node<'_, '_>, question: impl Fn(&Node<'_, '_>) -> bool) -> bool {
    match place.text().map(serde_json::from_str::<Value>) {
        Some(Ok(held)) => question(&place.unwrapped(&held)),
        Some(Err(_)) => false,
        None => question(place),
    }
}

/// Whether a statement lets in everybody.
pub(super) fn is_public(policy: &Node<'_, '_>) -> bool {
    policy.get("statement").items().any(|statement| {
        let principal = statement.get("principal");
        let is_everybody = principal.text() == Some("*") || principal.get("AWS").texts().any(|who| who == "*");
        allows(&statement) && (is_everybody || statement.get("notPrincipal").exists())
    })
}

/// Whether a statement lets in an account other than `own`.
pub(super) fn names_other_account(policy: &Node<'_, '_>, own: &str) -> bool {
    let is_other = |who: &str| {
        let account = Arn::parse(who).map_or(who, |arn| arn.account);
        account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()) && account != own
    };
    policy
        .get("statement")
        .items()
        .any(|statement| allows(&statement) && statement.get("principal").get("AWS").texts().any(is_other))
}

fn allows(statement: &Node<'_, '_>) -> bool {
    let is_narrowed = statement.get("condition").members().any(|(operator, keys)| {
        let is_bound =
            operator.starts_with("String") || operator.starts_with("Arn") || operator.starts_with("IpAddress");
        is_bound
            && !operator.contains("Not")
            && keys.members().any(|(key, values)| {
                let is_wide = |value: &str| matches!(value, "*" | "0.0.0.0/0" | "::/0");
                NARROWING.contains(&key.to_ascii_lowercase().as_str()) && !values.texts().any(is_wide)
            })
    });
    statement.get("effect").text() == Some("Allow") && !is_narrowed
}

#[cfg(test)]
mod tests {
    use super::{is_public, names_other_account, read};
    use crate::sources::node::Node;
    use serde_json::{Value, json};

    fn statement(statement: Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": statement})
    }

    #[test]
    fn who_is_everybody() {
        for (policy, public) in [
            (json!({"Effect": "Allow", "Principal": "*"}), true),
            (
                json!([{"Effect": "Deny", "Principal": "*"}, {"Effect": "Allow", "Principal": {"AWS": ["1", "*"]}}]),
                true,
            ),
            (json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}}), true),
            (json!({"Effect": "Deny", "Principal": "*"}), false),
            (json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}), false),
            (
                json!({"Effect": "Allow", "Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}),
                false,
            ),
            (
                json!({"Effect": "Allow", "Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}),
                true,
            ),
            (json!({"Effect": "Allow", "Principal": "*", "Condition": {"StringLike": {"aws:UserAgent": "x"}}}), true),
            (
                json!({"Effect": "Allow", "Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": "a"}}}),
                true,
            ),
            (json!(null), false),
            (json!("*"), false),
        ] {
            let policy = statement(policy);
            assert_eq!(read(&Node::root(&policy), is_public), public, "{policy}");
            assert_eq!(read(&Node::root(&json!(policy.to_string())), is_public), public, "{policy} as text");
        }
        assert!(!read(&Node::root(&json!("{")), is_public));
    }

    #[test]
    fn who_is_of_another_account() {
        for (who, other) in [
            (json!("arn:aws:iam::444455556666:user/ada"), true),
            (json!("444455556666"), true),
            (json!(["arn:aws:iam::111122223333:root", "111122223333"]), false),
            (json!("AIDAEXAMPLELABELLING1"), false),
        ] {
            let policy = statement(json!({"Effect": "Allow", "Principal": {"AWS": who}}));
            assert_eq!(names_other_account(&Node::root(&policy), "111122223333"), other, "{policy}");
        }
    }
}
