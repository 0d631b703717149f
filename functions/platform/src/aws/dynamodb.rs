//! The one table.

use super::Sdk;
use super::failure::failed;
use crate::random;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use incident::records::{Key, Listing, Records, Versioned, Write};
use incident::{Failure, Fault};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

type Item = HashMap<String, AttributeValue>;

/// Whether a conditional write went through, or which item stood in its way.
enum Written {
    Yes,
    No(Item),
}

/// How many items one batch of reads takes, by the limit of `BatchGetItem`.
const MOST_READS: usize = 100;

/// How often what a batch of reads left out is asked for again.
const READ_ATTEMPTS: u32 = 8;

/// How often an update is tried when others change the same record at the same time.
const UPDATE_ATTEMPTS: u32 = 8;

/// The attribute that tells a write from every other.
const WRITE: &str = "write";

/// The field of a record, in seconds since 1970, after which DynamoDB may remove it. The table's time to live looks at the item's
/// attribute of this name (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>).
const FORGET_AT: &str = "forget_at";

/// The table of incidents.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table of this name.
    pub fn connect(sdk: &Sdk, name: String) -> Self {
        Self { client: Client::new(&sdk.0), name }
    }

    async fn read_one(&self, key: &Key) -> Result<Option<Item>, Failure> {
        let answer = self.client.get_item().table_name(&self.name).consistent_read(true).set_key(Some(item_key(key)));
        Ok(answer.send().await.map_err(|error| failed("reading a record", error))?.item)
    }

    /// Reads up to [`MOST_READS`] items. Where DynamoDB leaves some out, they are asked for again.
    async fn read_batch(&self, keys: &[Key]) -> Result<Vec<Item>, Failure> {
        let mut asked: Vec<Item> = keys.iter().map(item_key).collect();
        asked.dedup();
        let mut found = Vec::new();
        for _ in 0..READ_ATTEMPTS {
            let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(asked)).build();
            let wanted = wanted.map_err(|error| Failure::rejected("records cannot be read").because(error))?;
            let answer = self.client.batch_get_item().request_items(&self.name, wanted).send().await;
            let mut answer = answer.map_err(|error| failed("reading records", error))?;
            found.extend(answer.responses.as_mut().and_then(|tables| tables.remove(&self.name)).unwrap_or_default());
            match answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.name)) {
                Some(left) if !left.keys.is_empty() => asked = left.keys,
                _ => return Ok(found),
            }
        }
        Err(Failure::transient("the table left records out again and again"))
    }

    /// Writes if `condition` holds; answers with the item that stood in the way, if it does not.
    ///
    /// The SDK repeats a request whose answer was lost, and what stands in the way of the repeat is then its own first attempt. A mark
    /// that only this write has tells the two apart. (Of a transaction, DynamoDB knows the repeats by `ClientRequestToken`.)
    async fn write(
        &self,
        mut item: Item,
        condition: &str,
        expected: Option<AttributeValue>,
    ) -> Result<Written, Failure> {
        let mark = AttributeValue::S(unique_mark()?);
        item.insert(WRITE.to_owned(), mark.clone());
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item)).condition_expression(condition);
        let put = match expected {
            Some(version) => put.expression_attribute_values(":version", version),
            None => put,
        };
        match put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let existing = refused.item().cloned().unwrap_or_default();
                    let is_own = existing.get(WRITE) == Some(&mark);
                    Ok(if is_own { Written::Yes } else { Written::No(existing) })
                }
                _ => Err(failed("writing a record", error)),
            },
        }
    }
}

