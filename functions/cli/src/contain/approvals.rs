//! `tocsin contain approvals|approve|decline`: the steps that wait for a person, and the decision about them.

use crate::Advised;
use incident::containment::approval::{Approval, ApprovalId, Chosen, Every};
use incident::records::WaitingApproval;
use incident::{Failure, IncidentId};
use platform::Sdk;
use platform::aws::FunctionUrl;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// List what waits for a person, each step with its number, why it waits and whom it hits.
///
/// Needs the policy `Tocsin-ContainmentApprover`, as `approve` and `decline` do.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    /// The stack's output `ContainmentApprovalUrl`.
    #[arg(long)]
    url: String,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Have steps done that wait for a person. Whoever asked for them by hand cannot approve them.
#[derive(Debug, clap::Args)]
pub(crate) struct ApproveArguments {
    #[command(flatten)]
    asked: Asked,
    /// Only this step, by its number; may be repeated. The others are declined.
    #[arg(long)]
    step: Vec<usize>,
}

/// Have none of the steps done.
#[derive(Debug, clap::Args)]
pub(crate) struct DeclineArguments {
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, clap::Args)]
struct Asked {
    /// The incident.
    incident: String,
    /// The approval.
    approval: String,
    /// Why; the incident report shows it.
    #[arg(long)]
    reason: String,
    /// The stack's output `ContainmentApprovalUrl`.
    #[arg(long)]
    url: String,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ApprovalError {
    #[error("AWS did not answer as it should")]
    Aws(#[from] Failure),
    #[error("`{0}` is not an incident: ids are `inc-` and 20 hexadecimal digits")]
    NotAnIncident(String),
    #[error("`{0}` is not an approval: ids are `apr-` and 20 hexadecimal digits")]
    NotAnApproval(String),
    #[error("the request was refused ({code}): {message}")]
    Refused { code: String, message: String },
    #[error("the answer is not what this version of `tocsin` reads")]
    Unreadable,
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl Advised for ApprovalError {
    fn advice(&self) -> String {
        match self {
            Self::Aws(_) => "Check region, credentials and `--url`, then try again: a repeat decides nothing twice.",
            Self::NotAnIncident(_) | Self::NotAnApproval(_) => {
                "Run `tocsin contain approvals --url URL` to see what waits."
            }
            Self::Refused { .. } => {
                "Run `tocsin contain approvals --url URL` to see what waits now. A refused decision was recorded."
            }
            Self::Unreadable => "Check `--url`; use the `tocsin` of the version that is deployed.",
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::NotAnIncident(_) | Self::NotAnApproval(_) => 2,
            Self::Aws(_) | Self::Refused { .. } | Self::Unreadable | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn list(arguments: &ListArguments) -> Result<ExitCode, ApprovalError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sdk = Sdk::load().await;
        let url = FunctionUrl::connect(&sdk, arguments.url.clone());
        let waiting: Vec<WaitingApproval> = member(call(&url, "GET", "approvals", "").await?, "approvals")?;
        let mut approvals: Vec<Approval> = Vec::new();
        for WaitingApproval { incident, approval, .. } in waiting {
            let answer = call(&url, "GET", &format!("approvals/{incident}/{approval}"), "").await?;
            approvals.push(member(answer, "approval")?);
        }
        let mut out = io::stdout().lock();
        if arguments.json {
            writeln!(out, "{}", json!(approvals))?;
        } else if approvals.is_empty() {
            writeln!(out, "Nothing waits.")?;
        }
        for approval in approvals.iter().filter(|_| !arguments.json) {
            show(&mut out, approval)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn show(out: &mut impl io::Write, approval: &Approval) -> io::Result<()> {
    let asked_by = approval.requested_by.as_deref().unwrap_or("a playbook");
    writeln!(out, "{} {} asked by {asked_by} at {}", approval.incident, approval.id, approval.requested_at)?;
    for (place, asked) in approval.steps().enumerate() {
        let step = &asked.step;
        let region = step.region.as_deref().unwrap_or("global");
        writeln!(out, "  {}. {} on {} (account {}, {region})", place + 1, step.action, step.target, step.account)?;
        writeln!(out, "     why it waits: {}\n     whom it hits: {}", asked.reason, asked.impact)?;
    }
    Ok(())
}

pub(crate) fn approve(arguments: &ApproveArguments) -> Result<ExitCode, ApprovalError> {
    let steps: BTreeSet<usize> = arguments.step.iter().copied().collect();
    let chosen = if steps.is_empty() { Chosen::Every(Every::All) } else { Chosen::Steps(steps) };
    decide(&arguments.asked, &chosen)
}

pub(crate) fn decline(arguments: &DeclineArguments) -> Result<ExitCode, ApprovalError> {
    decide(&arguments.asked, &Chosen::Steps(BTreeSet::new()))
}

fn decide(asked: &Asked, approve: &Chosen) -> Result<ExitCode, ApprovalError> {
    let incident = IncidentId::try_from(asked.incident.clone());
    let incident = incident.map_err(|_| ApprovalError::NotAnIncident(asked.incident.clone()))?;
    let approval = ApprovalId::try_from(asked.approval.clone());
    let approval = approval.map_err(|_| ApprovalError::NotAnApproval(asked.approval.clone()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sdk = Sdk::load().await;
        let url = FunctionUrl::connect(&sdk, asked.url.clone());
        let body = json!({"approve": approve, "reason": asked.reason}).to_string();
        let answer = call(&url, "POST", &format!("approvals/{incident}/{approval}/decision"), &body).await?;
        let count = |name: &str| {
            let steps = answer.pointer(&format!("/decision/{name}")).and_then(Value::as_array);
            steps.map(Vec::len).ok_or(ApprovalError::Unreadable)
        };
        let (approved, declined) = (count("approved")?, count("declined")?);
        let mut out = io::stdout().lock();
        if asked.json {
            writeln!(out, "{answer}")?;
        } else {
            writeln!(out, "Recorded: {approval}, steps approved: {approved}, declined: {declined}.")?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn call(url: &FunctionUrl, method: &str, below: &str, body: &str) -> Result<Value, ApprovalError> {
    let (status, text) = url.call(method, below, body).await?;
    let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if status == 200 {
        return Ok(answer);
    }
    let said = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = said("code").or_else(|| said("Code")).unwrap_or_else(|| format!("HTTP {status}"));
    Err(ApprovalError::Refused { code, message: said("message").unwrap_or_else(|| "no message".to_owned()) })
}

fn member<T: DeserializeOwned>(mut answer: Value, name: &str) -> Result<T, ApprovalError> {
    let found = answer.get_mut(name).map(Value::take).ok_or(ApprovalError::Unreadable)?;
    serde_json::from_value(found).map_err(|_| ApprovalError::Unreadable)
}
