//! What is made once for each value that an earlier answer holds.

use super::template::Known;
use serde::Deserialize;
use serde_json::Value;

/// Accepts one list of values, or two.
pub(super) fn one_or_two<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lists {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Lists::deserialize(deserializer)? {
        Lists::One(list) => vec![list],
        Lists::Several(lists) => lists,
    })
}

/// Every combination of the values of these lists, of the first list those that are meant.
pub(super) fn rounds(each: &[String], known: &Known<'_>, is_meant: impl Fn(&Value) -> bool) -> Vec<Vec<Value>> {
    each.iter().enumerate().fold(vec![Vec::new()], |rounds, (place, list)| {
        let mut values = known.all_of(list);
        values.retain(|value| place > 0 || is_meant(value));
        let with = |round: &Vec<Value>| {
            let round = round.clone();
            values.iter().map(move |value| [round.clone(), vec![value.clone()]].concat()).collect::<Vec<_>>()
        };
        rounds.iter().flat_map(with).collect()
    })
}
