//! Asks any service of a member account, and keeps what it answers byte for byte.

use super::Sdk;
use super::failure::is_transient;
use super::member::{MemberRole, Members};
use super::signed_request::{Answer, Unsigned, send};
use aws_config::SdkConfig;
use incident::containment::Place;
use incident::evidence::source::Request;
use incident::ports::{Answered, SourceReader};
use incident::{Failure, Fault};
use serde_json::Value;
use std::time::Duration;

/// The services of the member accounts, as this role may read them.
#[derive(Clone, Debug)]
pub struct Sources(Members<SdkConfig>);

impl Sources {
    /// The services as this role of the member accounts may read them.
    pub fn connect(sdk: &Sdk, role: MemberRole) -> Self {
        Self(Members::new(sdk, role, SdkConfig::clone))
    }
}

/// How often a request is made before "later" is taken for an answer, as often as the SDKs make it.
const ATTEMPTS: u32 = 3;

impl SourceReader for Sources {
    async fn ask(&self, place: &Place, request: &Request) -> Result<Answered, Failure> {
        let mut attempt = 1;
        loop {
            match self.ask_once(place, request).await {
                Err(failure) if failure.fault() == Fault::Transient && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }
}

impl Sources {
    async fn ask_once(&self, place: &Place, request: &Request) -> Result<Answered, Failure> {
        let config = self.0.at(place).await?;
        let mut answer = sent(&config, request).await?;
        // A finding does not always say where a bucket is; S3 does.
        if let Some(region) =
            answer.bucket_region.take().filter(|region| answer.status >= 300 && *region != request.region)
        {
            let host = request.host.replace(&request.region, &region);
            answer = sent(&config, &Request { region, host, ..request.clone() }).await?;
        }
        if (200..300).contains(&answer.status) {
            return Ok(Answered { code: None, body: answer.body });
        }
        let code = answer.error.as_deref().map_or_else(|| code_of(&answer.body), code_part);
        let code = code.unwrap_or_else(|| format!("HTTP {}", answer.status));
        if answer.status >= 500 || answer.status == 429 || is_transient(&code) {
            return Err(Failure::transient(format!("{} answers `{code}`", request.signing)));
        }
        Ok(Answered { code: Some(code), body: answer.body })
    }
}

async fn sent(config: &SdkConfig, request: &Request) -> Result<Answer, Failure> {
    let url = url(config.endpoint_url(), request);
    let unsigned = Unsigned {
        service: &request.signing,
        region: &request.region,
        method: &request.method,
        url: &url,
        headers: request.headers.clone(),
        body: &request.body,
    };
    send(config, unsigned).await
}

/// The whole address. A bucket is part of the host, unless its name has dots, which no certificate covers
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>).
fn url(endpoint: Option<&str>, request: &Request) -> String {
    let (origin, path) = match endpoint {
        Some(endpoint) => (endpoint.trim_end_matches('/').to_owned(), request.path.clone()),
        None => match bucket_of(request) {
            Some((bucket, path)) => (format!("https://{bucket}.{}", request.host), path),
            None => (format!("https://{}", request.host), request.path.clone()),
        },
    };
    let query: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    if query.is_empty() { format!("{origin}{path}") } else { format!("{origin}{path}?{}", query.join("&")) }
}

fn bucket_of(request: &Request) -> Option<(String, String)> {
    let below =
        request.path.strip_prefix('/').filter(|_| request.signing == "s3" && request.host.starts_with("s3."))?;
    let (bucket, key) = below.split_once('/').unwrap_or((below, ""));
    (!bucket.is_empty() && !bucket.contains('.')).then(|| (bucket.to_owned(), format!("/{key}")))
}

fn escape(text: &str) -> String {
    incident::evidence::source::escape(text)
}

/// The code of an error: `<Code>` of XML, `__type` or `code` of JSON.
fn code_of(body: &[u8]) -> Option<String> {
    if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
        let code = ["__type", "code", "Code"].iter().find_map(|name| members.get(*name)?.as_str());
        return code.and_then(code_part);
    }
    let text = String::from_utf8_lossy(body);
    let (_, after) = text.split_once("<Code>")?;
    after.split_once("</Code>").map(|(code, _)| code.to_owned())
}

/// Of `com.amazonaws.x#ThrottlingException:http://…` the name.
fn code_part(code: &str) -> Option<String> {
    let code = code.rsplit('#').next()?.split(':').next()?;
    (!code.is_empty()).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn request(path: &str) -> Request {
        Request {
            region: "eu-central-1".to_owned(),
            signing: "s3".to_owned(),
            host: "s3.eu-central-1.amazonaws.com".to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: vec![("key-marker".to_owned(), "a b/ü".to_owned()), ("versions".to_owned(), String::new())],
            headers: Vec::new(),
            body: String::new(),
        }
    }

    #[test]
    fn a_bucket_is_part_of_the_host_unless_its_name_has_dots() {
        assert_eq!(
            url(None, &request("/shop/a%20b")),
            "https://shop.s3.eu-central-1.amazonaws.com/a%20b?key-marker=a%20b%2F%C3%BC&versions="
        );
        assert!(
            url(None, &request("/shop.example/a")).starts_with("https://s3.eu-central-1.amazonaws.com/shop.example/a?")
        );
        assert!(url(Some("http://127.0.0.1:1/"), &request("/shop")).starts_with("http://127.0.0.1:1/shop?"));
    }

    #[test]
    fn the_code_of_an_error_is_found_in_every_form() {
        let of = |body: &str| code_of(body.as_bytes()).unwrap();
        assert_eq!(of("<Error><Code>NoSuchBucketPolicy</Code></Error>"), "NoSuchBucketPolicy");
        assert_eq!(of(r#"{"__type":"com.amazonaws.logs#ResourceNotFoundException"}"#), "ResourceNotFoundException");
        assert_eq!(code_part("ThrottlingException:http://internal/").unwrap(), "ThrottlingException");
        assert_eq!(code_of(b"<html>"), None);
    }
}
