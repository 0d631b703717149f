//! The one table.

use super::Sdk;
use super::failure::failed;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use incident::records::{Key, Listing, Records};
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

    /// Writes if `condition` holds; answers with the item that stood in the way, if it does not.
    async fn write(&self, item: Item, condition: &str, expected: Option<AttributeValue>) -> Result<Written, Failure> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item)).condition_expression(condition);
        let put = match expected {
            Some(version) => put.expression_attribute_values(":version", version),
            None => put,
        };
        match put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Written::No(refused.item().cloned().unwrap_or_default()))
                }
                _ => Err(failed("writing a record", error)),
            },
        }
    }
}

impl Records for Table {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        self.read(key).await?.map(record).transpose()
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
            let found = self.read(key).await?.ok_or_else(|| Failure::rejected("there is no record to change"))?;
            let version = found.get("version").cloned().unwrap_or(AttributeValue::N("0".to_owned()));
            let number = version.as_n().ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            let mut updated: T = record(found)?;
            change(&mut updated)?;
            match self.write(item(key, &updated, number + 1)?, "version = :version", Some(version)).await? {
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
