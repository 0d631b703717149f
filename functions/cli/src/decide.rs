//! `tocsin decide`: what waits for counsel, the exact text, and the decision about it.

use crate::Advised;
use crate::function::{CallError, call};
use incident::notification::{Draft, Duty};
use incident::records::{Key, Listing, Records, WaitingReview};
use incident::{Failure, Incident, IncidentId};
use platform::Sdk;
use platform::aws::{FunctionUrl, Table};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// List the notices that wait for counsel, show one, or decide about it.
///
/// Region and credentials come from the environment, as for the AWS CLI; they need the policy `Tocsin-LegalReviewer`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("verdict").args(["show", "approve", "reject", "changes", "not_notifiable", "withdraw"]))]
pub(crate) struct Arguments {
    /// The stack's output `LegalDecisionUrl`.
    #[arg(long)]
    url: String,
    /// The stack's output `IncidentsTable`.
    #[arg(long)]
    table: String,
    /// The incident; without one, everything that waits is listed.
    #[arg(requires = "obligation")]
    incident: Option<String>,
    /// The obligation.
    #[arg(requires = "verdict")]
    obligation: Option<String>,
    /// Show the exact text and its digest.
    #[arg(long)]
    show: bool,
    /// The text with this digest may be sent.
    #[arg(long, requires_all = ["digest", "reason"])]
    approve: bool,
    /// Nothing is sent.
    #[arg(long, requires_all = ["digest", "reason"])]
    reject: bool,
    /// Another text is asked for.
    #[arg(long, requires_all = ["digest", "reason"])]
    changes: bool,
    /// The duty does not exist, so nobody is told; the breach register shows the reason.
    #[arg(long, requires_all = ["digest", "reason"])]
    not_notifiable: bool,
    /// Takes an approval back, as long as sending has not begun; another text is asked for.
    #[arg(long, requires_all = ["digest", "reason"])]
    withdraw: bool,
    /// The digest of the text that was read.
    #[arg(long)]
    digest: Option<String>,
    /// Why; the breach register shows it.
    #[arg(long)]
    reason: Option<String>,
    /// Why a text may be sent that lacks what the law asks for; needed to approve one.
    #[arg(long, requires = "approve")]
    missing_items_reason: Option<String>,
    /// Corrected facts, a JSON object of fact names and values. Whoever corrects a fact cannot approve the new text.
    #[arg(long, requires = "changes")]
    facts: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// The status of an answer to the first of two reviewers.
const AWAITS_SECOND: u16 = 202;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    #[error("AWS did not answer as it should")]
    Aws(#[from] Failure),
    #[error("`{0}` is not an incident: ids are `inc-` and 20 hexadecimal digits")]
    NotAnIncident(String),
    #[error("no notice under `{0}` waits in this incident")]
    NothingWaits(String),
    #[error("`{0}` is not a JSON object of facts")]
    Facts(String),
    #[error("the decision was refused ({code}): {message}")]
    Refused { code: String, message: String },
    #[error("the outcome cannot be printed")]
    Output(#[from] io::Error),
}

impl From<CallError> for DecideError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Aws(failure) => Self::Aws(failure),
            CallError::Refused { code, message, answer } => {
                let missing = answer.get("missing_items").and_then(Value::as_array).into_iter().flatten();
                let missing: Vec<&str> = missing.filter_map(Value::as_str).collect();
                let list = if missing.is_empty() { String::new() } else { format!(": {}", missing.join("; ")) };
                Self::Refused { code, message: message + &list }
            }
        }
    }
}

impl Advised for DecideError {
    fn advice(&self) -> String {
        match self {
            Self::Aws(_) => {
                "Check region, credentials, `--url` and `--table`, then try again: a repeat decides nothing twice."
            }
            Self::NotAnIncident(_) | Self::NothingWaits(_) => {
                "Run `tocsin decide` without an incident to see what waits."
            }
            Self::Facts(_) => "Write one object, such as {\"affected.US-CA\": 480}.",
            Self::Refused { .. } => {
                "Run `tocsin decide … --show` to read the text that waits now. The refusal was recorded."
            }
            Self::Output(_) => "Send standard output to a file that can be written.",
        }
        .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::NotAnIncident(_) | Self::Facts(_) => 2,
            Self::Aws(_) | Self::NothingWaits(_) | Self::Refused { .. } | Self::Output(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, DecideError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sdk = Sdk::load().await;
        let table = Table::connect(&sdk, arguments.table.clone());
        match (&arguments.incident, &arguments.obligation) {
            (Some(incident), Some(obligation)) => {
                let incident =
                    IncidentId::try_from(incident.clone()).map_err(|_| DecideError::NotAnIncident(incident.clone()))?;
                let notice = Notice::read(&table, &incident, obligation).await?;
                if arguments.show { notice.show(arguments.json) } else { decide(&sdk, arguments, &notice).await }
            }
            _ => list(&table, arguments.json).await,
        }
    })
}

