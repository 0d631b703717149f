//! Objects that a finding or an answer names: their copies are ordered, and made by a function of its own.

use crate::{Preserver, Run};
use incident::Failure;
use incident::evidence::copy::{NamedObject, order_copies};
use incident::evidence::source::{Known, NamesObjects, values};
use incident::finding::EntityKind;
use incident::ports::Vault;
use incident::records::Records;
use serde_json::Value;

impl<T: Records, V: Vault, G, A, S, F> Preserver<T, V, G, A, S, F> {
    /// Orders copies of the objects that an answer names. They lie in the account of the item: a bucket of another account is
    /// refused there, and that is a gap of the copy.
    pub(crate) async fn order_named(
        &self,
        known: &Known<'_>,
        named: &NamesObjects,
        answer: &Value,
    ) -> Result<(), Failure> {
        let Ok(bucket) = known.fill(&named.bucket) else { return Ok(()) };
        let keys = values(answer, &named.keys);
        let versions = named.versions.as_ref().map(|versions| values(answer, versions)).unwrap_or_default();
        let object = |(place, key): (usize, &&Value)| {
            Some(NamedObject {
                account: known.item.account.clone(),
                region: known.region.to_owned(),
                bucket: bucket.clone(),
                key: key.as_str()?.to_owned(),
                version_id: versions.get(place).and_then(|version| version.as_str()).map(str::to_owned),
                bytes: None,
            })
        };
        let objects: Vec<NamedObject> = keys.iter().enumerate().filter_map(object).collect();
        order_copies(&self.vault, &self.records, known.incident, objects, (self.clock)()).await.map(|_| ())
    }

    /// Orders copies of the objects that findings name.
    pub(crate) async fn order_found(&self, run: &Run<'_>) -> Result<(), Failure> {
        let object = |found: &incident::finding::Located| {
            let (bucket, key) = found.entity.id.split_once('/').filter(|(_, key)| !key.is_empty())?;
            Some(NamedObject {
                account: found.account.clone(),
                region: found.region.clone().unwrap_or_else(|| run.incident.region.clone()),
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                version_id: None,
                bytes: None,
            })
        };
        let found = run.incident.entities.iter().filter(|found| found.entity.kind == EntityKind::Object);
        let objects: Vec<NamedObject> = found.filter_map(object).collect();
        order_copies(&self.vault, &self.records, &run.incident.id, objects, (self.clock)()).await.map(|_| ())
    }
}
