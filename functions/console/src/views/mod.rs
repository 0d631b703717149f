//! What each page shows, worked out from records: pure, and typed for the templates in `templates/`.
//!
//! A view takes records and the time, and holds texts. No view escapes anything: [`render`] and askama do, for every text alike.

pub mod badge;
pub mod changes;
pub mod entry;
pub mod facts;
pub mod incident;
pub mod incidents;
pub mod register;
pub mod requests;
pub mod review;
pub mod reviews;
pub mod shell;
pub mod support;
#[cfg(test)]
mod tests;
pub mod text;
pub mod time;

use ::incident::legible::legible_lines;
use askama::Template;

/// The page of a view. Markup in a text stays text, and what leaves no ink can be seen: on the whole page, so no template forgets it.
///
/// # Errors
/// A template that cannot be written; none of ours can fail by itself.
pub fn render(view: &impl Template) -> Result<String, askama::Error> {
    view.render().map(|page| legible_lines(&page).into_owned())
}