async fn list(table: &Table, as_json: bool) -> Result<ExitCode, DecideError> {
    let waiting: Vec<WaitingReview> = table.list(&Listing::waiting()).await?;
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!(waiting))?;
    } else if waiting.is_empty() {
        writeln!(out, "Nothing waits.")?;
    }
    for review in waiting.iter().filter(|_| !as_json) {
        let due = review.due_at.map_or_else(|| "no fixed date".to_owned(), |due| due.to_string());
        let two = match (&review.first_reviewer, review.four_eyes) {
            (Some(first), _) => format!(", {first} has agreed, a second reviewer has to"),
            (None, true) => ", two reviewers have to agree".to_owned(),
            (None, false) => String::new(),
        };
        writeln!(out, "{} {} version {}, due {due}{two}", review.incident, review.obligation, review.version)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A notice that waits.
struct Notice {
    incident: Incident,
    duty: Duty,
    draft: Draft,
}

impl Notice {
    async fn read(table: &Table, incident: &IncidentId, obligation: &str) -> Result<Self, DecideError> {
        let drafts: Vec<Draft> = table.list(&Listing::of_incident(incident, format!("DRAFT#{obligation}#"))).await?;
        let draft = drafts.into_iter().next_back().ok_or_else(|| DecideError::NothingWaits(obligation.to_owned()))?;
        let duty = table.require(&Key::obligation(incident, obligation), "duty of this name").await?;
        let incident = table.require(&Key::incident(incident), "incident of this id").await?;
        Ok(Self { incident, duty, draft })
    }

    fn show(&self, as_json: bool) -> Result<ExitCode, DecideError> {
        let Self { incident, duty, draft } = self;
        let obligation = &duty.obligation;
        let mut out = io::stdout().lock();
        if as_json {
            writeln!(out, "{}", json!({"draft": draft, "obligation": obligation}))?;
            return Ok(ExitCode::SUCCESS);
        }
        let time = |at: Option<jiff::Timestamp>| at.map_or_else(|| "no fixed date".to_owned(), |at| at.to_string());
        writeln!(out, "Incident    {} {}", incident.id, incident.title)?;
        writeln!(out, "Duty        {} ({})", obligation.citation, obligation.id)?;
        writeln!(
            out,
            "Due         {}; latest reading of the law {}",
            time(obligation.due_at),
            time(obligation.due_statutory_latest)
        )?;
        writeln!(out, "The rule    confidence {}, read as {}", obligation.confidence, obligation.verified)?;
        for reason in &obligation.reasons {
            writeln!(out, "Because     {reason}")?;
        }
        for gap in &draft.gaps {
            writeln!(out, "Missing     {gap}")?;
        }
        let drafters: Vec<&str> = draft.drafters.iter().map(String::as_str).collect();
        writeln!(out, "Drafted by  {}", drafters.join(", "))?;
        if let Some(page) = &draft.page {
            writeln!(out, "Public at   /{} (`--json` has the page as `draft.page.html`)", page.folder())?;
        }
        writeln!(out, "Version     {}\nDigest      {}\n", draft.version, draft.digest)?;
        writeln!(out, "Subject: {}\n\n{}", draft.subject, draft.text)?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn decide(sdk: &Sdk, arguments: &Arguments, notice: &Notice) -> Result<ExitCode, DecideError> {
    let chosen = [
        (arguments.approve, "approved"),
        (arguments.reject, "rejected"),
        (arguments.not_notifiable, "not-notifiable"),
        (arguments.withdraw, "withdrawn"),
    ];
    let verdict = chosen.iter().find(|(is_chosen, _)| *is_chosen).map_or("changes-requested", |(_, verdict)| verdict);
    let mut decision = json!({
        "incident": notice.incident.id,
        "obligation": notice.duty.obligation.id,
        "version": notice.draft.version,
        "digest": arguments.digest,
        "verdict": verdict,
        "reason": arguments.reason,
    });
    if let (Some(why), Some(decision)) = (&arguments.missing_items_reason, decision.as_object_mut()) {
        decision.insert("missing_items_reason".to_owned(), json!(why));
    }
    if let (Some(path), Some(decision)) = (&arguments.facts, decision.as_object_mut()) {
        let not_facts = || DecideError::Facts(path.display().to_string());
        let text = fs::read_to_string(path).map_err(|_| not_facts())?;
        let facts: Value = serde_json::from_str(&text).map_err(|_| not_facts())?;
        decision.insert("facts".to_owned(), facts.is_object().then_some(facts).ok_or_else(not_facts)?);
    }
    let (status, answer) = call(&FunctionUrl::connect(sdk, arguments.url.clone()), "POST", "", &decision).await?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{answer}")?;
    } else if status == AWAITS_SECOND {
        let Draft { obligation, version, .. } = &notice.draft;
        writeln!(out, "Recorded: {obligation} version {version} waits for a second reviewer who agrees.")?;
    } else {
        writeln!(out, "Recorded: {} version {} is {verdict}.", notice.draft.obligation, notice.draft.version)?;
    }
    Ok(ExitCode::SUCCESS)
}
