//! Requests signed by SigV4, for what no SDK crate is held here for.

use crate::clock;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use incident::Failure;
use std::sync::OnceLock;
use std::time::Duration;

/// After this time an answer counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request, before it is signed.
#[derive(Debug)]
pub(super) struct Unsigned<'a> {
    /// The service that is signed for.
    pub(super) service: &'a str,
    /// The region that is signed for.
    pub(super) region: &'a str,
    /// The method.
    pub(super) method: &'a str,
    /// The whole address, with what has to be escaped escaped.
    pub(super) url: &'a str,
    /// Headers beside the host.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: &'a str,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The service's name of the error, where it gives it in a header.
    pub(super) error: Option<String>,
    /// Where the bucket that was asked for is, if S3 says so.
    pub(super) bucket_region: Option<String>,
    /// The body, byte for byte.
    pub(super) body: Vec<u8>,
}

/// Sends a request with the credentials of this configuration.
///
/// # Errors
/// `Rejected` without credentials or a usable address; `Transient` where nobody answers in time.
pub(super) async fn send(config: &SdkConfig, request: Unsigned<'_>) -> Result<Answer, Failure> {
    let signed = signed(config, request).await?;
    let answer = tokio::time::timeout(PATIENCE, connector().call(signed)).await;
    let answer = answer.map_err(|error| Failure::transient("the request was not answered in time").because(error))?;
    let answer = answer.map_err(|error| Failure::transient("the service cannot be reached").because(error))?;
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers().get(name).map(str::to_owned);
    let (error, bucket_region) = (header("x-amzn-errortype"), header("x-amz-bucket-region"));
    let body = aws_sdk_s3::primitives::ByteStream::new(answer.into_body()).collect();
    let body = tokio::time::timeout(PATIENCE, body).await;
    let body = body.map_err(|error| Failure::transient("the answer was not complete in time").because(error))?;
    let body = body.map_err(|error| Failure::transient("the answer broke off").because(error))?;
    Ok(Answer { status, error, bucket_region, body: body.to_vec() })
}

/// One for all requests, so that connections are used again.
fn connector() -> &'static Connector {
    static CONNECTOR: OnceLock<Connector> = OnceLock::new();
    CONNECTOR.get_or_init(|| Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build())
}

async fn signed(config: &SdkConfig, request: Unsigned<'_>) -> Result<HttpRequest, Failure> {
    let provider = config.credentials_provider().ok_or_else(|| Failure::rejected("no AWS credentials are set"))?;
    let credentials = provider.provide_credentials().await;
    let identity =
        credentials.map_err(|error| Failure::rejected("no AWS credentials are found").because(error))?.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(request.service)
        .time(clock::now().into())
        .settings(settings(request.service))
        .build()
        .map_err(|error| Failure::rejected("the request cannot be signed").because(error))?
        .into();
    let host = request.url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest));
    let headers = std::iter::once(("host", host));
    let headers: Vec<(&str, &str)> =
        headers.chain(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect();
    let unsignable = |error| Failure::rejected("the request cannot be signed").because(error);
    let body = SignableBody::Bytes(request.body.as_bytes());
    let signable = SignableRequest::new(request.method, request.url, headers.iter().copied(), body);
    let (signature, _) = sign(signable.map_err(unsignable)?, &params).map_err(unsignable)?.into_parts();

    let unusable = |error| Failure::rejected("the address is not usable").because(error);
    let mut sent = HttpRequest::new(SdkBody::from(request.body));
    sent.set_method(request.method).map_err(unusable)?;
    sent.set_uri(request.url).map_err(unusable)?;
    for (name, value) in headers.into_iter().chain(signature.headers()) {
        sent.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(sent)
}

/// S3 signs paths as they are, and wants the digest of the body in a header
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}
