//! Logs and metrics, as JSON lines on standard output. No personal data, no task token, no finding body.

use crate::clock;
use incident::notification::{GateRefused, Outcome};
use serde_json::{Map, Value, json};
use std::io::Write;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Tocsin";

/// How grave a log line is.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// Something happened as it should.
    Info,
    /// Something did not.
    Error,
}

/// Writes one log line: a readable message with dotted fields.
pub fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    let mut line = Map::new();
    let level = match level {
        Level::Info => "INFO",
        Level::Error => "ERROR",
    };
    line.insert("level".to_owned(), level.into());
    line.insert("timestamp".to_owned(), clock::now().to_string().into());
    line.insert("message".to_owned(), message.into());
    for (name, value) in fields {
        line.insert((*name).to_owned(), (*value).into());
    }
    write_line(&Value::Object(line));
}

/// Counts something, in CloudWatch's embedded metric format
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
pub fn count(metric: &str, amount: u64) {
    write_line(&json!({
        "_aws": {
            "Timestamp": clock::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[]],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        },
        metric: amount,
    }));
}

/// Counts a decision of counsel, taken or refused, by whichever door it came. What never came to a review is neither.
pub fn count_decision(decided: &Result<Outcome, GateRefused>) {
    match decided {
        Ok(_) => count("LegalDecisions", 1),
        Err(GateRefused::Refused { .. }) => count("LegalDecisionsRefused", 1),
        Err(
            GateRefused::PartOf(_)
            | GateRefused::NothingWaits
            | GateRefused::FactsWithoutChanges
            | GateRefused::NoFacts
            | GateRefused::FactsUnusable(_),
        ) => {}
    }
}

fn write_line(line: &Value) {
    // A log line that cannot be written must not stop the response.
    let written = writeln!(std::io::stdout().lock(), "{line}");
    drop(written);
}
