//! The request of a call, before it has a host and a signature.

use super::template::{Known, Unfilled};
use super::{Call, Protocol, Service};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, with each part escaped; of S3 it begins with the bucket.
    pub path: String,
    /// The parameters of the query string, unescaped.
    pub query: Vec<(String, String)>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// A call as it is made now.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The call.
    pub call: &'a Call,
    /// Its service.
    pub service: &'a Service,
    /// The request.
    pub request: Request,
}

impl Call {
    /// The request for this page of the call.
    ///
    /// # Errors
    /// Where a parameter has no value.
    pub fn ask<'a>(
        &'a self,
        service: &'a Service,
        known: &Known<'_>,
        tokens: &BTreeMap<String, String>,
    ) -> Result<Asked<'a>, Unfilled> {
        let mut with = known.fill_members(&self.with)?;
        with.extend(tokens.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))));
        let request = match service.protocol {
            Protocol::Query => {
                let mut pairs = vec![
                    ("Action".to_owned(), self.operation.clone()),
                    ("Version".to_owned(), service.version.clone()),
                ];
                flatten(&mut pairs, String::new(), &Value::Object(with));
                let body = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
                Request {
                    method: "POST".to_owned(),
                    path: "/".to_owned(),
                    query: Vec::new(),
                    headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
                    body: body.collect::<Vec<_>>().join("&"),
                }
            }
            Protocol::Json | Protocol::Json10 => Request {
                method: "POST".to_owned(),
                path: "/".to_owned(),
                query: Vec::new(),
                headers: vec![
                    ("content-type", content_type(service.protocol).to_owned()),
                    ("x-amz-target", format!("{}.{}", service.target, self.operation)),
                ],
                body: Value::Object(with).to_string(),
            },
            Protocol::Rest | Protocol::RestJson => self.rest(service.protocol, known, with)?,
        };
        Ok(Asked { call: self, service, request })
    }

    fn rest(&self, protocol: Protocol, known: &Known<'_>, with: Map<String, Value>) -> Result<Request, Unfilled> {
        let path = known.fill_as(&self.path, |value| match protocol {
            // A key of S3 keeps its slashes.
            Protocol::Rest => value.split('/').map(escape).collect::<Vec<_>>().join("/"),
            Protocol::RestJson | Protocol::Query | Protocol::Json | Protocol::Json10 => escape(&value),
        })?;
        let in_body = protocol == Protocol::RestJson && self.method != "GET";
        let mut query = Vec::new();
        if !in_body {
            flatten(&mut query, String::new(), &Value::Object(with.clone()));
        }
        Ok(Request {
            method: self.method.clone(),
            path,
            query,
            headers: if in_body { vec![("content-type", "application/json".to_owned())] } else { Vec::new() },
            body: if in_body { Value::Object(with).to_string() } else { String::new() },
        })
    }
}

fn content_type(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Json10 { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" }
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
pub(super) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}
