//! The files that every page loads, compiled in.

use platform::web::Asset;
use std::sync::LazyLock;

pub(crate) static STYLES: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("public.css", "text/css; charset=utf-8", include_str!("../assets/public.css")));

pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(Asset::icon);

/// The one of this name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    let all: [&'static Asset; 2] = [&STYLES, &ICON];
    all.into_iter().find(|asset| asset.name == name)
}
