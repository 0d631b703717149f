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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_guardduty::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use serde_json::json;

    /// Answers what was prepared, the last one first.
    #[derive(Clone, Debug)]
    struct Prepared(Arc<Mutex<Vec<(u16, Value)>>>);

    impl HttpConnector for Prepared {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            let (status, body) = self.0.lock().unwrap().pop().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(
                status.try_into().unwrap(),
                SdkBody::from(body.to_string()),
            )))
        }
    }

    fn client(answers: Vec<(u16, Value)>) -> aws_sdk_guardduty::Client {
        let connector = SharedHttpConnector::new(Prepared(Arc::new(Mutex::new(answers))));
        let config = aws_sdk_guardduty::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("x", "x", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        aws_sdk_guardduty::Client::from_conf(config.build())
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn body_is_kept_whole_also_what_the_sdk_does_not_know() {
        let answer = json!({"findings": [{"id": "a", "madeUpIn2027": {"deep": [1.5, null]}}]});
        let refusal = json!({"__type": "InternalServerErrorException", "message": "again"});
        let client = client(vec![(200, answer.clone()), (500, refusal)]);
        let body = AnswerBody::default();
        let get = client.get_findings().detector_id("d").finding_ids("a").customize().interceptor(body.clone());
        block_on(get.send()).unwrap();
        assert_eq!(body.json().unwrap(), answer, "of the attempt that succeeded");
    }

    #[test]
    fn body_that_is_no_json_is_not_quoted() {
        let body = AnswerBody(Arc::new(Mutex::new(b"{\"secret\": tru}".to_vec())));
        assert!(!body.json().unwrap_err().chain().contains("secret"));
    }
}
