//! Which request it is, and the answer over HTTP.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::IncidentId;
use incident::containment::ApprovalId;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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

/// The answer over HTTP.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

impl Answer {
    pub(crate) fn of(status_code: u16, body: &Value) -> Self {
        let headers = BTreeMap::from([("content-type", "application/json"), ("cache-control", "no-store")]);
        Self { status_code, headers, body: body.to_string() }
    }

    pub(crate) fn refused(status_code: u16, code: &str, message: &str) -> Self {
        Self::of(status_code, &json!({"accepted": false, "code": code, "message": message}))
    }

    pub(crate) fn nothing_waits() -> Self {
        Self::refused(404, "nothing-waits", "no approval of this id was asked for in this incident")
    }
}
