//! The body of an answer as it came. The SDK's own types leave out what is newer than they are, and cannot be written
//! as JSON again.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use incident::Failure;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps the body of the last answer of one operation: `operation.customize().interceptor(body.clone())`.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerBody(Arc<Mutex<Vec<u8>>>);

impl AnswerBody {
    /// The body, after the operation succeeded. An earlier attempt's body is gone by then.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_slice(&bytes).map_err(|error| {
            // Only where it broke: the message may quote a value.
            let (line, column) = (error.line(), error.column());
            Failure::transient(format!("an answer is no JSON at line {line}, column {column}"))
        })
    }
}

impl Intercept for AnswerBody {
    fn name(&self) -> &'static str {
        "AnswerBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().ok_or("the answer was not read into memory")?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}
