//! `/`: where whoever comes has most to do.

use crate::access::READERS;
use crate::access::Role;
use crate::session::Session;
use axum::response::Redirect;

/// Leads on: to the incidents, and whoever only answers customers to what those may be told.
pub async fn show(session: Session) -> Redirect {
    let is_support = session.roles.has(Role::Support) && !session.roles.any(READERS);
    Redirect::to(if is_support { "/support" } else { "/incidents" })
}
