//! What a metric is a sign of: a table in a file, read once.

use crate::analysis;
use crate::finding::{Category, Severity};
use crate::sources::node::Node;
use crate::sources::severity;
use std::sync::LazyLock;

const METRICS: &str = include_str!("metrics.tsv");

/// What an alarm on a metric means.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    pub(super) category: Category,
    pub(super) severity: Severity,
}

struct Row {
    namespace: &'static str,
    metric: &'static str,
    word: &'static str,
    sign: Sign,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = METRICS.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        let [namespace, metric, word, category, severity] = *columns.as_slice() else { return None };
        let sign = Sign { category: analysis::category_named(category)?, severity: severity::of_label(severity)? };
        Some(Row { namespace, metric, word, sign })
    })
    .collect()
});

/// The sign that a metric is; `None` for one of a namespace that is not in the table.
pub(super) fn sign(metric: &Node<'_, '_>) -> Option<Sign> {
    let (namespace, name) = (metric.get("namespace").text()?, metric.get("name").text()?);
    let dimensions = metric.get("dimensions");
    let mut words: Vec<String> = Vec::new();
    for (dimension, value) in dimensions.members() {
        words.push(dimension.to_ascii_lowercase());
        words.extend(value.text().map(str::to_ascii_lowercase));
    }
    let row = TABLE.iter().find(|row| {
        row.namespace == namespace
            && (row.metric == "*" || row.metric == name)
            && (row.word == "*" || words.iter().any(|word| word.contains(row.word)))
    })?;
    Some(row.sign.clone())
}

#[cfg(test)]
mod tests {
    use super::{METRICS, TABLE, sign};
    use crate::finding::Category;
    use crate::sources::node::Node;
    use serde_json::{Value, json};

    fn category(namespace: &str, name: &str, dimensions: Value) -> Option<Category> {
        let metric = json!({"namespace": namespace, "name": name, "dimensions": dimensions});
        sign(&Node::root(&metric)).map(|sign| sign.category)
    }

    #[test]
    fn every_row_is_whole_and_the_pattern_lets_in_its_namespaces() {
        assert_eq!(TABLE.len(), METRICS.lines().filter(|line| !line.starts_with('#')).count());
        let pattern: Value = serde_json::from_str(include_str!("pattern.json")).expect("the pattern is JSON");
        let listed = &pattern["detail"]["configuration"]["metrics"]["metricStat"]["metric"]["namespace"];
        let listed = listed.as_array().expect("the pattern lists namespaces");
        assert!(TABLE.iter().all(|row| listed.contains(&json!(row.namespace))));
        assert!(listed.iter().all(|namespace| TABLE.iter().any(|row| namespace == row.namespace)));
    }

    #[test]
    fn metrics_tell_by_name_and_by_dimension() {
        for (namespace, name, dimensions, expected) in [
            ("AWS/Cognito", "CompromisedCredentialRisk", json!({"UserPoolId": "x"}), Some(Category::AccountTakeover)),
            ("AWS/Cognito", "NoRisk", json!({}), None),
            (
                "AWS/WAFV2",
                "CountedRequests",
                json!({"LabelNamespace": "awswaf:managed:aws:atp:signal", "Label": "credential_compromised"}),
                Some(Category::AccountTakeover),
            ),
            (
                "AWS/WAFV2",
                "BlockedRequests",
                json!({"WebACL": "shop", "Rule": "LoginRate"}),
                Some(Category::AccountTakeover),
            ),
            ("AWS/WAFV2", "BlockedRequests", json!({"WebACL": "shop", "Rule": "ALL"}), Some(Category::DenialOfService)),
            ("AWS/ApiGateway", "4XXError", json!({"ApiName": "x"}), Some(Category::AccountTakeover)),
            ("AWS/ApiGateway", "Count", json!({"ApiName": "x"}), Some(Category::DenialOfService)),
            ("AWS/ApiGateway", "Latency", json!({"ApiName": "x"}), Some(Category::Unclassified)),
            ("AWS/EC2", "CPUUtilization", json!({}), None),
        ] {
            assert_eq!(category(namespace, name, dimensions), expected, "{namespace} {name}");
        }
    }
}
