//! The calls that are findings: a table in a file, read once.

use super::condition::Condition;
use crate::analysis;
use crate::finding::{Category, Severity};
use crate::sources::severity;
use std::collections::HashMap;
use std::sync::LazyLock;

const CALLS: &str = include_str!("calls.tsv");

/// One row.
pub(super) struct Call {
    source: &'static str,
    pub(super) condition: Condition,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
}

/// By `eventName`; some are calls of several services.
static TABLE: LazyLock<HashMap<&str, Vec<Call>>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Vec<Call>> = HashMap::new();
    for (name, call) in CALLS.lines().filter(|line| !line.starts_with('#')).filter_map(call) {
        table.entry(name).or_default().push(call);
    }
    table
});

fn call(row: &'static str) -> Option<(&'static str, Call)> {
    let columns: Vec<&str> = row.split('\t').collect();
    let [source, name, condition, category, severity, title] = *columns.as_slice() else { return None };
    let call = Call {
        source,
        condition: Condition::named(condition)?,
        category: analysis::category_named(category)?,
        severity: severity::of_label(severity)?,
        title,
    };
    Some((name, call))
}

/// The row of a call; `None` for one that is no finding.
pub(super) fn find(source: &str, name: &str) -> Option<&'static Call> {
    TABLE.get(name)?.iter().find(|call| call.source == source)
}

#[cfg(test)]
mod tests {
    use super::{CALLS, Call, TABLE};
    use crate::sources::cloudtrail::condition::Condition;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    /// The names of a list in the pattern.
    fn listed(pattern: &Value) -> BTreeSet<&str> {
        pattern.as_array().expect("a pattern has lists").iter().filter_map(Value::as_str).collect()
    }

    #[test]
    fn every_row_is_whole_and_every_call_stands_once() {
        let rows = CALLS.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(calls().len(), rows);
    }

    /// Every call: its event source, its event name, and the branch of the pattern that its condition belongs to.
    fn calls() -> BTreeSet<(&'static str, &'static str, Branch)> {
        let of = |(name, calls): (&&'static str, &'static Vec<Call>)| {
            let name = *name;
            calls.iter().map(move |call| (call.source, name, Branch::of(call.condition))).collect::<Vec<_>>()
        };
        TABLE.iter().flat_map(of).collect()
    }

    /// Reading and writing objects, and the root user's doings, are told apart by more than the name of the call, so the
    /// pattern narrows them: the others of their name are many.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Branch {
        Plain,
        CustomerKey,
        Root,
    }

    impl Branch {
        fn of(condition: Condition) -> Self {
            if condition == Condition::CustomerKey {
                Self::CustomerKey
            } else if condition == Condition::Root {
                Self::Root
            } else {
                Self::Plain
            }
        }
    }

    /// EventBridge takes 2,048 characters (quota "Event pattern size").
    #[test]
    fn the_pattern_lets_in_what_the_table_names_and_fits_the_quota() {
        let pattern: Value = serde_json::from_str(include_str!("pattern.json")).expect("the pattern is JSON");
        assert!(pattern.to_string().len() <= 2048, "{}", pattern.to_string().len());
        let calls = calls();
        let [plain, customer_key, root] = pattern["detail"]["$or"].as_array().expect("branches").as_slice() else {
            panic!("the pattern has three branches");
        };
        assert_eq!(customer_key["additionalEventData"], json!({"SSEApplied": ["SSE_C"]}));
        assert_eq!(root["userIdentity"], json!({"type": ["Root"]}));
        for (narrowed, branch) in [(plain, Branch::Plain), (customer_key, Branch::CustomerKey), (root, Branch::Root)] {
            let of_branch = || calls.iter().filter(|(.., of)| *of == branch);
            let sources: BTreeSet<&str> = of_branch().map(|(source, ..)| *source).collect();
            let names: BTreeSet<&str> = of_branch().map(|(_, name, _)| *name).collect();
            assert_eq!((listed(&narrowed["eventSource"]), listed(&narrowed["eventName"])), (sources, names));
        }
        let services = calls.iter().map(|(source, ..)| format!("aws.{}", source.trim_end_matches(".amazonaws.com")));
        let services: BTreeSet<String> = services.collect();
        assert_eq!(listed(&pattern["source"]), services.iter().map(String::as_str).collect());
    }
}
