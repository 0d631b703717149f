//! The document's form. What is refused is named by its field, never by its value.

use super::rule::{Rule, TypePattern};
use super::{Scope, builtin};
use crate::signed::{Checked, DocumentError, Period, each, is_account, moment, read_json, refuse};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The value of the field `format`.
const FORMAT: &str = "tocsin-scope/1";

/// The shortest marker, in characters: a shorter one stands in names by chance.
const SHORTEST_MARKER: usize = 8;

/// The widest networks, as prefix lengths: nobody scans from a wider one.
const WIDEST: (u8, u8) = (8, 32);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    issued_at: String,
    valid_until: String,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    shared_addresses: Vec<String>,
    #[serde(default)]
    rules: Vec<DocumentRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentRule {
    id: String,
    reason: String,
    #[serde(default, deserialize_with = "present")]
    until: Option<String>,
    #[serde(default, deserialize_with = "present")]
    accounts: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    regions: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    sources: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    types: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    addresses: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    entities: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    markers: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    severity_below: Option<u8>,
}

/// A condition that is `null` is refused: whoever wrote it meant something else than no condition.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Reads the document.
pub(super) fn read(bytes: &[u8]) -> Result<Scope, DocumentError> {
    read_json::<Document>(bytes)?.check()
}

impl Document {
    fn check(self) -> Result<Scope, DocumentError> {
        if self.format != FORMAT {
            return Err(refuse("format", format!("is not `{FORMAT}`")));
        }
        let period = Period::read(&self.issued_at, &self.valid_until)?;
        let mut ids = BTreeSet::new();
        let mut rules = Vec::with_capacity(self.rules.len());
        for (at, rule) in self.rules.into_iter().enumerate() {
            let rule = rule.check(&format!("rules[{at}]"), period)?;
            if !ids.insert(rule.id.clone()) {
                return Err(refuse(format!("rules[{at}].id"), "is the id of an earlier rule"));
            }
            rules.push(rule);
        }
        Ok(Scope {
            period: Some(period),
            accounts: each("accounts", self.accounts, account)?,
            regions: each("regions", self.regions, region)?,
            shared_addresses: each("shared_addresses", self.shared_addresses, network)?,
            rules,
        })
    }
}

impl DocumentRule {
    fn check(self, path: &str, period: Period) -> Result<Rule, DocumentError> {
        let field = |name: &str| format!("{path}.{name}");
        if !is_id(&self.id) {
            return Err(refuse(field("id"), "is not 1 to 64 lower-case letters, digits and `-`"));
        }
        if builtin::NAMES.contains(&self.id.as_str()) {
            return Err(refuse(field("id"), "is the name of a built-in rule"));
        }
        if self.reason.trim().is_empty() || self.reason.contains(char::is_control) {
            return Err(refuse(field("reason"), "is not one line of text"));
        }
        let until = self.until.map(|until| moment(&field("until"), &until)).transpose()?;
        if until.is_some_and(|until| until <= period.issued_at) {
            return Err(refuse(field("until"), "is not after `issued_at`"));
        }
        // Whoever makes a resource names it, an attacker too. What such a rule can hide must come to an end.
        if self.markers.is_some() && until.is_none() {
            return Err(refuse(field("until"), "is missing: a rule with `markers` must end"));
        }
        if self.severity_below.is_some_and(|limit| !(1..=100).contains(&limit)) {
            return Err(refuse(field("severity_below"), "is not a number from 1 to 100"));
        }
        let rule = Rule {
            id: self.id,
            reason: self.reason,
            until,
            accounts: some(&field("accounts"), self.accounts, account)?,
            regions: some(&field("regions"), self.regions, region)?,
            sources: some(&field("sources"), self.sources, text)?,
            types: some(&field("types"), self.types, type_pattern)?,
            addresses: some(&field("addresses"), self.addresses, network)?,
            entities: some(&field("entities"), self.entities, entity)?,
            markers: some(&field("markers"), self.markers, marker)?,
            severity_below: self.severity_below,
        };
        if rule.is_narrow() { Ok(rule) } else { Err(refuse(path, "needs a condition besides `severity_below`")) }
    }
}

/// The list of a condition, empty where there is none.
fn some<T>(path: &str, texts: Option<Vec<String>>, check: fn(String) -> Checked<T>) -> Result<Vec<T>, DocumentError> {
    match texts {
        Some(texts) if texts.is_empty() => Err(refuse(path, "is empty: leave it out, or list something")),
        texts => each(path, texts.unwrap_or_default(), check),
    }
}

fn account(text: String) -> Checked<String> {
    if is_account(&text) { Ok(text) } else { Err("is not an account id of 12 digits") }
}

/// A misspelt region in the list of regions would put every finding out of scope.
fn region(text: String) -> Checked<String> {
    let mut parts: Vec<&str> = text.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let are_names = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_lowercase()));
    if is_number && are_names && parts.len() >= 2 { Ok(text) } else { Err("is not a region such as `eu-central-1`") }
}

fn network(text: String) -> Checked<IpNet> {
    let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address)));
    let network: IpNet = network.map_err(|_| "is neither a network in CIDR form nor an address")?;
    let widest = if network.addr().is_ipv4() { WIDEST.0 } else { WIDEST.1 };
    if network.trunc() != network {
        Err("has bits of a host: write the network's first address")
    } else if network.prefix_len() < widest {
        Err("is wider than /8 (IPv4) or /32 (IPv6)")
    } else {
        Ok(network)
    }
}

fn text(text: String) -> Checked<String> {
    if text.trim().is_empty() { Err("is empty") } else { Ok(text) }
}

fn type_pattern(text: String) -> Checked<TypePattern> {
    match text.split_once('*') {
        None if text.trim().is_empty() => Err("is empty"),
        None => Ok(TypePattern::Exact(text)),
        Some(("", _)) => Err("begins with `*`: that is every type"),
        Some((prefix, "")) => Ok(TypePattern::Prefix(prefix.to_owned())),
        Some(_) => Err("has a `*` that is not at its end"),
    }
}

fn entity(text: String) -> Checked<String> {
    match text.parse::<IpAddr>() {
        Ok(_) => Err("is an address: it belongs into `addresses`"),
        Err(_) => self::text(text),
    }
}

fn marker(text: String) -> Checked<String> {
    if text.trim().chars().count() < SHORTEST_MARKER { Err("is shorter than 8 characters") } else { Ok(text) }
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}
