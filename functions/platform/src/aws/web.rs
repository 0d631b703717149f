//! Asks what is no service of AWS, such as the issuer that people sign in with. Nothing is signed, and no redirect is followed.

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use incident::Failure;
use std::net::IpAddr;
use std::time::Duration;

/// After this time an answer counts as lost: whoever waits for it is a person before a page.
const PATIENCE: Duration = Duration::from_secs(10);

/// No answer that is asked for here is larger, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// A client of the web.
#[derive(Debug)]
pub struct Web(Connector);

/// One request.
#[derive(Debug)]
pub struct WebRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole address, with what has to be escaped escaped.
    pub url: &'a str,
    /// Headers beside the host.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct WebAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Web {
    /// A client that keeps its connections.
    pub fn connect() -> Self {
        Self(Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build())
    }

    /// Sends one request, over TLS unless it stays on this machine.
    ///
    /// # Errors
    /// `Rejected` where the address is not usable; `Transient` where nobody answers in time. No error holds the address.
    pub async fn ask(&self, request: WebRequest<'_>) -> Result<WebAnswer, Failure> {
        if !is_private(request.url) {
            return Err(Failure::rejected("the address is not usable: it is `https://…`"));
        }
        let unusable = |error| Failure::rejected("the request cannot be made").because(error);
        let mut asked = HttpRequest::new(SdkBody::from(request.body));
        asked.set_method(request.method).map_err(unusable)?;
        asked.set_uri(request.url).map_err(unusable)?;
        for (name, value) in request.headers {
            asked.headers_mut().append(name, value);
        }
        let answer = tokio::time::timeout(PATIENCE, self.answer(asked)).await;
        answer.map_err(|error| Failure::transient("the request was not answered in time").because(error))?
    }

    async fn answer(&self, request: HttpRequest) -> Result<WebAnswer, Failure> {
        let answer: HttpResponse = self
            .0
            .call(request)
            .await
            .map_err(|error| Failure::transient("the other side cannot be reached").because(error))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut pieces = ByteStream::new(answer.into_body());
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Failure::transient("the answer broke off").because(error))?;
            if body.len() + piece.len() > MOST_BYTES {
                return Err(Failure::rejected("the answer is larger than any that was asked for"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(WebAnswer { status, headers, body })
    }
}

/// Whether nobody on the way reads along: TLS, or a way that never leaves this machine. A name before an `@` is refused, since it
/// makes an address look like another.
fn is_private(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    if authority.is_empty() || authority.contains('@') {
        return false;
    }
    match scheme {
        "https" => true,
        "http" => is_loopback(authority),
        _ => false,
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn only_tls_leaves_this_machine() {
        for url in ["https://id.example.com/keys", "http://localhost:9/a", "http://127.0.0.1/", "http://[::1]:80/x"] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://id.example.com/keys",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "https://id.example.com@example.com/",
            "http://example.com\\@localhost/",
            "ftp://localhost/",
            "https:///keys",
            "localhost",
            "",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }
}
