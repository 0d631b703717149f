//! `/status`: every step of an incident, who wanted it and why.

use crate::Desk;
use incident::IncidentId;
use incident::containment::{ActionRecord, ActionRunner, Order, Reversal};
use incident::ports::{Responses, Settings};
use incident::records::{Listing, Records};
use platform::Answer;
use platform::Halt;
use serde_json::{Value, json};

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    pub(crate) async fn status(&self, incident: Option<&String>) -> Result<Answer, Halt> {
        let id = incident.cloned().and_then(|id| IncidentId::try_from(id).ok());
        let malformed = || Halt::refuse(400, "malformed", "`incident` is `inc-` and 20 hexadecimal digits");
        let id = id.ok_or_else(malformed)?;
        let (incident, records) = self.known(&id).await?;
        let orders: Vec<Order> = self.records.list(&Listing::of_incident(&id, "ORDER#")).await?;
        let reversals: Vec<Reversal> = self.records.list(&Listing::of_incident(&id, "REVERSAL#")).await?;
        let steps: Vec<Value> = records.iter().map(|record| shown(record, &orders, &reversals)).collect();
        let incident = json!({
            "id": incident.id, "title": incident.title, "aware_at": incident.aware_at, "closed_at": incident.closed_at,
            "absorbed_by": incident.absorbed_by,
        });
        Ok(Answer::of(200, &json!({"incident": incident, "steps": steps})))
    }
}

/// A step as it is answered. Of the state as found it says where something stood, and not what: it may be long, and whoever
/// restores it has it from the record.
fn shown(record: &ActionRecord, orders: &[Order], reversals: &[Reversal]) -> Value {
    let parsed = |text: &Option<String>| text.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let order = orders.iter().find(|order| record.order.as_ref() == Some(&order.id));
    let ordered = order.map(|order| {
        json!({"order": order.id, "by": order.by, "reason": order.reason, "at": order.at, "approval": order.approval})
    });
    let wished = reversals.iter().filter(|reversal| reversal.step == record.step);
    let mut wished: Vec<&Reversal> = wished.collect();
    wished.sort_by_key(|reversal| reversal.at);
    let wished: Vec<Value> = wished
        .iter()
        .map(|reversal| json!({"by": reversal.by, "reason": reversal.reason, "at": reversal.at}))
        .collect();
    let mut step = json!(record);
    if let Some(members) = step.as_object_mut() {
        members.remove("incident");
        members.insert("before".to_owned(), json!(parsed(&record.before).map(|before| pointers(&before))));
        members.insert("observation".to_owned(), json!(parsed(&record.observation)));
        members.insert("ordered".to_owned(), json!(ordered));
        members.insert("reversals".to_owned(), json!(wished));
    }
    step
}

/// Where something stands in a document: JSON pointers (RFC 6901), in order.
fn pointers(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(value, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(list) if !list.is_empty() => {
                for (place, value) in list.iter().enumerate() {
                    walk(value, &format!("{at}/{place}"), found);
                }
            }
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                found.push(at.to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::pointers;
    use serde_json::json;

    #[test]
    fn places_are_told_and_not_what_stands_there() {
        let state = json!({"a/b": {"c": [1, {"d": "x"}]}, "none": null, "policy": "{}", "empty": []});
        assert_eq!(pointers(&state), ["/a~1b/c/0", "/a~1b/c/1/d", "/empty", "/policy"]);
    }
}
