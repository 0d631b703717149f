//! Calls of functions that answer behind a URL, signed by whoever sits at the terminal.

use incident::Failure;
use platform::aws::FunctionUrl;
use serde_json::Value;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The function could not be asked.
    #[error("AWS did not answer as it should")]
    Aws(#[from] Failure),
    /// It said no.
    #[error("it was refused ({code}): {message}")]
    Refused {
        /// Why, for programs.
        code: String,
        /// Why, for people.
        message: String,
        /// The whole answer.
        answer: Box<Value>,
    },
}

/// Calls a path below the URL; answers with the status and what the function said.
///
/// # Errors
/// Where it cannot be reached, and where it refuses.
pub(crate) async fn call(
    function: &FunctionUrl,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<(u16, Value), CallError> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, text) = function.call(method, path, &body).await?;
    let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if (200..300).contains(&status) {
        return Ok((status, answer));
    }
    let member = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = member("code").unwrap_or_else(|| format!("HTTP {status}"));
    let message = member("message").unwrap_or_else(|| "no message".to_owned());
    Err(CallError::Refused { code, message, answer: Box::new(answer) })
}
