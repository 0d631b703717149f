//! The console: pages for those who answer an incident.
//!
//! [`routes`] is the table of what there is and who may; [`guard`] holds every route to it. A page is a function of
//! [`pages`] over the [`Desk`].

pub mod access;
pub mod assets;
pub mod desk;
pub mod errors;
mod guard;
pub mod headers;
#[cfg(test)]
mod memory;
pub mod pages;
mod routes;
pub mod session;
mod sign_in;
pub mod views;

pub use desk::{Desk, Door};
pub use platform::web::at_root;
pub use session::{Person, Session};
pub use sign_in::issuer::IssuerSettings;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use errors::Trouble;
use guard::Guard;
use routes::Route;
use std::sync::Arc;

/// The console: the routes of the table, each behind its guard, and nothing else.
pub fn console(desk: Desk) -> Router {
    let desk = Arc::new(desk);
    let mut router = Router::new();
    for Route { method, path, who, answer } in routes::routes() {
        let guard = Guard { desk: Arc::clone(&desk), method, path, who };
        router = router.route(path, answer.route_layer(from_fn_with_state(guard, Guard::stand)));
    }
    let nothing = async || Trouble::not_found();
    let router = router.fallback(nothing).method_not_allowed_fallback(nothing);
    router.layer(map_response(headers::secure)).with_state(desk)
}
