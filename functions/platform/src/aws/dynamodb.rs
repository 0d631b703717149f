//! The one table.

use super::Sdk;
use super::failure::failed;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use incident::records::{Key, Listing, Records};
use incident::{Failure, Fault};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

type Item = HashMap<String, AttributeValue>;

/// How often an update is tried when others change the same record at the same time.
const UPDATE_ATTEMPTS: u32 = 8;

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

    async fn read(&self, key: &Key) -> Result<Option<Item>, Failure> {
        let answer = self.client.get_item().table_name(&self.name).consistent_read(true).set_key(Some(item_key(key)));
        Ok(answer.send().await.map_err(|error| failed("reading a record", error))?.item)
    }

    /// Writes if `condition` holds; answers whether it did.
    async fn write(&self, item: Item, condition: &str, expected: Option<AttributeValue>) -> Result<bool, Failure> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item)).condition_expression(condition);
        let put = match expected {
            Some(version) => put.expression_attribute_values(":version", version),
            None => put,
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(false)
            }
            Err(error) => Err(failed("writing a record", error)),
        }
    }
}

impl Records for Table {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.read(key).await?.map(record).transpose()
    }

    async fn create<T: Serialize + DeserializeOwned + Clone>(
        &self,
        key: &Key,
        record_: &T,
    ) -> Result<(T, bool), Failure> {
        if self.write(item(key, record_, 1)?, "attribute_not_exists(pk)", None).await? {
            return Ok((record_.clone(), true));
        }
        match self.get(key).await? {
            Some(existing) => Ok((existing, false)),
            None => Err(Failure::transient("a record was removed while it was written")),
        }
    }

    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..UPDATE_ATTEMPTS {
            let found = self.read(key).await?.ok_or_else(|| Failure::rejected("there is no record to change"))?;
            let version = found.get("version").cloned().unwrap_or(AttributeValue::N("0".to_owned()));
            let number = version.as_n().ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            let mut updated: T = record(found)?;
            change(&mut updated)?;
            if self.write(item(key, &updated, number + 1)?, "version = :version", Some(version)).await? {
                return Ok(updated);
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

fn item_key(key: &Key) -> Item {
    let text = |text: &String| AttributeValue::S(text.clone());
    HashMap::from([("pk".to_owned(), text(&key.partition)), ("sk".to_owned(), text(&key.sort))])
}

fn item<T: Serialize>(key: &Key, record: &T, version: u64) -> Result<Item, Failure> {
    let record = serde_dynamo::to_attribute_value(record)
        .map_err(|error| Failure::new(Fault::Rejected, "a record cannot be written").because(error))?;
    let mut item = item_key(key);
    item.insert("record".to_owned(), record);
    item.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    Ok(item)
}

fn record<T: DeserializeOwned>(mut item: Item) -> Result<T, Failure> {
    let record = item.remove("record").ok_or_else(|| Failure::needs_operator("a row of the table holds no record"))?;
    serde_dynamo::from_attribute_value(record)
        .map_err(|error| Failure::needs_operator("a record of the table cannot be read").because(error))
}
