//! The start of a Lambda, and the one door through which errors leave it.

use crate::config::Stopped;
use crate::telemetry::{Level, log};
use incident::{Failure, Fault};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A failure on its way to Step Functions, which matches `error_type`.
#[derive(Debug)]
struct Reported(Failure);

impl From<Reported> for Diagnostic {
    fn from(Reported(failure): Reported) -> Self {
        Self { error_type: failure.fault().error_name().to_owned(), error_message: failure.chain() }
    }
}

/// Serves events until Lambda ends the process. The payload is parsed inside the handler: a payload that the runtime
/// cannot parse would be reported under a name that no state machine matches.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<P, R, F>(handle: F) -> Result<(), Stopped>
where
    P: DeserializeOwned,
    R: Serialize,
    F: AsyncFn(P) -> Result<R, Failure>,
{
    serve_until(async |task, _| handle(task).await).await
}

/// As [`serve`], for work that goes on for as long as there is time: the handler learns when Lambda will end it.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve_until<P, R, F>(handle: F) -> Result<(), Stopped>
where
    P: DeserializeOwned,
    R: Serialize,
    F: AsyncFn(P, Timestamp) -> Result<R, Failure>,
{
    let handle = &handle;
    let service = service_fn(move |event: LambdaEvent<Value>| async move {
        let request = event.context.request_id.clone();
        let deadline = event.context.deadline();
        let deadline = Timestamp::try_from(deadline).unwrap_or(Timestamp::MIN);
        answer(event.payload, deadline, handle).await.map_err(|failure| {
            let level = match failure.fault() {
                Fault::Transient => Level::Info,
                Fault::Rejected | Fault::NeedsOperator => Level::Error,
            };
            let chain = failure.chain();
            log(
                level,
                "the event was not handled",
                &[("error.name", failure.fault().error_name()), ("error.message", &chain), ("request.id", &request)],
            );
            Reported(failure)
        })
    });
    lambda_runtime::run(service).await.map_err(Stopped::Runtime)
}

async fn answer<P, R, F>(payload: Value, deadline: Timestamp, handle: &F) -> Result<Value, Failure>
where
    P: DeserializeOwned,
    R: Serialize,
    F: AsyncFn(P, Timestamp) -> Result<R, Failure>,
{
    let task: P = parse(payload)?;
    // On the heap: the state of a handler nests every client's call, too deep for the compiler to lay out in one piece.
    let result = Box::pin(handle(task, deadline)).await?;
    serde_json::to_value(result).map_err(|error| Failure::needs_operator("the result cannot be written").because(error))
}

/// Parses a payload; the failure names the field's path, never its value, which may be personal data.
///
/// # Errors
/// `Rejected`, with the path.
pub fn parse<P: DeserializeOwned>(payload: Value) -> Result<P, Failure> {
    serde_path_to_error::deserialize(payload).map_err(|error| {
        let kind = error.inner().classify();
        Failure::rejected(format!("`$.{}` is missing or not of its kind ({kind:?})", error.path()))
    })
}
