//! From which network address a request came, to count by.

use axum::http::Extensions;
use axum::http::HeaderMap;
use lambda_http::request::RequestContext;

/// The network address of the reader's machine. The distribution writes it last into `X-Forwarded-For`, and API Gateway writes the
/// distribution's own behind it; what stands before is what the reader says of themselves, and counts for nothing. Of a request that
/// has not come through the distribution, the gateway's word counts. Empty where nothing is known.
pub(crate) fn network_address(headers: &HeaderMap, extensions: &Extensions) -> String {
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|hops| hops.split(',')).map(str::trim).collect();
    match hops.as_slice() {
        [.., reader, _distribution] => (*reader).to_owned(),
        _ => gateway_address(extensions).unwrap_or_default(),
    }
}

fn gateway_address(extensions: &Extensions) -> Option<String> {
    match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn counted(hops: &[&'static str]) -> String {
        let name = HeaderName::from_static("x-forwarded-for");
        let headers = hops.iter().map(|hop| (name.clone(), HeaderValue::from_static(hop))).collect();
        network_address(&headers, &Extensions::new())
    }

    #[test]
    fn a_reader_is_who_the_distribution_says_and_not_who_they_say() {
        assert_eq!(counted(&["198.51.100.7, 203.0.113.9"]), "198.51.100.7");
        assert_eq!(counted(&["10.0.0.1, 192.0.2.1, 198.51.100.7, 203.0.113.9"]), "198.51.100.7");
        assert_eq!(counted(&["10.0.0.1", "198.51.100.7, 203.0.113.9"]), "198.51.100.7");
        assert_eq!(counted(&["2001:db8::7,203.0.113.9"]), "2001:db8::7");
    }

    #[test]
    fn without_a_distribution_a_header_counts_for_nothing() {
        assert_eq!(counted(&["10.0.0.1"]), "");
        assert_eq!(counted(&[]), "");
    }
}
