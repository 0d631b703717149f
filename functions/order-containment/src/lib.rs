//! Shows, orders and takes back containment for a person whom AWS has authenticated (function URL, `AWS_IAM`).

mod apply;
mod objection;
mod plan;
mod request;
mod reverse;
mod status;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::Failure;
use incident::containment::ActionRunner;
use incident::containment::guard::EvidencePlace;
use incident::ports::{Responses, Settings};
use incident::records::Records;
use jiff::Timestamp;
use platform::aws::MemberRole;
use platform::{Answer, Halt};
use request::Caller;

/// Takes what people ask of containment.
pub struct Desk<T, S, A, M> {
    /// The table.
    pub records: T,
    /// Holds the signed settings.
    pub settings: S,
    /// Runs the documents. Only previews are run here.
    pub runner: A,
    /// Starts `containment`.
    pub containments: M,
    /// Starts `containment-approval`.
    pub approvals: M,
    /// Starts `containment-reversal`.
    pub reversals: M,
    /// The key that the settings are signed with.
    pub public_key: String,
    /// Where evidence lies, which no automatic action touches.
    pub evidence: EvidencePlace,
    /// The role by which `preserve-evidence` must still read a bucket that is locked.
    pub evidence_role: MemberRole,
    /// Stands in for a region that nobody names.
    pub home_region: String,
}

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    /// Answers one request. A refusal is an answer.
    ///
    /// # Errors
    /// `Transient`: what the table, the settings' bucket, Systems Manager or Step Functions may answer otherwise the next time.
    pub async fn answer(&self, request: LambdaFunctionUrlRequest, now: Timestamp) -> Result<Answer, Failure> {
        let answer = match Caller::of(&request) {
            Some(caller) => self.serve(&request, &caller, now).await,
            None => {
                Err(Halt::refuse(403, "not-signed-in", "sign in with a role that holds `Tocsin-ContainmentOperator`"))
            }
        };
        answer.or_else(|halt| halt.answered("ContainmentRequestsRefused"))
    }

    async fn serve(&self, request: &LambdaFunctionUrlRequest, caller: &Caller, now: Timestamp) -> Result<Answer, Halt> {
        let method = request.request_context.http.method.as_deref().unwrap_or_default();
        let path = request.raw_path.as_deref().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method, parts.as_slice()) {
            ("POST", ["plan"]) => self.begin_plan(request::read(request)?, caller, now).await,
            ("GET", ["plan", id]) => self.read_plan(id).await,
            ("POST", ["apply"]) => self.apply(request::read(request)?, caller, now).await,
            ("GET", ["status"]) => self.status(request.query_string_parameters.get("incident")).await,
            ("POST", ["reverse"]) => self.reverse(request::read(request)?, caller, now).await,
            _ => Err(Halt::refuse(404, "no-such-path", "there are /plan, /plan/ID, /apply, /status and /reverse")),
        }
    }
}
