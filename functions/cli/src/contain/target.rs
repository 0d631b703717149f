//! One action on one resource, as it is given on the command line.

use super::ContainError;
use incident::IncidentId;
use incident::containment::ActionId;
use serde_json::{Map, Value, json};

/// What is meant.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The action, such as `lock-bucket`; `tocsin contain actions` lists them.
    action: String,
    /// The resource, by its name in its service: an instance id, a bucket name, a role name.
    target: String,
    /// Its account, twelve digits; by default that of the credentials.
    #[arg(long)]
    account: Option<String>,
    /// Its region; by default that of the responder. Names of IAM have none.
    #[arg(long)]
    region: Option<String>,
}

impl Target {
    /// The members of a request. What is wrong with an argument is found before anything is sent.
    pub(super) fn request(&self, incident: Option<&String>, reason: Option<&String>) -> Result<Value, ContainError> {
        let Self { action, target, account, region } = self;
        let mut request = Map::from_iter([("target".to_owned(), json!(named("TARGET", target)?))]);
        let action =
            ActionId::named(action).ok_or_else(|| wrong("ACTION", format!("there is no action `{action}`")))?;
        request.insert("action".to_owned(), json!(action));
        if let Some(incident) = incident {
            request.insert("incident".to_owned(), json!(incident_id(incident)?));
        }
        if let Some(account) = account {
            if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(wrong("--account", format!("`{account}` is not twelve digits")));
            }
            request.insert("account".to_owned(), json!(account));
        }
        if let Some(region) = region {
            request.insert("region".to_owned(), json!(named("--region", region)?));
        }
        if let Some(reason) = reason {
            if reason.trim().is_empty() {
                return Err(wrong("--reason", "it says nothing".to_owned()));
            }
            request.insert("reason".to_owned(), json!(reason));
        }
        Ok(Value::Object(request))
    }

    /// Whether a step of `status` is the one that is meant. Without an account or a region, it is that of any.
    pub(super) fn is(&self, step: &Value) -> bool {
        let member = |name: &str| step.get(name).and_then(Value::as_str);
        let fits = |name: &str, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| member(name).is_none_or(|own| own == wanted))
        };
        step.get("pass") == Some(&json!(1))
            && member("action") == Some(&self.action)
            && member("target") == Some(&self.target)
            && fits("account", &self.account)
            && fits("region", &self.region)
    }
}

/// The id of an incident.
pub(super) fn incident_id(text: &str) -> Result<IncidentId, ContainError> {
    let problem = || format!("`{text}` is not an incident: ids are `inc-` and 20 hexadecimal digits");
    IncidentId::try_from(text.to_owned()).map_err(|_| wrong("--incident", problem()))
}

fn named<'a>(argument: &'static str, text: &'a str) -> Result<&'a str, ContainError> {
    let is_name = !text.is_empty() && !text.contains(char::is_whitespace);
    if is_name { Ok(text) } else { Err(wrong(argument, "it is empty, or has spaces in it".to_owned())) }
}

fn wrong(argument: &'static str, problem: String) -> ContainError {
    ContainError::Argument { argument, problem }
}