impl Records for Table {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.read_one(key).await?.map(record).transpose()
    }

    async fn read<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        let mut found = Vec::new();
        match keys {
            [] => {}
            [key] => found.extend(self.read_one(key).await?),
            several => {
                for keys in several.chunks(MOST_READS) {
                    found.extend(self.read_batch(keys).await?);
                }
            }
        }
        let mut found: HashMap<Key, Item> = found.into_iter().filter_map(|item| Some((key_of(&item)?, item))).collect();
        let versioned = |item: Item| Ok(Versioned { version: version(&item), record: record(item)? });
        keys.iter().map(|key| found.remove(key).map(versioned).transpose()).collect()
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        if let [Write { key, record, over }] = writes.as_slice() {
            let (condition, expected) = condition(*over);
            return Ok(matches!(self.write(item(key, record, next(*over))?, condition, expected).await?, Written::Yes));
        }
        let mut puts = Vec::new();
        for Write { key, record, over } in writes {
            let (condition, expected) = condition(over);
            let put = Put::builder().table_name(&self.name).set_item(Some(item(&key, &record, next(over))?));
            let put = put.condition_expression(condition);
            let put = match expected {
                Some(version) => put.expression_attribute_values(":version", version),
                None => put,
            };
            let put = put.build().map_err(|error| Failure::rejected("a record cannot be written").because(error))?;
            puts.push(TransactWriteItem::builder().put(put).build());
        }
        match self.client.transact_write_items().set_transact_items(Some(puts)).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    let reasons = canceled.cancellation_reasons().iter().filter_map(|reason| reason.code());
                    let mut other = reasons
                        .filter(|code| !matches!(*code, "None" | "ConditionalCheckFailed" | "TransactionConflict"));
                    match other.next() {
                        None => Ok(false),
                        Some("ThrottlingError" | "ProvisionedThroughputExceeded") => {
                            Err(Failure::transient("the table throttles").because(error))
                        }
                        Some(_) => Err(Failure::rejected("records cannot be written together").because(error)),
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => Ok(false),
                _ => Err(failed("writing records together", error)),
            },
        }
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, key: &Key, new: &T) -> Result<(T, bool), Failure> {
        match self.write(item(key, new, 1)?, "attribute_not_exists(pk)", None).await? {
            Written::Yes => Ok((new.clone(), true)),
            Written::No(existing) => Ok((record(existing)?, false)),
        }
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..UPDATE_ATTEMPTS {
            let found = self.read_one(key).await?.ok_or_else(|| Failure::rejected("there is no record to change"))?;
            let over = Some(version(&found));
            let mut updated: T = record(found)?;
            change(&mut updated)?;
            let (condition, expected) = condition(over);
            match self.write(item(key, &updated, next(over))?, condition, expected).await? {
                Written::Yes => return Ok(updated),
                Written::No(_) => {}
            }
        }
        Err(Failure::transient("others kept changing the same record"))
    }

    async fn remove(&self, key: &Key) -> Result<(), Failure> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(item_key(key)));
        delete.send().await.map(|_| ()).map_err(|error| failed("removing a record", error))
    }

    async fn list<T: DeserializeOwned>(&self, listing: &Listing) -> Result<Vec<T>, Failure> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :partition AND begins_with(sk, :prefix)")
            .expression_attribute_values(":partition", AttributeValue::S(listing.partition.clone()))
            .expression_attribute_values(":prefix", AttributeValue::S(listing.prefix.clone()))
            .into_paginator()
            .items()
            .send();
        let mut records = Vec::new();
        while let Some(found) = pages.next().await {
            records.push(record(found.map_err(|error| failed("listing records", error))?)?);
        }
        Ok(records)
    }
}

fn unique_mark() -> Result<String, Failure> {
    Ok(format!("{:032x}", u128::from_be_bytes(random::bytes()?)))
}

/// The version of an item, which every write raises by one.
fn version(item: &Item) -> u64 {
    let version = item.get("version").and_then(|version| version.as_n().ok());
    version.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The condition of a write over this version, and the value in it.
fn condition(over: Option<u64>) -> (&'static str, Option<AttributeValue>) {
    match over {
        None => ("attribute_not_exists(pk)", None),
        Some(version) => ("version = :version", Some(AttributeValue::N(version.to_string()))),
    }
}

fn next(over: Option<u64>) -> u64 {
    over.unwrap_or(0) + 1
}

fn key_of(item: &Item) -> Option<Key> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Key { partition: text("pk")?, sort: text("sk")? })
}

fn item_key(key: &Key) -> Item {
    let text = |text: &String| AttributeValue::S(text.clone());
    HashMap::from([("pk".to_owned(), text(&key.partition)), ("sk".to_owned(), text(&key.sort))])
}

fn item<T: Serialize>(key: &Key, record: &T, version: u64) -> Result<Item, Failure> {
    let record: AttributeValue = serde_dynamo::to_attribute_value(record)
        .map_err(|error| Failure::new(Fault::Rejected, "a record cannot be written").because(error))?;
    let mut item = item_key(key);
    if let Some(AttributeValue::N(at)) = record.as_m().ok().and_then(|fields| fields.get(FORGET_AT)) {
        item.insert(FORGET_AT.to_owned(), AttributeValue::N(at.clone()));
    }
    item.insert("record".to_owned(), record);
    item.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    Ok(item)
}

fn record<T: DeserializeOwned>(mut item: Item) -> Result<T, Failure> {
    let record = item.remove("record").ok_or_else(|| Failure::needs_operator("a row of the table holds no record"))?;
    serde_dynamo::from_attribute_value(record)
        .map_err(|error| Failure::needs_operator("a record of the table cannot be read").because(error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use incident::Digest;
    use serde_json::json;

    #[test]
    fn only_a_record_that_says_so_is_forgotten() {
        let key = Key::session(&Digest::of(b"cookie"));
        let forgotten = item(&key, &json!({"forget_at": 1_800_000_000, "roles": []}), 1).unwrap();
        assert_eq!(forgotten.get(FORGET_AT), Some(&AttributeValue::N("1800000000".to_owned())));
        for kept in [json!({"roles": []}), json!({"forget_at": null}), json!("text")] {
            assert_eq!(item(&key, &kept, 1).unwrap().get(FORGET_AT), None, "{kept}");
        }
    }
}
