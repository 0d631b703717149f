//! Which control a Security Hub finding is about.

use crate::sources::node::Node;
use std::borrow::Cow;

/// The control's id: as consolidated findings state it (`S3.2`), else as the standard's own findings do (`PCI.S3.2`). The
/// CIS benchmark numbers its rules, so its name goes before: `cis-aws-foundations-benchmark/v/1.2.0/2.3`.
pub(super) fn of<'v>(finding: &Node<'v, '_>) -> Option<Cow<'v, str>> {
    let consolidated = finding.get("Compliance").get("SecurityControlId").text();
    let fields = finding.get("ProductFields");
    consolidated
        .or_else(|| fields.get("ControlId").text())
        .map(Cow::Borrowed)
        .or_else(|| finding.get("GeneratorId").text().and_then(of_generator))
}

fn of_generator(generator: &str) -> Option<Cow<'_, str>> {
    if let Some(control) = generator.strip_prefix("security-control/") {
        return Some(Cow::Borrowed(control)).filter(|control| !control.is_empty());
    }
    let (before, rule) = generator.rsplit_once('/')?;
    let standard = before
        .trim_end_matches("/rule")
        .rsplit_once(":ruleset/")
        .map_or_else(|| before.trim_end_matches("/rule"), |(_, standard)| standard);
    if !standard.contains("/v/") || rule.is_empty() {
        None
    } else if rule.starts_with(|first: char| first.is_ascii_alphabetic()) {
        Some(Cow::Borrowed(rule))
    } else {
        Some(Cow::Owned(format!("{standard}/{rule}")))
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::sources::node::Node;
    use serde_json::{Value, json};

    fn control(finding: Value) -> Option<String> {
        of(&Node::root(&finding)).map(|control| control.into_owned())
    }

    #[test]
    fn reads_the_control_in_every_form() {
        for (finding, expected) in [
            (json!({"Compliance": {"SecurityControlId": "S3.2"}, "GeneratorId": "x"}), Some("S3.2")),
            (json!({"GeneratorId": "security-control/S3.12"}), Some("S3.12")),
            (json!({"GeneratorId": "aws-foundational-security-best-practices/v/1.0.0/EC2.1"}), Some("EC2.1")),
            (json!({"GeneratorId": "pci-dss/v/3.2.1/PCI.S3.1"}), Some("PCI.S3.1")),
            (
                json!({"GeneratorId": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/2.3"}),
                Some("cis-aws-foundations-benchmark/v/1.2.0/2.3"),
            ),
            (
                json!({"GeneratorId": "cis-aws-foundations-benchmark/v/1.4.0/2.1.5.1"}),
                Some("cis-aws-foundations-benchmark/v/1.4.0/2.1.5.1"),
            ),
            (json!({"GeneratorId": "own-tool"}), None),
            (json!({"GeneratorId": "security-control/"}), None),
            (json!({}), None),
        ] {
            assert_eq!(control(finding.clone()).as_deref(), expected, "{finding}");
        }
    }
}
