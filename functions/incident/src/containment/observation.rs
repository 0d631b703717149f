//! Success is observed: what the account must show before an action counts as done or as reversed.

use super::ActionId;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether the state read back shows the effect of `action`. `Err` says what is missing, for the operator.
///
/// `before` is the state as found, `started_at` the moment at which the action was started.
///
/// # Errors
/// The first thing that the observation does not show.
pub fn shows_containment(action: ActionId, before: &Value, seen: &Value, started_at: Timestamp) -> Result<(), String> {
    match action {
        ActionId::IsolateInstance => shows_isolation(before, seen),
        ActionId::RevokeRoleSessions => shows_revocation(seen, started_at),
        ActionId::LockBucket => shows_lock(before, seen),
    }
}

/// Whether the state read back after a reversal is the state as found.
///
/// # Errors
/// The first field that differs.
pub fn shows_reversal(before: &Value, seen: &Value) -> Result<(), String> {
    let (before, seen) = (normal(before), normal(seen));
    if before == seen {
        return Ok(());
    }
    let keys: BTreeSet<&String> =
        [&before, &seen].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys()).collect();
    let differing = keys.into_iter().find(|key| before.get(key.as_str()) != seen.get(key.as_str()));
    Err(format!("`{}` is not as it was found", differing.map_or("$", String::as_str)))
}

fn shows_isolation(before: &Value, seen: &Value) -> Result<(), String> {
    let group = seen.pointer("/isolation_group/id").and_then(Value::as_str).ok_or("there is no isolation group")?;
    for (rules, direction) in [("ingress_rules", "ingress"), ("egress_rules", "egress")] {
        if seen.pointer(&format!("/isolation_group/{rules}")).and_then(Value::as_u64) != Some(0) {
            return Err(format!("the isolation group has {direction} rules"));
        }
    }
    let interfaces = |state: &Value| -> Vec<(String, Vec<Value>)> {
        let list = state.get("interfaces").and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter()
            .map(|interface| {
                let id = interface.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                (id, interface.get("groups").and_then(Value::as_array).cloned().unwrap_or_default())
            })
            .collect()
    };
    let observed = interfaces(seen);
    if observed.is_empty() {
        return Err("no interface was observed".to_owned());
    }
    if let Some((id, _)) = interfaces(before).iter().find(|(id, _)| !observed.iter().any(|(other, _)| other == id)) {
        return Err(format!("interface `{id}` was not observed"));
    }
    if let Some((id, _)) = observed.iter().find(|(_, groups)| *groups != [Value::from(group)]) {
        return Err(format!("interface `{id}` still has other security groups"));
    }
    match (before.get("profile_arn").and_then(Value::as_str), seen.get("profile_arn").and_then(Value::as_str)) {
        (Some(earlier), Some(now)) if earlier == now => Err("the instance profile was not swapped".to_owned()),
        _ => Ok(()),
    }
}

fn shows_revocation(seen: &Value, started_at: Timestamp) -> Result<(), String> {
    let policy = parsed(seen.get("policy")).ok_or("there is no revocation policy")?;
    let denies = statements(&policy).into_iter().any(|statement| {
        statement.get("Effect").and_then(Value::as_str) == Some("Deny")
            && is_everything(statement.get("Action"))
            && is_everything(statement.get("Resource"))
            && statement
                .pointer("/Condition/DateLessThan/aws:TokenIssueTime")
                .and_then(|time| time.as_str().or_else(|| time.get(0).and_then(Value::as_str)))
                .and_then(|time| time.parse::<Timestamp>().ok())
                // AWS compares whole seconds, so a revocation within the second of the start counts.
                .is_some_and(|time| time.as_second() >= started_at.as_second())
    });
    if denies { Ok(()) } else { Err("sessions from before the start are not denied".to_owned()) }
}

fn shows_lock(before: &Value, seen: &Value) -> Result<(), String> {
    for flag in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
        if seen.pointer(&format!("/public_access_block/{flag}")).and_then(Value::as_bool) != Some(true) {
            return Err(format!("`{flag}` is not on"));
        }
    }
    let algorithm = seen.pointer("/encryption/Rules/0/ApplyServerSideEncryptionByDefault/SSEAlgorithm");
    if algorithm.and_then(Value::as_str) != Some("aws:kms") {
        return Err("default encryption is not `aws:kms`".to_owned());
    }
    let policy = parsed(seen.get("policy")).ok_or("there is no bucket policy")?;
    let now = statements(&policy);
    let locks = |statement: &&Value| {
        statement.get("Sid").and_then(Value::as_str) == Some("TocsinLockBucket")
            && statement.get("Effect").and_then(Value::as_str) == Some("Deny")
            && statement
                .pointer("/Condition/ArnNotLike/aws:PrincipalArn")
                .is_some_and(|list| list.is_string() || list.as_array().is_some_and(|list| !list.is_empty()))
    };
    if !now.iter().any(locks) {
        return Err("the bucket policy does not deny everybody but the responders".to_owned());
    }
    let earlier = parsed(before.get("policy"));
    let lost = earlier.iter().flat_map(statements).any(|statement| !now.contains(&statement));
    if lost { Err("a statement of the bucket's own policy was lost".to_owned()) } else { Ok(()) }
}

fn is_everything(element: Option<&Value>) -> bool {
    match element {
        Some(Value::String(text)) => text == "*",
        Some(Value::Array(list)) => list.iter().any(|text| text == "*"),
        _ => false,
    }
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(single) => vec![single],
        None => Vec::new(),
    }
}

fn parsed(text: Option<&Value>) -> Option<Value> {
    text.and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok())
}

/// The same state, with policy texts parsed: white space and key order in a policy mean nothing.
fn normal(state: &Value) -> Value {
    let mut state = state.clone();
    if let Some(policy) = parsed(state.get("policy"))
        && let Some(map) = state.as_object_mut()
    {
        map.insert("policy".to_owned(), policy);
    }
    state
}
