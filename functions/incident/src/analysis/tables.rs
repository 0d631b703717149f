//! The tables of known types and controls: facts in files, read once.

use super::Reason;
use crate::finding::Category;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use std::collections::HashMap;
use std::sync::LazyLock;

const CONFIG_RULES: &str = include_str!("config_rules.tsv");
const GUARDDUTY_TYPES: &str = include_str!("guardduty_types.tsv");
const MACIE_TYPES: &str = include_str!("macie_types.tsv");
const SECURITYHUB_CONTROLS: &str = include_str!("securityhub_controls.tsv");

/// What is known of one type: its family, its category, and which table says so.
type Known = (&'static str, Category, Reason<'static>);

/// By `Purpose:Resource`, the families of that prefix. No type of GuardDuty is one of Macie's, so one table holds both.
static TYPES: LazyLock<HashMap<&str, Vec<Known>>> = LazyLock::new(|| {
    let mut types: HashMap<&str, Vec<Known>> = HashMap::new();
    for (table, reason) in [(GUARDDUTY_TYPES, Reason::GuardDutyType), (MACIE_TYPES, Reason::MacieType)] {
        for row in rows(table) {
            if let [category, prefix, families] = row.as_slice()
                && let Some(category) = named(category)
            {
                types.entry(prefix).or_default().extend(families.split(' ').map(|family| (family, category, reason)));
            }
        }
    }
    types
});

static CONTROLS: LazyLock<HashMap<&str, Category>> = LazyLock::new(|| {
    let mut controls = HashMap::new();
    for row in rows(SECURITYHUB_CONTROLS) {
        if let [category, ids] = row.as_slice()
            && let Some(category) = named(category)
        {
            controls.extend(ids.split(' ').map(|id| (id, category)));
        }
    }
    controls
});

static RULES: LazyLock<HashMap<&str, Category>> = LazyLock::new(|| {
    let mut rules = HashMap::new();
    for row in rows(CONFIG_RULES) {
        if let [category, names] = row.as_slice()
            && let Some(category) = named(category)
        {
            rules.extend(names.split(' ').map(|name| (name, category)));
        }
    }
    rules
});

/// The category of a type that is in a user guide. Before 2018 GuardDuty wrote some with a space for the slash.
pub(super) fn of_type(kind: &str) -> Option<(Category, Reason<'static>)> {
    let (prefix, family) = kind.split_once(['/', ' '])?;
    let known = TYPES.get(prefix)?.iter().find(|(known, ..)| *known == family);
    known.map(|(_, category, reason)| (*category, *reason))
}

/// The category of a control whose failure is an exposure.
pub(super) fn of_control(control: &str) -> Option<(Category, Reason<'static>)> {
    CONTROLS.get(control).map(|category| (*category, Reason::Control))
}

/// The category of a managed rule of Config whose breach is more than a misconfiguration. Who deploys one may add to its name:
/// Security Hub and conformance packs write `securityhub-s3-bucket-public-read-prohibited-1a2b3c4d`.
pub(super) fn of_rule(rule: &str) -> Option<Category> {
    let of_beginning = |name: &str| {
        let ends = name.match_indices('-').map(|(at, _)| at).chain([name.len()]);
        ends.rev().find_map(|end| RULES.get(name.get(..end)?).copied())
    };
    of_beginning(rule).or_else(|| of_beginning(rule.strip_prefix("securityhub-")?))
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// A category by the name that it is written out under.
pub(crate) fn named(name: &str) -> Option<Category> {
    let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
    Category::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::{
        CONFIG_RULES, CONTROLS, GUARDDUTY_TYPES, MACIE_TYPES, RULES, Reason, SECURITYHUB_CONTROLS, TYPES, named,
        of_control, of_rule, of_type, rows,
    };

    #[test]
    fn every_row_is_whole_and_every_type_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for (table, reason, types) in
            [(GUARDDUTY_TYPES, Reason::GuardDutyType, 245), (MACIE_TYPES, Reason::MacieType, 11)]
        {
            let before = seen.len();
            for row in rows(table) {
                let [category, prefix, families] = row.as_slice() else { panic!("{row:?}") };
                let category = named(category).unwrap_or_else(|| panic!("{category}"));
                for family in families.split(' ') {
                    let kind = format!("{prefix}/{family}");
                    assert_eq!(of_type(&kind), Some((category, reason)), "{kind}");
                    assert!(!family.is_empty() && seen.insert(kind), "{prefix}/{family}");
                }
            }
            assert_eq!(seen.len() - before, types);
        }
        assert_eq!(TYPES.values().map(Vec::len).sum::<usize>(), seen.len());
    }

    #[test]
    fn every_control_stands_once() {
        let mut ids = 0;
        for row in rows(SECURITYHUB_CONTROLS) {
            let [category, controls] = row.as_slice() else { panic!("{row:?}") };
            let category = named(category).unwrap_or_else(|| panic!("{category}"));
            for id in controls.split(' ') {
                assert_eq!(of_control(id), Some((category, Reason::Control)), "{id}");
                ids += 1;
            }
        }
        assert_eq!(CONTROLS.len(), ids);
    }

    #[test]
    fn every_rule_stands_once() {
        let mut names = 0;
        for row in rows(CONFIG_RULES) {
            let [category, rules] = row.as_slice() else { panic!("{row:?}") };
            let category = named(category).unwrap_or_else(|| panic!("{category}"));
            for name in rules.split(' ') {
                assert_eq!(of_rule(name), Some(category), "{name}");
                names += 1;
            }
        }
        assert_eq!(RULES.len(), names);
    }

    #[test]
    fn a_rule_is_known_by_the_name_that_its_own_begins_with() {
        for (rule, known) in [
            ("s3-bucket-public-read-prohibited-conformance-pack-abc123", Some("s3-bucket-public-read-prohibited")),
            ("securityhub-rds-snapshots-public-prohibited-1a2b3c4d", Some("rds-snapshots-public-prohibited")),
            ("cloudtrail-enabledness", None),
            ("s3-bucket-public", None),
            ("s3-bucket-level-public-access-prohibited", None),
            ("own-rule", None),
            ("", None),
        ] {
            assert_eq!(of_rule(rule), known.and_then(of_rule), "{rule}");
            assert_eq!(of_rule(rule).is_some(), known.is_some(), "{rule}");
        }
    }
}
