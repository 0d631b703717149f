//! Searches logs where they lie: Athena in the evidence account reads them, and what it finds is copied by orders.

use crate::calls::{Came, MOST_ASKED, PATIENCE, cursor, set};
use crate::{Preserver, Run};
use incident::containment::{ActionRunner, Place};
use incident::evidence::copy::{NamedObject, order_copies};
use incident::evidence::source::{Request, Search, values};
use incident::evidence::{Cursor, Preservation, Source};
use incident::ports::{SourceReader, Vault};
use incident::records::{Records, Versioned};
use incident::{Digest, Failure, Fault};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The workgroup and the database of `infra/evidence.yaml`.
const WORKGROUP: &str = "tocsin-evidence";
const DATABASE: &str = "tocsin_evidence";

/// What the cursor keeps of a search that runs.
const RUNNING: &str = "query";

impl<T: Records, V: Vault, G, A: ActionRunner, S: SourceReader, F> Preserver<T, V, G, A, S, F> {
    /// Makes the searches of a source that are not made; whether all are made now.
    pub(crate) async fn take_searches(
        &self,
        run: &Run<'_>,
        source: &Source,
        parts: &BTreeMap<String, String>,
        answers: &BTreeMap<String, Vec<Value>>,
        held: &mut Versioned<Preservation>,
    ) -> Result<bool, Failure> {
        let before = source.calls.len() + source.documents.len();
        while let Some(search) = source.searches.get(cursor(held).part.saturating_sub(before)) {
            let item = held.record.item.clone();
            let known = self.known(run, source, parts, &item, &held.record, answers);
            let table = &search.table;
            let why = match self.log_tables.get(table) {
                None => Some(format!("the table `{table}` is not set up, so these logs were not searched")),
                Some(location) if search.misses(&known, location) => Some(format!(
                    "they are put elsewhere than the table `{table}` is read from, so these logs were not searched"
                )),
                Some(_) => None,
            };
            if let (true, Some(why)) = (search.is_about(&item), &why) {
                self.gap(&mut held.record, &search.name, why.clone());
            } else if search.is_about(&item) {
                for (round, each) in search.rounds(&known).iter().enumerate().skip(cursor(held).each) {
                    if (self.clock)() >= run.until {
                        return Ok(false);
                    }
                    set(held, Cursor { each: round, ..cursor(held) });
                    let known = incident::evidence::source::Known { each, ..known.clone() };
                    match search.query(&known) {
                        Ok(sql) => match self.search(search, &sql, held).await? {
                            Came::Over => {}
                            Came::Later => return Ok(false),
                        },
                        Err(unfilled) => self.gap(&mut held.record, &search.name, unfilled.to_string()),
                    }
                    set(held, Cursor { part: cursor(held).part, each: round + 1, ..Cursor::default() });
                }
            }
            set(held, Cursor { part: cursor(held).part + 1, ..Cursor::default() });
        }
        Ok(true)
    }

    /// Starts a search, or looks how far it is.
    async fn search(&self, search: &Search, sql: &str, held: &mut Versioned<Preservation>) -> Result<Came, Failure> {
        let started = match cursor(held).tokens.get(RUNNING) {
            Some(id) => Ok(id.clone()),
            None => self.start(search, sql, &held.record).await,
        };
        let id = match started {
            Ok(id) => id,
            Err(failure) => return Ok(self.put_off(search, held, &failure)),
        };
        set(held, Cursor { tokens: BTreeMap::from([(RUNNING.to_owned(), id.clone())]), ..cursor(held) });
        let execution = match self.athena("GetQueryExecution", &json!({"QueryExecutionId": id})).await {
            Ok(answer) => answer,
            Err(failure) => return Ok(self.put_off(search, held, &failure)),
        };
        let text =
            |pointer: &str| values(&execution, pointer).first().and_then(|value| value.as_str()).map(str::to_owned);
        let state = text("/QueryExecution/Status/State").unwrap_or_default();
        match state.as_str() {
            "SUCCEEDED" => {}
            // Athena says why: a limit of bytes that was reached, a bucket that it may not read.
            "FAILED" | "CANCELLED" => {
                let number = |pointer: &str| values(&execution, pointer).first().map(ToString::to_string);
                // The reason in words can repeat the query, and with it the subject: a limit of bytes is told by what was read.
                let kind = number("/QueryExecution/Status/AthenaError/ErrorType").unwrap_or_else(|| "none".to_owned());
                let scanned = number("/QueryExecution/Statistics/DataScannedInBytes").unwrap_or_default();
                let reason = format!("the search ended as {state} (error type {kind}) after {scanned} bytes were read");
                self.gap(&mut held.record, &search.name, reason);
                return Ok(Came::Over);
            }
            _ => return Ok(self.ask_again(&search.name, held, PATIENCE, u32::MAX, "the search was not over")),
        }
        let name = format!("{}-{:04}.json", search.name, cursor(held).each + 1);
        let kept = json!({"sql": sql, "answer": execution}).to_string().into_bytes();
        self.keep(&held.record, &name, kept, "athena:GetQueryExecution").await?;
        if let Some((bucket, key)) = text("/QueryExecution/ResultConfiguration/OutputLocation")
            .as_deref()
            .and_then(|place| place.strip_prefix("s3://")?.split_once('/'))
        {
            let result = NamedObject {
                account: self.destination.account.clone(),
                region: self.destination.region.clone(),
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                version_id: None,
                bytes: None,
            };
            order_copies(&self.vault, &self.records, &held.record.incident, [result], (self.clock)()).await?;
        }
        Ok(Came::Over)
    }

    async fn start(&self, search: &Search, sql: &str, preservation: &Preservation) -> Result<String, Failure> {
        let token = Digest::of_parts(&[preservation.incident.as_str(), &preservation.item.folder(), &search.name, sql]);
        let answer = self
            .athena(
                "StartQueryExecution",
                &json!({
                    "QueryString": sql,
                    "ClientRequestToken": token,
                    "WorkGroup": WORKGROUP,
                    "QueryExecutionContext": {"Database": DATABASE},
                }),
            )
            .await?;
        let id = answer.get("QueryExecutionId").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| Failure::needs_operator("a search was started without an id"))
    }

    async fn athena(&self, operation: &str, body: &Value) -> Result<Value, Failure> {
        let region = &self.destination.region;
        let place = Place { account: self.destination.account.clone(), region: Some(region.clone()) };
        let request = Request {
            region: region.clone(),
            signing: "athena".to_owned(),
            host: format!("athena.{region}.{}", incident::evidence::source::suffix(&self.partition)),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: vec![
                ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target".to_owned(), format!("AmazonAthena.{operation}")),
            ],
            body: body.to_string(),
        };
        let answered = self.logs.ask(&place, &request).await?;
        match answered.code {
            Some(code) => Err(Failure::needs_operator(format!("athena:{operation} answers `{code}`"))),
            None => serde_json::from_slice(&answered.body)
                .map_err(|error| Failure::needs_operator("Athena's answer cannot be read").because(error)),
        }
    }

    fn put_off(&self, search: &Search, held: &mut Versioned<Preservation>, failure: &Failure) -> Came {
        match failure.fault() {
            Fault::Transient => self.ask_again(&search.name, held, PATIENCE, u32::MAX, &failure.to_string()),
            Fault::Rejected | Fault::NeedsOperator => {
                self.ask_again(&search.name, held, PATIENCE, MOST_ASKED.min(2), &failure.to_string())
            }
        }
    }
}
