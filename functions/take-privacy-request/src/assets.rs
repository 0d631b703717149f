//! The files that every page loads, compiled in.

use crate::language::Language;
use crate::trouble::Trouble;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use platform::web::Asset;
use std::sync::LazyLock;

pub(crate) static STYLES: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("public.css", "text/css; charset=utf-8", include_str!("../assets/public.css")));

pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(Asset::icon);

/// Answers with one of them.
pub(crate) async fn serve(
    language: Language,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let asset = [&STYLES, &ICON].into_iter().find(|asset| asset.name == name);
    asset.map(|asset| asset.answer(query.as_deref())).ok_or_else(|| Trouble::not_found(language))
}
