//! The one table of routes: method, path, who may, and what answers. What is not in it does not exist.

use crate::access::Role::{Counsel, Privacy};
use crate::access::Who::{self, Anybody, OneOf, SignedIn};
use crate::access::{READERS, REGISTRARS, REQUEST_READERS, REVIEWERS, SUPPORTERS, TELLERS};
use crate::desk::Desk;
use crate::{assets, pages, sign_in};
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// One route.
pub(crate) struct Route {
    /// The method.
    pub(crate) method: Method,
    /// The path, with its parameters.
    pub(crate) path: &'static str,
    /// Who may.
    pub(crate) who: Who,
    /// What answers.
    pub(crate) answer: MethodRouter<Arc<Desk>>,
}

/// A route that changes nothing.
fn read<H: Handler<T, Arc<Desk>>, T: 'static>(path: &'static str, who: Who, handler: H) -> Route {
    Route { method: Method::GET, path, who, answer: get(handler) }
}

/// A route that takes a form.
fn write<H: Handler<T, Arc<Desk>>, T: 'static>(path: &'static str, who: Who, handler: H) -> Route {
    Route { method: Method::POST, path, who, answer: post(handler) }
}

/// All routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        read("/", SignedIn, pages::home::show),
        read("/incidents", OneOf(READERS), pages::incidents::list),
        read("/incidents/{incident}", OneOf(READERS), pages::incident::show),
        read("/incidents/{incident}/facts", OneOf(READERS), pages::facts::show),
        write("/incidents/{incident}/facts/preview", OneOf(TELLERS), pages::facts::preview),
        write("/incidents/{incident}/facts", OneOf(TELLERS), pages::facts::save),
        read("/reviews", OneOf(REVIEWERS), pages::reviews::list),
        read("/reviews/{incident}/{obligation}/{version}", OneOf(REVIEWERS), pages::review::show),
        read("/reviews/{incident}/{obligation}/{version}/text", OneOf(REVIEWERS), pages::review::text),
        read("/reviews/{incident}/{obligation}/{version}/page", OneOf(REVIEWERS), pages::review::public_page),
        write("/reviews/{incident}/{obligation}/{version}", OneOf(&[Counsel]), pages::review::decide),
        read("/register", OneOf(REGISTRARS), pages::register::show),
        read("/register.csv", OneOf(REGISTRARS), pages::register::csv),
        read("/register.json", OneOf(REGISTRARS), pages::register::json),
        read("/requests", OneOf(REQUEST_READERS), pages::requests::list),
        read("/requests/{reference}", OneOf(REQUEST_READERS), pages::requests::show),
        write("/requests/{reference}", OneOf(&[Privacy]), pages::requests::act),
        read("/support", OneOf(SUPPORTERS), pages::support::show),
        read("/sign-in", Anybody, sign_in::begin),
        read("/signed-in", Anybody, sign_in::finish),
        read("/signed-out", Anybody, sign_in::signed_out),
        write("/sign-out", SignedIn, sign_in::sign_out),
        read("/assets/{name}", Anybody, assets::serve),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::access::{Admission, Role, Roles};

    /// What each route is for, by the initials of the roles in the order of [`Role::ALL`]: `r`esponder, `c`ommander,
    /// counse`l`, `p`rivacy, `a`uditor, `s`upport; `+` for whoever has signed in, `*` for whoever comes.
    const EXPECTED: &[(&str, &str, &str)] = &[
        ("GET", "/", "+"),
        ("GET", "/incidents", "rclpa"),
        ("GET", "/incidents/{incident}", "rclpa"),
        ("GET", "/incidents/{incident}/facts", "rclpa"),
        ("POST", "/incidents/{incident}/facts/preview", "clp"),
        ("POST", "/incidents/{incident}/facts", "clp"),
        ("GET", "/reviews", "clpa"),
        ("GET", "/reviews/{incident}/{obligation}/{version}", "clpa"),
        ("GET", "/reviews/{incident}/{obligation}/{version}/text", "clpa"),
        ("GET", "/reviews/{incident}/{obligation}/{version}/page", "clpa"),
        ("POST", "/reviews/{incident}/{obligation}/{version}", "l"),
        ("GET", "/register", "lpa"),
        ("GET", "/register.csv", "lpa"),
        ("GET", "/register.json", "lpa"),
        ("GET", "/requests", "pas"),
        ("GET", "/requests/{reference}", "pas"),
        ("POST", "/requests/{reference}", "p"),
        ("GET", "/support", "clps"),
        ("GET", "/sign-in", "*"),
        ("GET", "/signed-in", "*"),
        ("GET", "/signed-out", "*"),
        ("POST", "/sign-out", "+"),
        ("GET", "/assets/{name}", "*"),
    ];

    fn expected(who: &str, initial: Option<char>, method: &Method) -> Admission {
        match initial {
            _ if who == "*" => Admission::Granted,
            None if method == Method::GET => Admission::SignInFirst,
            None => Admission::NotSignedIn,
            Some(_) if who == "+" => Admission::Granted,
            Some(initial) if who.contains(initial) => Admission::Granted,
            Some(_) => Admission::WrongRole,
        }
    }

    #[test]
    fn every_role_and_nobody_on_every_route() {
        let routes = routes();
        assert_eq!(routes.len(), EXPECTED.len());
        for (route, (method, path, who)) in routes.iter().zip(EXPECTED) {
            assert_eq!((route.method.as_str(), route.path), (*method, *path));
            let people = Role::ALL.into_iter().zip("rclpas".chars()).map(|(role, initial)| (Some(role), initial));
            for (role, initial) in people.chain([(None, ' ')]) {
                let roles = role.map(|role| Roles::from_iter([role]));
                let answer = route.who.admits(&route.method, roles.as_ref());
                let wanted = expected(who, role.map(|_| initial), &route.method);
                assert_eq!(answer, wanted, "{method} {path} as {role:?}");
            }
        }
    }

    #[test]
    fn whoever_has_no_role_reads_nothing() {
        let none = Roles::default();
        for route in routes() {
            let granted = route.who.admits(&route.method, Some(&none)) == Admission::Granted;
            let is_open = ["/", "/sign-in", "/signed-in", "/signed-out", "/sign-out", "/assets/{name}"];
            assert_eq!(granted, is_open.contains(&route.path), "{}", route.path);
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let auditor = Roles::from_iter([Role::Auditor]);
        let posts = routes().into_iter().filter(|route| route.method == Method::POST && route.path != "/sign-out");
        for route in posts {
            assert_eq!(route.who.admits(&route.method, Some(&auditor)), Admission::WrongRole, "{}", route.path);
        }
    }
}
