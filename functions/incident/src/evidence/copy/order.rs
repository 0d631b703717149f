//! The work order: which object versions to copy.

use crate::Digest;
use crate::evidence::{EvidenceItem, Preservation};
use crate::fault::Failure;
use crate::ports::Vault;
use crate::record::IncidentId;
use crate::records::{Key, Records, Write};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The source of the items that orders are.
pub const SOURCE: &str = "objects";

/// How many objects an order names at most: what one function gets done in a while, and a hundred records that are read at once.
pub const MOST_LINES: usize = 100;

/// One line: an object, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedObject {
    /// The account that the bucket is in.
    pub account: String,
    /// The region that the bucket is in.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version; without one, the version that is found when the copy begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Its size, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Objects of one account and region that are copied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOrder {
    /// The first sixteen characters of the digest of its content.
    pub name: String,
    /// What to copy.
    pub objects: Vec<NamedObject>,
}

/// Which order names an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ordered {
    /// The name of the order.
    pub order: String,
}

impl NamedObject {
    /// What tells one object from another: not its size, which who names it may or may not know. The account and the region are part of it: who named the wrong ones
    /// got a gap, and keeps nobody from the right ones.
    fn identity(&self) -> Digest {
        let version = self.version_id.as_deref().unwrap_or_default();
        Digest::of_parts(&[&self.account, &self.region, &self.bucket, &self.key, version])
    }
}

impl CopyOrder {
    fn of(objects: Vec<NamedObject>) -> Result<Self, Failure> {
        let name = Digest::of(&content(&objects)?).short(16);
        Ok(Self { name, objects })
    }

    /// The order at this path, which must be a path of this incident.
    ///
    /// # Errors
    /// `Rejected` if this is no order, or not the content that its name was made of.
    pub fn read(incident: &IncidentId, path: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let name = path.strip_prefix(&format!("incidents/{incident}/copies/"));
        let name = name.and_then(|name| name.strip_suffix(".jsonl"));
        let name = name.ok_or_else(|| Failure::rejected("this is no path of an order of the incident"))?;
        if Digest::of(bytes).short(16) != name {
            return Err(Failure::rejected("an order is not what its name was made of"));
        }
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let objects: Result<Vec<NamedObject>, _> = lines.map(serde_json::from_slice).collect();
        // Neither the line nor the parser's words: both can hold a key.
        let objects = objects.map_err(|_| Failure::rejected("a line of an order names no object"))?;
        if objects.is_empty() || objects.len() > MOST_LINES {
            return Err(Failure::rejected(format!("an order has {} lines, not 1 to {MOST_LINES}", objects.len())));
        }
        Ok(Self { name: name.to_owned(), objects })
    }

    /// Its lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &NamedObject)> {
        (1..).zip(&self.objects)
    }

    /// Its path in the vault.
    pub fn path(&self, incident: &IncidentId) -> String {
        Self::path_of(incident, &self.name)
    }

    /// The path in the vault of the order of this name.
    pub fn path_of(incident: &IncidentId, name: &str) -> String {
        format!("incidents/{incident}/copies/{name}.jsonl")
    }

    /// The item of evidence that it is.
    pub fn item(&self) -> EvidenceItem {
        let place = self.objects.first();
        EvidenceItem {
            source: SOURCE.to_owned(),
            kind: None,
            subject: self.name.clone(),
            account: place.map(|object| object.account.clone()).unwrap_or_default(),
            region: place.map(|object| object.region.clone()),
            arn: None,
        }
    }
}

/// The name of the file that a line becomes.
pub fn file_name(line: usize) -> String {
    format!("{line:04}")
}

/// The orders for these objects: of one account and region each, an object once, in one order however they were named.
///
/// # Errors
/// `Rejected` where an object has no JSON form.
pub fn orders(objects: impl IntoIterator<Item = NamedObject>) -> Result<Vec<CopyOrder>, Failure> {
    let mut places: BTreeMap<(String, String), Vec<NamedObject>> = BTreeMap::new();
    for object in objects {
        places.entry((object.account.clone(), object.region.clone())).or_default().push(object);
    }
    let mut orders = Vec::new();
    for mut objects in places.into_values() {
        objects.sort_unstable();
        // Who names a version once with its size and once without means the same one.
        objects.dedup_by(|one, other| {
            (&one.bucket, &one.key, &one.version_id) == (&other.bucket, &other.key, &other.version_id)
        });
        for some in objects.chunks(MOST_LINES) {
            orders.push(CopyOrder::of(some.to_vec())?);
        }
    }
    Ok(orders)
}

/// Orders copies: writes the orders into the vault, and begins the item that each of them is, so that the manifest shows what
/// was ordered and never came. What an earlier call has ordered is not ordered again, whoever names it now: a finding, a listing,
/// or the same call once more. Answers the orders that hold the objects.
///
/// # Errors
/// When vault or table cannot be written.
pub async fn order_copies(
    vault: &impl Vault,
    records: &impl Records,
    incident: &IncidentId,
    objects: impl IntoIterator<Item = NamedObject>,
    now: Timestamp,
) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    for order in orders(objects)? {
        let key = |object: &NamedObject| Key::ordered(incident, &object.identity());
        let keys: Vec<Key> = order.objects.iter().map(key).collect();
        let mut new = Vec::new();
        for (object, ordered) in order.objects.into_iter().zip(records.read::<Ordered>(&keys).await?) {
            match ordered {
                Some(ordered) => drop(names.insert(ordered.record.order)),
                None => new.push(object),
            }
        }
        if new.is_empty() {
            continue;
        }
        let order = CopyOrder::of(new)?;
        let item = order.item();
        let begun = Preservation::begun(incident.clone(), item.clone(), now);
        records.create(&Key::evidence(incident, &item), &begun).await?;
        vault.preserve(&order.path(incident), content(&order.objects)?, "application/jsonl").await?;
        // Only now, so that nothing counts as ordered that is in no order; at once, so that a repeat finds all of it or nothing.
        let ordered = Ordered { order: order.name.clone() };
        let writes: Result<Vec<Write>, Failure> =
            order.objects.iter().map(|object| Write::new(key(object), &ordered, None)).collect();
        if !records.commit(writes?).await? {
            // Another run has ordered some of them meanwhile: those are copied twice, and nothing is left out.
            for object in &order.objects {
                records.create(&key(object), &ordered).await?;
            }
        }
        names.insert(order.name);
    }
    Ok(names)
}

fn content(objects: &[NamedObject]) -> Result<Vec<u8>, Failure> {
    let mut lines = Vec::new();
    for object in objects {
        let line = serde_json::to_vec(object)
            .map_err(|error| Failure::rejected("an object cannot be ordered to be copied").because(error))?;
        lines.extend(line);
        lines.push(b'\n');
    }
    Ok(lines)
}
