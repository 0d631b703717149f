//! Reads what a link leads to, a piece at a time. The link itself is the permission, so nothing is signed here.

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use incident::Failure;

/// What a link leads to.
#[derive(Debug)]
pub struct Download(ByteStream);

impl Download {
    /// Opens a link.
    ///
    /// # Errors
    /// `Rejected` where it is not usable or no longer valid; `Transient` where nobody answers. No error holds the link.
    pub async fn open(link: &str) -> Result<Self, Failure> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(link).map_err(|_| Failure::rejected("the link is not usable"))?;
        let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        let answer = connector.call(request).await;
        let answer = answer.map_err(|error| Failure::transient("the vault cannot be reached").because(error))?;
        match answer.status().as_u16() {
            200 => Ok(Self(ByteStream::new(answer.into_body()))),
            status @ 500.. => Err(Failure::transient(format!("the vault answered with status {status}"))),
            status => Err(Failure::rejected(format!("the vault refused the link with status {status}"))),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `Transient` where the connection broke off.
    pub async fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        let piece = self.0.next().await.transpose();
        piece.map_err(|error| Failure::transient("the download broke off").because(error))
    }
}
