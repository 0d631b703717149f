//! Calls a function URL as the person whose credentials the environment holds (SigV4, service `lambda`).

use super::Sdk;
use crate::clock;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
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
        let credentials =
            config.credentials_provider().ok_or_else(|| Failure::rejected("no AWS credentials are set"))?;
        let credentials = credentials.provide_credentials().await;
        let identity =
            credentials.map_err(|error| Failure::rejected("no AWS credentials are found").because(error))?.into();

        let unsignable = |error| Failure::rejected("the request cannot be signed").because(error);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name("lambda")
            .time(clock::now().into())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| Failure::rejected("the request cannot be signed").because(error))?
            .into();
        let headers = [("host", host), ("content-type", "application/json")];
        let request =
            SignableRequest::new(method, url.as_str(), headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let (signature, _) = sign(request.map_err(unsignable)?, &params).map_err(unsignable)?.into_parts();

        let unusable = |error| Failure::rejected("the function's URL is not usable").because(error);
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(unusable)?;
        request.set_uri(url.as_str()).map_err(unusable)?;
        for (name, value) in headers.into_iter().chain(signature.headers()) {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        let answer = connector.call(request).await;
        let answer = answer.map_err(|error| Failure::transient("the function cannot be reached").because(error))?;
        let status = answer.status().as_u16();
        let bytes = aws_sdk_s3::primitives::ByteStream::new(answer.into_body()).collect().await;
        let bytes = bytes.map_err(|error| Failure::transient("the answer broke off").because(error))?;
        Ok((status, String::from_utf8_lossy(&bytes.into_bytes()).into_owned()))
    }
}
