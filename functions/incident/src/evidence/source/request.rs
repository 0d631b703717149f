//! The request of a call, before it has a host and a signature.

use super::template::{Known, Unfilled, global_region, suffix};
use super::{Call, Protocol, Service};
use serde_json::Value;
use std::collections::BTreeMap;

/// A request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The region that is asked and signed for.
    pub region: String,
    /// The name that is signed for.
    pub signing: String,
    /// The host, without a bucket in front.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, with each part escaped; of S3 it begins with the bucket.
    pub path: String,
    /// The parameters of the query string, unescaped.
    pub query: Vec<(String, String)>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Call {
    /// The request for this page of the call.
    ///
    /// # Errors
    /// Where a parameter has no value.
    pub fn request(
        &self,
        service: &Service,
        known: &Known<'_>,
        tokens: &BTreeMap<String, String>,
    ) -> Result<Request, Unfilled> {
        let region = match &self.region {
            Some(region) => known.fill(region)?,
            None if service.global => global_region(known.partition).to_owned(),
            None => known.region.to_owned(),
        };
        let known = Known { region: &region, ..known.clone() };
        let mut with = known.fill_members(&self.with)?;
        with.extend(tokens.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))));
        let mut headers = Vec::new();
        for (name, value) in &service.headers {
            headers.push((name.clone(), known.fill(value)?));
        }
        let (mut method, mut path, mut query) = ("POST".to_owned(), "/".to_owned(), Vec::new());
        let mut of_type = |form: &str| headers.push(("content-type".to_owned(), form.to_owned()));
        let body = match service.protocol {
            Protocol::Query => {
                of_type("application/x-www-form-urlencoded; charset=utf-8");
                let mut pairs = vec![
                    ("Action".to_owned(), self.operation.clone()),
                    ("Version".to_owned(), service.version.clone()),
                ];
                flatten(&mut pairs, String::new(), &Value::Object(with));
                let pairs = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
                pairs.collect::<Vec<_>>().join("&")
            }
            Protocol::Json => {
                of_type(&format!("application/x-amz-json-{}", service.json));
                headers.push(("x-amz-target".to_owned(), format!("{}.{}", service.target, self.operation)));
                Value::Object(with).to_string()
            }
            Protocol::Rest | Protocol::RestJson => {
                path = known.fill_as(&self.path, |name, value| match name {
                    // A key of S3 keeps its slashes.
                    "key" => value.split('/').map(escape).collect::<Vec<_>>().join("/"),
                    _ => escape(&value),
                })?;
                method.clone_from(&self.method);
                if service.protocol == Protocol::RestJson && method != "GET" {
                    of_type("application/json");
                    Value::Object(with).to_string()
                } else {
                    flatten(&mut query, String::new(), &Value::Object(with));
                    String::new()
                }
            }
        };
        let host = match &service.host {
            Some(host) => known.fill(host)?,
            None if service.global => format!("{}.{}", self.service, suffix(known.partition)),
            None => format!("{}.{region}.{}", self.service, suffix(known.partition)),
        };
        let signing = service.signing.as_ref().unwrap_or(&self.service).clone();
        Ok(Request { region, signing, host, method, path, query, headers, body })
    }
}

/// The members of a value as pairs of names joined by dots and texts.
fn flatten(pairs: &mut Vec<(String, String)>, name: String, value: &Value) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| flatten(pairs, below(member), value));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| flatten(pairs, below(&(place + 1).to_string()), value));
        }
        Value::String(text) => pairs.push((name, text.clone())),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => pairs.push((name, value.to_string())),
    }
}

/// Percent-encoding of everything but the unreserved characters (RFC 3986, section 2.3), as AWS signs it.
pub fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}
