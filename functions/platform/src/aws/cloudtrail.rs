//! What a principal did, as CloudTrail recorded it.

use super::Sdk;
use super::failure::{code_of, failed};
use super::member::{MemberRole, Members};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use incident::Failure;
use incident::containment::Place;
use incident::finding::EntityKind;
use incident::ports::{ActivityReader, Collected, Gap};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Pages of 50 events; `LookupEvents` answers two requests a second. A longer list says that it was cut.
const PAGES: usize = 40;

/// CloudTrail's event history: management events of the last 90 days, of one account in one region.
#[derive(Clone, Debug)]
pub struct Trail(Members<Client>);

impl Trail {
    /// The event history as this role of the member accounts sees it.
    pub fn connect(sdk: &Sdk, role: MemberRole) -> Self {
        Self(Members::new(sdk, role, Client::new))
    }
}

impl ActivityReader for Trail {
    async fn activity(
        &self,
        place: &Place,
        kind: EntityKind,
        id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Collected, Failure> {
        let client = self.0.at(place).await?;
        let (attribute, name) = if kind == EntityKind::AccessKey {
            (LookupAttributeKey::AccessKeyId, "AccessKeyId")
        } else if kind == EntityKind::Role {
            // The events of a role's sessions carry the session's name; the role itself is their resource.
            (LookupAttributeKey::ResourceName, "ResourceName")
        } else {
            (LookupAttributeKey::Username, "Username")
        };
        // A session is known as `AROA…:name` or `role/name`; its events carry the name alone.
        let value = if kind == EntityKind::Session { id.rsplit([':', '/']).next().unwrap_or(id) } else { id };
        let attribute = LookupAttribute::builder().attribute_key(attribute).attribute_value(value).build();
        let attribute = attribute.map_err(|error| Failure::rejected("a principal has no name").because(error))?;
        let mut events: Vec<Value> = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let lookup = client
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .start_time(DateTime::from_secs(from.as_second()))
                .end_time(DateTime::from_secs(to.as_second()))
                .set_next_token(token);
            let page = match lookup.send().await {
                Ok(page) => page,
                Err(error) => return Ok(Err(gap_or_failure(error)?)),
            };
            // The record itself is JSON inside a string.
            events.extend(page.events.unwrap_or_default().into_iter().map(|event| {
                let record = event.cloud_trail_event.unwrap_or_default();
                serde_json::from_str(&record).unwrap_or(Value::String(record))
            }));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        let complete = token.is_none();
        Ok(Ok(
            json!({"attribute": name, "value": value, "from": from, "to": to, "events": events, "complete": complete}),
        ))
    }
}

type LookupError = aws_sdk_cloudtrail::error::SdkError<aws_sdk_cloudtrail::operation::lookup_events::LookupEventsError>;

fn gap_or_failure(error: LookupError) -> Result<Gap, Failure> {
    match code_of(&error) {
        Some(
            code @ ("AccessDenied"
            | "AccessDeniedException"
            | "OperationNotPermittedException"
            | "UnsupportedOperationException"),
        ) => Ok(Gap(format!("CloudTrail answered `{code}`"))),
        _ => Err(failed("reading the event history", error)),
    }
}
