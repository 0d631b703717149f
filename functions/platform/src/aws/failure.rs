//! Classifies what AWS answers, by its codes and never by its text.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use incident::{Failure, Fault};
use std::error::Error;

/// Codes that say "later". The SDK has already retried them.
const TRANSIENT: [&str; 16] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "InternalServerError",
    "InternalServiceError",
    "AutomationExecutionLimitExceededException",
    "TransactionConflictException",
    "KMSThrottlingException",
];

/// Whether a code says "later".
pub(super) fn is_transient(code: &str) -> bool {
    TRANSIENT.contains(&code)
}

/// The failure that this error means. `doing` says what was tried.
pub(super) fn failed<E>(doing: &'static str, error: SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let fault = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Fault::Transient,
        SdkError::ServiceError(service) => {
            let later = service.err().code().is_some_and(is_transient);
            if later || service.raw().status().is_server_error() { Fault::Transient } else { Fault::NeedsOperator }
        }
        SdkError::ConstructionFailure(_) | _ => Fault::NeedsOperator,
    };
    let code = code_of(&error).unwrap_or("no answer").to_owned();
    Failure::new(fault, format!("{doing} ({code})")).because(error)
}

/// The service's code, if it answered.
pub(super) fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
