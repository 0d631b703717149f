//! Shows evidence to a person whom AWS has authenticated (function URL, `AWS_IAM`), gives it out and keeps it longer. Who, why and
//! in which role is in the custody log before anything is given.

mod contents;
mod erasure;
mod fetch;
mod hold;
mod list;
mod request;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::evidence::custody::{self, Statement};
use incident::evidence::{Custodian, CustodyEntry, Deed};
use incident::ports::{EvidenceDesk, Vault};
use incident::records::{Key, Records};
use incident::{Digest, Failure, Incident, IncidentId};
use jiff::Timestamp;
use platform::telemetry::count;
use platform::{Answer, Halt};

/// The path of a deed that is about all the evidence of an incident.
const ALL: &str = "evidence";

/// Takes what people ask of evidence.
pub struct Desk<T, V> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

impl<T: Records, V: Vault + EvidenceDesk> Desk<T, V> {
    /// Answers one request. A refusal is an answer. `deadline` is when Lambda ends the process.
    ///
    /// # Errors
    /// `Transient`: what the table or the vault may answer otherwise the next time.
    pub async fn answer(&self, request: LambdaFunctionUrlRequest, deadline: Timestamp) -> Result<Answer, Failure> {
        self.serve(&request, deadline).await.or_else(|halt| halt.answered("EvidenceRequestsRefused"))
    }

    async fn serve(&self, request: &LambdaFunctionUrlRequest, deadline: Timestamp) -> Result<Answer, Halt> {
        let identity = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
        let arn = identity.and_then(|iam| iam.user_arn.as_deref()).filter(|arn| !arn.is_empty());
        let person = arn.map(Custodian::person);
        let person = person.ok_or_else(|| {
            Halt::refuse(403, "not-signed-in", "sign in with a role that holds `Tocsin-EvidenceReader`")
        })?;
        let method = request.request_context.http.method.as_deref().unwrap_or_default();
        let path = request.raw_path.as_deref().unwrap_or_default();
        match (method, path.trim_matches('/')) {
            ("POST", "list") => self.list(request::read(request)?, person).await,
            ("POST", "fetch") => self.fetch(request::read(request)?, person).await,
            ("POST", "hold") => self.hold(request::read(request)?, person, Deed::Held, deadline).await,
            ("POST", "end-hold") => self.hold(request::read(request)?, person, Deed::HoldEnded, deadline).await,
            ("POST", "erasure") => self.erasure(request::read(request)?, person).await,
            _ => Err(Halt::refuse(404, "no-such-path", "there are /list, /fetch, /hold, /end-hold and /erasure")),
        }
    }

    /// The incident, if it is known.
    async fn incident(&self, id: &IncidentId) -> Result<Incident, Halt> {
        let known = self.records.get(&Key::incident(id)).await?;
        known.ok_or_else(|| Halt::refuse(404, "no-such-incident", format!("there is no incident {id}")))
    }

    async fn enter(
        &self,
        incident: &IncidentId,
        at: Timestamp,
        person: Custodian,
        deed: Deed,
        (path, sha256): (&str, Option<Digest>),
        reason: String,
    ) -> Result<CustodyEntry, Failure> {
        let statement = Statement { custodian: person, deed, path: path.to_owned(), sha256, reason };
        let entry = custody::enter(&self.records, incident, at, &statement).await?;
        count("EvidenceAccesses", 1);
        Ok(entry)
    }
}
