//! Settings: read once, at start, by name. A missing one stops the function before its first event.

use std::str::FromStr;

/// Why a function did not start.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A setting is missing.
    #[error("setting `{0}` is missing: set it in the function's environment in `infra/responder.yaml`")]
    MissingSetting(&'static str),
    /// A setting is not of its kind.
    #[error("setting `{name}` is not {expected}")]
    WrongSetting {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Data that was compiled in cannot be used.
    #[error("the embedded {what} cannot be used")]
    BrokenData {
        /// Which data.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that would serve cannot be started.
    #[error("the thread that serves cannot be started")]
    Thread(#[source] std::io::Error),
    /// The Runtime API cannot be reached.
    #[error("the Lambda Runtime API cannot be reached")]
    Runtime(#[source] lambda_runtime::Error),
}

impl Stopped {
    /// Data that was compiled in cannot be used.
    pub fn broken(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::BrokenData { what, source: Box::new(source) }
    }
}

/// The setting of this name.
///
/// # Errors
/// Names the setting that is missing or empty.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings")]
pub fn required(name: &'static str) -> Result<String, Stopped> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(Stopped::MissingSetting(name))
}

/// The setting of this name, which may be empty: it says that something is not used.
///
/// # Errors
/// Names the setting that is missing.
#[expect(clippy::disallowed_methods, reason = "as above")]
pub fn given(name: &'static str) -> Result<String, Stopped> {
    std::env::var(name).map_err(|_| Stopped::MissingSetting(name))
}

/// The setting of this name, as a number.
///
/// # Errors
/// Names the setting that is missing or not a number.
pub fn required_number<T: FromStr>(name: &'static str) -> Result<T, Stopped> {
    required(name)?.parse().map_err(|_| Stopped::WrongSetting { name, expected: "a whole number" })
}
