//! The function that takes orders.

use super::ContainError;
use crate::function::call;
use platform::Sdk;
use platform::aws::FunctionUrl;
use serde_json::Value;
use std::time::Duration;

/// How often it is asked how far something has come.
const EVERY: Duration = Duration::from_millis(500);

/// Where the function is.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The stack's output `ContainmentOrderUrl`.
    #[arg(long)]
    url: String,
    /// Print one JSON document.
    #[arg(long)]
    pub(super) json: bool,
}

/// The function, as the person at the terminal.
pub(super) struct Desk(FunctionUrl);

impl Desk {
    pub(super) async fn at(place: &Place) -> Self {
        Self(FunctionUrl::connect(&Sdk::load().await, place.url.clone()))
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), ContainError> {
        Ok(call(&self.0, "POST", path, body).await?)
    }

    pub(super) async fn get(&self, path: &str) -> Result<(u16, Value), ContainError> {
        Ok(call(&self.0, "GET", path, &Value::Null).await?)
    }

    /// Asks until `is_over`, at most for so long.
    pub(super) async fn follow(
        &self,
        path: &str,
        seconds: u64,
        is_over: impl Fn(u16, &Value) -> bool,
    ) -> Result<Value, ContainError> {
        let asked = async {
            loop {
                let (status, answer) = self.get(path).await?;
                if is_over(status, &answer) {
                    return Ok(answer);
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(seconds), asked).await;
        ended.unwrap_or(Err(ContainError::NotEnded { seconds }))
    }
}
