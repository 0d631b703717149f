//! Where a request leads.

use axum::body::Body;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use lambda_http::RequestExt;

/// A request as the routes know it. API Gateway puts the name of its stage before the path where it is called by its own name; the
/// pages are written for the root of an origin.
pub fn at_root(request: lambda_http::Request) -> axum::extract::Request {
    let path = request.raw_http_path();
    let path = if path.starts_with('/') { path.to_owned() } else { request.uri().path().to_owned() };
    // What the gateway has written out of a path does not end it.
    let is_written_out = path.contains(['?', '#']);
    let address = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let (mut parts, body) = request.into_parts();
    // What is no address leads to no page.
    let read = if is_written_out { None } else { address.parse::<PathAndQuery>().ok() };
    parts.uri = read.map_or_else(|| Uri::from_static("/-"), Uri::from);
    axum::extract::Request::from_parts(parts, Body::new(body))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::at_root;
    use lambda_http::RequestExt;
    use lambda_http::http::Request;

    fn routed(uri: &str, raw: &str) -> String {
        let request = Request::builder().uri(uri).body(lambda_http::Body::Empty).unwrap().with_raw_http_path(raw);
        at_root(request).uri().to_string()
    }

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        assert_eq!(routed("https://id.example.com/console/reviews?a=b%26c", "/reviews"), "/reviews?a=b%26c");
        assert_eq!(routed("https://console.example.com/console/", "/"), "/");
    }

    #[test]
    fn what_is_no_address_leads_nowhere() {
        assert_eq!(routed("https://console.example.com/x", "/a b"), "/-");
        assert_eq!(routed("https://console.example.com/x", "/a\u{0}"), "/-");
        assert_eq!(routed("https://console.example.com/x", "/incidents/inc-1#FACTS"), "/-");
        assert_eq!(routed("https://console.example.com/x?a=b", "/reviews?from=1"), "/-");
    }
}
