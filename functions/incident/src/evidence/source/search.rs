//! Searches of logs where they lie.

use super::each::{one_or_two, rounds};
use super::template::{Known, Unfilled};
use super::{fits, pointer};
use crate::evidence::EvidenceItem;
use crate::finding::EntityKind;
use serde::Deserialize;
use serde_json::Value;

/// A search of logs where they lie, by Athena in the evidence account. Its result is copied like any object that evidence names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Its name in the file.
    pub name: String,
    /// The table of `infra/evidence.yaml`; where it is not set up, that is a gap.
    pub table: String,
    /// Only of resources of these kinds; of all of the source's where it is empty.
    #[serde(default)]
    pub about: Vec<EntityKind>,
    /// Once for each value that the answers of a call have there; of two such lists, for each pair.
    #[serde(default, deserialize_with = "one_or_two")]
    pub each: Vec<String>,
    /// Where the resource's own settings say that its logs are put. Searching a table that lies elsewhere would find nothing, and
    /// say so of logs that there are.
    #[serde(default)]
    pub lies: Option<Lies>,
    /// The query: a template whose values stand inside quotes, and nowhere else.
    pub sql: String,
}

/// Where a table has to lie for a search to be of a resource's logs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lies {
    /// The setting, `call:/pointer`: an S3 URI. Without a value nothing is compared.
    pub at: String,
    /// What follows the table's own location there: a template.
    pub below: String,
}

impl Search {
    /// Whether the resource's logs are put elsewhere than where the table is read from (`location`: bucket and prefix).
    pub fn misses(&self, known: &Known<'_>, location: &str) -> bool {
        let Some(lies) = &self.lies else { return false };
        let below = known.fill(&lies.below).map(|below| format!("s3://{location}/{below}"));
        let is_there = |uri: &str| below.as_ref().is_ok_and(|below| below == uri.trim_end_matches('/'));
        !known.all_of(&lies.at).iter().filter_map(pointer::text).all(|uri| is_there(&uri))
    }

    /// The query with its values filled in. A quote in a value is doubled, so that it ends no text of the query.
    ///
    /// # Errors
    /// Where something has no value.
    pub fn query(&self, known: &Known<'_>) -> Result<String, Unfilled> {
        known.fill_as(&self.sql, |_, value| value.replace('\'', "''"))
    }

    /// Whether it is made of this item.
    pub fn is_about(&self, item: &EvidenceItem) -> bool {
        fits(&self.about, item)
    }

    /// The values that it is made for; one without values where it is made once.
    pub fn rounds(&self, known: &Known<'_>) -> Vec<Vec<Value>> {
        rounds(&self.each, known, |_| true)
    }
}
