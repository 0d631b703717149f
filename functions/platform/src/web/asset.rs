//! Styles, scripts and the icon that are compiled in. Their address changes with their content, so a browser may keep them for a year.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use incident::Digest;

/// A file of a page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its name, such as `console.css`.
    pub name: &'static str,
    content_type: &'static str,
    content: &'static str,
    /// Of its content.
    version: String,
}

impl Asset {
    /// A file of this content.
    pub fn new(name: &'static str, content_type: &'static str, content: &'static str) -> Self {
        Self { name, content_type, content, version: Digest::of(content.as_bytes()).short(16) }
    }

    /// The icon of our pages: a bell.
    pub fn icon() -> Self {
        Self::new("icon.svg", "image/svg+xml", include_str!("icon.svg"))
    }

    /// Its address, for templates: `/assets/console.css?v=…`.
    pub fn address(&self) -> String {
        format!("/assets/{}?v={}", self.name, self.version)
    }

    /// Answers with it. Asked for by another version, as a page from before a deployment does, this one must not be kept as that one.
    pub fn answer(&self, query: Option<&str>) -> Response {
        let is_this = query.and_then(|query| query.strip_prefix("v=")) == Some(self.version.as_str());
        let kept = if is_this { "public, max-age=31536000, immutable" } else { "no-store" };
        ([(CONTENT_TYPE, self.content_type), (CACHE_CONTROL, kept)], self.content).into_response()
    }
}
