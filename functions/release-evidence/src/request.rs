//! What a person sends.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use incident::IncidentId;
use platform::Halt;
use platform::entry::parse;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The longest text that is taken, in bytes: the custody log keeps it.
const LONGEST: usize = 1_000;

/// A request whose texts are to be checked.
pub(crate) trait Checked: DeserializeOwned {
    /// Every text that must say something, by its field.
    fn texts(&self) -> Vec<(&'static str, &str)>;
}

/// All the evidence of an incident.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfIncident {
    pub(crate) incident: IncidentId,
    #[serde(default)]
    pub(crate) reason: String,
}

/// A page of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPage {
    pub(crate) incident: IncidentId,
    /// The `next` of the page before.
    pub(crate) after: Option<String>,
    #[serde(default)]
    pub(crate) reason: String,
}

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfFile {
    pub(crate) incident: IncidentId,
    /// Below the incident's folder.
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) reason: String,
}

/// What somebody asks to have erased.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erasure {
    pub(crate) incident: IncidentId,
    /// By which the request is filed elsewhere: a number, no name.
    #[serde(default)]
    pub(crate) request: String,
    /// Why the evidence is kept all the same, such as `GDPR Art. 17(3)(e)`.
    #[serde(default)]
    pub(crate) legal_basis: String,
    #[serde(default)]
    pub(crate) reason: String,
}

impl Checked for OfIncident {
    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("reason", &self.reason)]
    }
}

impl Checked for OfPage {
    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("reason", &self.reason)]
    }
}

impl Checked for OfFile {
    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("reason", &self.reason), ("path", &self.path)]
    }
}

impl Checked for Erasure {
    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("reason", &self.reason), ("request", &self.request), ("legal_basis", &self.legal_basis)]
    }
}

/// The body of a request. Nothing is given without a reason. A text that is missing says nothing, like an empty one.
pub(crate) fn read<R: Checked>(request: &LambdaFunctionUrlRequest) -> Result<R, Halt> {
    let malformed = |message: &str| Halt::refuse(400, "malformed", message);
    let body = request.body.as_deref().unwrap_or_default();
    let value = serde_json::from_str(body).map_err(|_| malformed("the body is not JSON"))?;
    let request: R = parse(value).map_err(|failure| malformed(&failure.chain()))?;
    for (field, text) in request.texts() {
        if text.trim().is_empty() {
            return Err(Halt::refuse(400, "nothing-said", format!("`$.{field}` is empty; the custody log keeps it")));
        }
        if text.len() > LONGEST || text.contains(char::is_control) {
            return Err(malformed(&format!("`$.{field}` is longer than {LONGEST} bytes, or has line breaks in it")));
        }
    }
    Ok(request)
}
