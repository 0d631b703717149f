//! The one error that leaves a port or a handler: what went wrong, and what the state machine should do about it.

use std::error::Error;
use std::fmt;

/// What a state machine does about a failure. Closed: every match is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Throttling, a time-out, a lost race: the same call may succeed later, and is retried.
    Transient,
    /// The input can never succeed: not retried.
    Rejected,
    /// Only a person can go on from here: paged.
    NeedsOperator,
}

impl Fault {
    /// The error name that Step Functions matches.
    pub fn error_name(self) -> &'static str {
        match self {
            Self::Transient => "Incident.Transient",
            Self::Rejected => "Incident.Rejected",
            Self::NeedsOperator => "Incident.NeedsOperator",
        }
    }
}

/// A failure with its class. The context never holds personal data; the cause is printed once, at the door.
#[derive(Debug)]
pub struct Failure {
    fault: Fault,
    context: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure of which nothing deeper is known.
    pub fn new(fault: Fault, context: impl Into<String>) -> Self {
        Self { fault, context: context.into(), source: None }
    }

    /// The input can never succeed.
    pub fn rejected(context: impl Into<String>) -> Self {
        Self::new(Fault::Rejected, context)
    }

    /// Only a person can go on from here.
    pub fn needs_operator(context: impl Into<String>) -> Self {
        Self::new(Fault::NeedsOperator, context)
    }

    /// The same call may succeed later.
    pub fn transient(context: impl Into<String>) -> Self {
        Self::new(Fault::Transient, context)
    }

    /// The same failure, with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Its class.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The message and all its causes, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.context.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.context)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as &(dyn Error + 'static))
    }
}
