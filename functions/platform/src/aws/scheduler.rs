//! Calls at a time, by one-time schedules of EventBridge Scheduler.
//!
//! Its SDK crate would add a minute to every build for two calls, which are one signed request each
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).

use super::Sdk;
use super::failure::is_transient;
use super::signed_request::{Answer, Unsigned, send};
use incident::ports::{Reminders, Silencer};
use incident::{Failure, Fault};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a request is made before "later" is taken for an answer, as often as the SDKs make it.
const ATTEMPTS: u32 = 3;

/// Schedules of one group.
#[derive(Clone, Debug)]
pub struct Schedules {
    sdk: Sdk,
    group: String,
}

/// Schedules of one group that call one function.
#[derive(Clone, Debug)]
pub struct FunctionCalls {
    schedules: Schedules,
    function: String,
    role: String,
}

impl Schedules {
    /// The schedules of this group, to take them back.
    pub fn connect(sdk: &Sdk, group: String) -> Self {
        Self { sdk: sdk.clone(), group }
    }

    async fn ask(&self, method: &str, name: &str, query: &str, body: &str) -> Result<Answer, Failure> {
        let config = self.sdk.config();
        let region = config.region().ok_or_else(|| Failure::rejected("no AWS region is set"))?.as_ref();
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let origin = config.endpoint_url().map_or_else(
            || format!("https://scheduler.{region}.{suffix}"),
            |endpoint| endpoint.trim_end_matches('/').to_owned(),
        );
        let url = format!("{origin}/schedules/{name}{query}");
        let mut attempt = 1;
        loop {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            let request = Unsigned { service: "scheduler", region, method, url: &url, headers, body };
            match send(config, request).await.and_then(later) {
                Err(failure) if failure.fault() == Fault::Transient && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }
}

impl FunctionCalls {
    /// Schedules of this group that call the function of this ARN, with the role that may.
    pub fn connect(sdk: &Sdk, group: String, function: String, role: String) -> Self {
        Self { schedules: Schedules::connect(sdk, group), function, role }
    }
}

impl Reminders for FunctionCalls {
    async fn set(&self, name: &str, at: Timestamp, input: &Value) -> Result<(), Failure> {
        let body = json!({
            "GroupName": self.schedules.group,
            "ScheduleExpression": expression(at),
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "ActionAfterCompletion": "DELETE",
            "Target": { "Arn": self.function, "RoleArn": self.role, "Input": input.to_string() },
        });
        let answer = self.schedules.ask("POST", name, "", &body.to_string()).await?;
        match answer.status {
            // A repeat: the name is taken.
            200..300 | 409 => Ok(()),
            status => Err(refused("setting a reminder", status, &answer)),
        }
    }
}

impl Silencer for Schedules {
    async fn silence(&self, name: &str) -> Result<(), Failure> {
        let answer = self.ask("DELETE", name, &format!("?groupName={}", self.group), "").await?;
        match answer.status {
            // It was made, or taken back before.
            200..300 | 404 => Ok(()),
            status => Err(refused("taking a reminder back", status, &answer)),
        }
    }
}

/// Whole seconds of UTC, which is a schedule's time zone unless it names another.
fn expression(at: Timestamp) -> String {
    format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

fn later(answer: Answer) -> Result<Answer, Failure> {
    let code = answer.error.as_deref().unwrap_or_default();
    if answer.status >= 500 || answer.status == 429 || is_transient(code.split(':').next().unwrap_or(code)) {
        return Err(Failure::transient(format!("EventBridge Scheduler answers {}", answer.status)));
    }
    Ok(answer)
}

fn refused(doing: &'static str, status: u16, answer: &Answer) -> Failure {
    Failure::needs_operator(format!("{doing} ({}, {status})", answer.error.as_deref().unwrap_or("no code")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn answer(status: u16, error: Option<&str>) -> Answer {
        Answer { status, error: error.map(str::to_owned), bucket_region: None, body: Vec::new() }
    }

    #[test]
    fn a_time_is_written_in_whole_seconds_of_utc() {
        let at: Timestamp = "2026-11-28T10:00:00.75+01:00".parse().unwrap();
        assert_eq!(expression(at), "at(2026-11-28T09:00:00)");
    }

    #[test]
    fn throttling_is_asked_again_and_a_taken_name_is_not() {
        for (status, error) in [(429, None), (503, None), (400, Some("ThrottlingException:http://internal/"))] {
            assert_eq!(later(answer(status, error)).unwrap_err().fault(), Fault::Transient);
        }
        for (status, error) in [(200, None), (409, Some("ConflictException")), (404, Some("ResourceNotFoundException"))]
        {
            assert_eq!(later(answer(status, error)).unwrap().status, status);
        }
    }
}
