//! Calls a function URL as the person whose credentials the environment holds (SigV4, service `lambda`).

use super::Sdk;
use super::signed_request::{Unsigned, send};
use incident::Failure;

/// A function behind a URL that only signed requests reach.
#[derive(Clone, Debug)]
pub struct FunctionUrl {
    sdk: Sdk,
    url: String,
}

impl FunctionUrl {
    /// The function at this URL.
    pub fn connect(sdk: &Sdk, url: String) -> Self {
        Self { sdk: sdk.clone(), url }
    }

    /// Posts JSON; answers with the status and the body.
    ///
    /// # Errors
    /// `Rejected` without credentials, region or a usable URL; `Transient` where the function cannot be reached.
    pub async fn post(&self, body: &str) -> Result<(u16, String), Failure> {
        self.call("POST", "", body).await
    }

    /// Calls a path below the URL, such as `approvals`, whose parts need no escaping; answers with the status and the body.
    ///
    /// # Errors
    /// As for [`Self::post`].
    pub async fn call(&self, method: &str, below: &str, body: &str) -> Result<(u16, String), Failure> {
        let malformed = || Failure::rejected("the function's URL is not usable: it is `https://…`");
        let (scheme, rest) = self.url.split_once("://").ok_or_else(malformed)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let separator = if below.is_empty() || path.is_empty() || path.ends_with('/') { "" } else { "/" };
        let url = format!("{scheme}://{host}/{path}{separator}{below}");
        let config = self.sdk.config();
        let region = config.region().ok_or_else(|| Failure::rejected("no AWS region is set"))?;
        let request = Unsigned {
            service: "lambda",
            region: region.as_ref(),
            method,
            url: &url,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        };
        let answer = send(config, request).await?;
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }
}
