//! Styles, script and icon, compiled in.

use crate::errors::Trouble;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use platform::web::Asset;
use std::sync::LazyLock;

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("console.css", "text/css; charset=utf-8", include_str!("../assets/console.css")),
        Asset::new("console.js", "text/javascript; charset=utf-8", include_str!("../assets/console.js")),
        Asset::icon(),
    ]
});

/// The address of an asset, for templates: `/assets/console.css?v=…`.
pub fn address(name: &str) -> String {
    ASSETS.iter().find(|asset| asset.name == name).map(Asset::address).unwrap_or_default()
}

/// Answers with an asset.
pub(crate) async fn serve(Path(name): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Trouble> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(Trouble::not_found)?;
    Ok(asset.answer(query.as_deref()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::memory::run;
    use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
    use axum::response::IntoResponse;

    fn answer(address: &str) -> Response {
        let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        let name = path.strip_prefix("/assets/").unwrap().to_owned();
        run(serve(Path(name), RawQuery(query.map(str::to_owned)))).into_response()
    }

    #[test]
    fn an_asset_may_be_kept_under_the_address_that_names_its_content() {
        for (name, content_type) in
            [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
        {
            let answer = answer(&address(name));
            assert!(answer.headers()[CONTENT_TYPE].to_str().unwrap().starts_with(content_type));
            assert!(answer.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        }
    }

    #[test]
    fn under_another_address_it_must_not_be_kept() {
        for address in ["/assets/console.css", "/assets/console.css?v=0123456789abcdef", "/assets/console.css?v="] {
            assert_eq!(answer(address).headers()[CACHE_CONTROL], "no-store", "{address}");
        }
    }

    #[test]
    fn nothing_else_is_served() {
        for name in ["", "console.html", "../Cargo.toml", "console.css/"] {
            assert_eq!(answer(&format!("/assets/{name}")).status(), 404, "{name}");
        }
    }
}
