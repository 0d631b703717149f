//! What a caller sends, and who the caller is.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::containment::{ActionId, Step};
use incident::finding::{Located, Reach};
use incident::{Entity, IncidentId};
use platform::Halt;
use platform::entry::parse;
use serde::Deserialize;

/// The longest target and reason: a reason has to fit into a page to the operator.
const LONGEST: usize = 1_000;

/// Who signed the request, as AWS says.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The ARN of the user or of the role's session.
    pub(crate) arn: String,
    /// The account that the caller belongs to.
    pub(crate) account: Option<String>,
}

impl Caller {
    pub(crate) fn of(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        let iam = request.request_context.authorizer.as_ref()?.iam.as_ref()?;
        let arn = iam.user_arn.clone().filter(|arn| !arn.is_empty())?;
        Some(Self { arn, account: iam.account_id.clone() })
    }
}

/// One action on one resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) incident: Option<IncidentId>,
    pub(crate) action: ActionId,
    /// By default the caller's.
    account: Option<String>,
    /// By default that of this function, where the resource has one.
    region: Option<String>,
    target: String,
    reason: Option<String>,
}

/// The body of a request.
pub(crate) fn read(request: &LambdaFunctionUrlRequest) -> Result<Request, Halt> {
    let body = request.body.as_deref().unwrap_or_default();
    let value = serde_json::from_str(body).map_err(|_| malformed("the body is not JSON"))?;
    let request: Request = parse(value).map_err(|failure| malformed(failure.chain()))?;
    let is_account = |text: &String| text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_region =
        |text: &String| text.contains('-') && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let problem = if !request.account.as_ref().is_none_or(is_account) {
        "`$.account` is not twelve digits"
    } else if !request.region.as_ref().is_none_or(is_region) {
        "`$.region` is not a region such as `eu-central-1`"
    } else if !is_text(&request.target) || request.target.contains(char::is_whitespace) {
        "`$.target` is empty, too long, or has spaces in it"
    } else if request.reason.as_ref().is_some_and(|reason| reason.len() > LONGEST) {
        "`$.reason` is too long"
    } else {
        return Ok(request);
    };
    Err(malformed(problem))
}

fn malformed(message: impl AsRef<str>) -> Halt {
    Halt::refuse(400, "malformed", message)
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST
}

impl Request {
    /// The incident, where one must be named.
    pub(crate) fn needed_incident(&self) -> Result<IncidentId, Halt> {
        self.incident.clone().ok_or_else(|| malformed("`$.incident` is missing"))
    }

    /// Why it is done: in the records, a person's reason is never empty.
    pub(crate) fn needed_reason(&self) -> Result<String, Halt> {
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        reason.map(str::to_owned).ok_or_else(|| malformed("`$.reason` is missing"))
    }

    /// The resource, where it lies.
    pub(crate) fn located(&self, caller: &Caller, home_region: &str) -> Result<Located, Halt> {
        let account = self.account.clone().or_else(|| caller.account.clone());
        let account = account.ok_or_else(|| malformed("`$.account` is missing"))?;
        if let Some(prefix) = self.action.id_prefix.as_ref().filter(|prefix| !self.target.starts_with(*prefix)) {
            let noun = self.action.target.noun();
            return Err(malformed(format!("`$.target` is the id of {noun}: one begins with `{prefix}` here")));
        }
        let region = match self.action.target.reach() {
            // A name of IAM is the same in every region.
            Reach::Account => None,
            Reach::Global | Reach::Region => Some(self.region.clone().unwrap_or_else(|| home_region.to_owned())),
        };
        let entity = Entity { kind: self.action.target, id: self.target.clone(), arn: None };
        Ok(Located { entity, account, region })
    }

    /// Whether a step is the one that is asked about. Without a region, it is that of any.
    pub(crate) fn is_about(&self, step: &Step, caller: &Caller) -> bool {
        let account = self.account.as_ref().or(caller.account.as_ref());
        let region = self.region.as_ref().filter(|_| self.action.target.reach() != Reach::Account);
        step.pass == 1
            && step.action == self.action
            && step.target == self.target
            && account.is_some_and(|account| *account == step.account)
            && region.is_none_or(|region| step.region.as_ref().is_none_or(|own| own == region))
    }
}
