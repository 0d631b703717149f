//! Which request it is.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::IncidentId;
use incident::containment::ApprovalId;

/// What is asked.
pub(crate) enum Call {
    /// `GET /approvals`: what waits.
    List,
    /// `GET /approvals/{incident}/{approval}`: one of them, with its steps.
    Show(IncidentId, ApprovalId),
    /// `POST /approvals/{incident}/{approval}/decision`.
    Decide(IncidentId, ApprovalId),
}

impl Call {
    /// The call of this request; `None` where there is nothing of the kind.
    pub(crate) fn of(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        let method = request.request_context.http.method.as_deref()?;
        let path = request.raw_path.as_deref()?.trim_matches('/');
        let ids = |incident: &str, approval: &str| {
            let incident = IncidentId::try_from(incident.to_owned()).ok()?;
            Some((incident, ApprovalId::try_from(approval.to_owned()).ok()?))
        };
        match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["approvals"]) => Some(Self::List),
            ("GET", ["approvals", incident, approval]) => ids(incident, approval).map(|(i, a)| Self::Show(i, a)),
            ("POST", ["approvals", incident, approval, "decision"]) => {
                ids(incident, approval).map(|(i, a)| Self::Decide(i, a))
            }
            _ => None,
        }
    }
}
