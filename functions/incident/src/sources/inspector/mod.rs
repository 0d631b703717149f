//! Findings of Amazon Inspector: vulnerabilities of packages and of code, and ports that the internet reaches, as its events
//! write them and as its API does (`ListFindings`).
//!
//! Each says what could be done to a resource, not that it was: all are misconfigurations.

mod resource;

use super::arn::Arn;
use super::entities::Entities;
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, is_marked_sample, region, severity};
use crate::finding::{Category, Finding};
use std::borrow::Cow;

/// The name of this source and of its format.
const NAME: &str = "inspector";

/// This source.
pub(super) const SOURCE: Source = Source { detail_types: &["Inspector2 Finding"], list: None, claims, translate };

/// Whether a document that arrived without an envelope is an Inspector finding.
fn claims(document: &Node<'_, '_>) -> bool {
    let arn = document.get("findingArn").text();
    arn.is_some_and(|arn| arn.contains(":inspector2:")) || (arn.is_some() && document.get("awsAccountId").exists())
}

/// Translates one finding.
fn translate(finding: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let id = finding.get("findingArn").required()?;
    let kind = finding.get("type").required()?;
    let arn = finding.get("findingArn").text().and_then(Arn::parse);
    let account = finding
        .get("awsAccountId")
        .name()
        .or_else(|| arn.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Cow::Borrowed))
        .or_else(|| envelope.account.clone())
        .ok_or_else(|| finding.get("awsAccountId").refused_as_identity())?;

    let mut entities = Entities::default();
    for resource in finding.get("resources").items() {
        resource::read(&mut entities, &resource);
    }
    resource::read_path(&mut entities, &finding.get("networkReachabilityDetails").get("networkPath"));

    let title = title(finding, &kind);
    Ok(Finding {
        category: Category::Misconfiguration,
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        confidence: severity::confidence(&finding.get("confidence"), &kind),
        severity: severity::of_inspector(&finding.get("severity"), &finding.get("inspectorScore")),
        region: region([
            finding.get("resources").items().find_map(|resource| resource.get("region").text()),
            arn.map(|arn| arn.region),
            envelope.region,
        ]),
        first_seen: finding.get("firstObservedAt").moment(),
        last_seen: finding.get("lastObservedAt").moment().or_else(|| finding.get("updatedAt").moment()),
        updated_at: finding.get("updatedAt").moment(),
        sample: is_marked_sample(&title),
        archived: matches!(finding.get("status").text(), Some("SUPPRESSED" | "CLOSED")),
        entities: entities.finish(),
        title,
        id: id.into_owned(),
        kind: kind.into_owned(),
        account: account.into_owned(),
    })
}

/// The finding's own title, which always tells the vulnerability or the port, and what a responder asks next: whether there
/// is an exploit for it.
fn title(finding: &Node<'_, '_>, kind: &str) -> String {
    let vulnerability = finding.get("packageVulnerabilityDetails").get("vulnerabilityId").text();
    let detector = finding.get("codeVulnerabilityDetails").get("detectorName").text();
    let named = vulnerability.or(detector);
    let mut title = match (finding.get("title").text(), named) {
        (Some(title), Some(named)) if !title.contains(named) => format!("{named}: {title}"),
        (Some(title), _) => title.to_owned(),
        (None, Some(named)) => named.to_owned(),
        (None, None) => ports(&finding.get("networkReachabilityDetails")).unwrap_or_else(|| kind.to_owned()),
    };
    if finding.get("exploitAvailable").text() == Some("YES") {
        title.push_str(" (an exploit is known)");
    }
    title
}

/// The ports that are reached, in words.
fn ports(reachability: &Node<'_, '_>) -> Option<String> {
    let range = reachability.get("openPortRange");
    let (begin, end) = (range.get("begin").code()?, range.get("end").code()?);
    let protocol = reachability.get("protocol").text().unwrap_or("TCP or UDP");
    Some(if begin == end {
        format!("Port {begin} ({protocol}) is reachable from the internet")
    } else {
        format!("Ports {begin} to {end} ({protocol}) are reachable from the internet")
    })
}

#[cfg(test)]
mod tests {
    use super::title;
    use crate::sources::node::Node;
    use serde_json::json;

    #[test]
    fn the_title_names_the_vulnerability_or_the_port_and_a_known_exploit() {
        let package = json!({"vulnerabilityId": "CVE-2026-0001"});
        for (finding, expected) in [
            (
                json!({"title": "CVE-2026-0001 - openssl", "packageVulnerabilityDetails": package}),
                "CVE-2026-0001 - openssl",
            ),
            (json!({"title": "openssl", "packageVulnerabilityDetails": package}), "CVE-2026-0001: openssl"),
            (json!({"packageVulnerabilityDetails": package}), "CVE-2026-0001"),
            (
                json!({"title": "CVE-2026-0001", "packageVulnerabilityDetails": package, "exploitAvailable": "YES"}),
                "CVE-2026-0001 (an exploit is known)",
            ),
            (
                json!({"networkReachabilityDetails": {"openPortRange": {"begin": 22, "end": 22}, "protocol": "TCP"}}),
                "Port 22 (TCP) is reachable from the internet",
            ),
            (
                json!({"networkReachabilityDetails": {"openPortRange": {"begin": 8000, "end": 8080}}}),
                "Ports 8000 to 8080 (TCP or UDP) are reachable from the internet",
            ),
            (json!({}), "CODE_VULNERABILITY"),
        ] {
            assert_eq!(title(&Node::root(&finding), "CODE_VULNERABILITY"), expected, "{finding}");
        }
    }
}
