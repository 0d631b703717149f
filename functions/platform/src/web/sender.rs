//! Whether a form was sent from a page of ours, as far as the browser says.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// What a browser says that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Another origin sent the form.
    Origin,
    /// Another site led to it.
    Site,
}

/// Checks who sent a form: `own` is our origin, such as `https://console.example.com`. A browser sends `Origin` with every form, and
/// `Sec-Fetch-Site` where it is not too old to know it; what sends neither is no browser, and passes.
///
/// # Errors
/// What the browser says that is not ours.
pub fn check_sender(headers: &HeaderMap, own: &str) -> Result<(), Foreign> {
    if headers.get_all(ORIGIN).iter().any(|origin| origin.as_bytes() != own.as_bytes()) {
        return Err(Foreign::Origin);
    }
    let is_foreign = |site: &[u8]| !matches!(site, b"same-origin" | b"none");
    if headers.get_all("sec-fetch-site").iter().any(|site| is_foreign(site.as_bytes())) {
        return Err(Foreign::Site);
    }
    Ok(())
}
