//! The tables of known types and controls: facts in files, read once.

use crate::finding::Category;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use std::collections::HashMap;
use std::sync::LazyLock;

const GUARDDUTY_TYPES: &str = include_str!("guardduty_types.tsv");
const SECURITYHUB_CONTROLS: &str = include_str!("securityhub_controls.tsv");

/// By `Purpose:Resource`, the families of that prefix with their categories.
static TYPES: LazyLock<HashMap<&str, Vec<(&str, Category)>>> = LazyLock::new(|| {
    let mut types: HashMap<&str, Vec<(&str, Category)>> = HashMap::new();
    for row in rows(GUARDDUTY_TYPES) {
        if let [category, prefix, families] = row.as_slice()
            && let Some(category) = named(category)
        {
            types.entry(prefix).or_default().extend(families.split(' ').map(|family| (family, category)));
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

/// The category of a GuardDuty type that is in the user guide. Before 2018 some were written with a space for the slash.
pub(super) fn of_type(kind: &str) -> Option<Category> {
    let (prefix, family) = kind.split_once(['/', ' '])?;
    TYPES.get(prefix)?.iter().find(|(known, _)| *known == family).map(|(_, category)| *category)
}

/// The category of a control whose failure is an exposure.
pub(super) fn of_control(control: &str) -> Option<Category> {
    CONTROLS.get(control).copied()
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// A category by the name that it is written out under.
fn named(name: &str) -> Option<Category> {
    let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
    Category::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::{CONTROLS, GUARDDUTY_TYPES, SECURITYHUB_CONTROLS, TYPES, named, of_type, rows};

    #[test]
    fn every_row_is_whole_and_every_type_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for row in rows(GUARDDUTY_TYPES) {
            let [category, prefix, families] = row.as_slice() else { panic!("{row:?}") };
            assert!(named(category).is_some(), "{category}");
            for family in families.split(' ') {
                assert!(!family.is_empty() && seen.insert(format!("{prefix}/{family}")), "{prefix}/{family}");
            }
        }
        assert_eq!(seen.len(), 245);
        assert!(seen.iter().all(|kind| of_type(kind).is_some()));
        assert_eq!(TYPES.values().map(Vec::len).sum::<usize>(), seen.len());
    }

    #[test]
    fn every_control_stands_once() {
        let ids: Vec<&str> =
            rows(SECURITYHUB_CONTROLS).filter_map(|row| row.get(1).copied()).flat_map(|ids| ids.split(' ')).collect();
        assert!(
            rows(SECURITYHUB_CONTROLS)
                .all(|row| row.len() == 2 && row.first().is_some_and(|name| named(name).is_some()))
        );
        assert_eq!(CONTROLS.len(), ids.len());
    }
}
