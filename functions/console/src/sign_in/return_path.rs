//! Where a person goes after the sign-in: a page of ours, and nowhere else.

/// No address of ours is longer, in bytes.
const LONGEST: usize = 512;

/// The path that was asked for if it leads to a page of ours, else the first page.
pub(crate) fn own(asked: Option<&str>) -> &str {
    asked.filter(|path| is_own(path)).unwrap_or("/")
}

/// A browser takes `//host`, `/\host` and what it drops a tab or a newline from for the address of another site.
fn is_own(path: &str) -> bool {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let leads_round = ["/sign-in", "/signed-in", "/signed-out", "/sign-out"]
        .iter()
        .any(|door| path.strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/', '#'])));
    path.len() <= LONGEST && is_plain && path.starts_with('/') && !path.starts_with("//") && !leads_round
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn our_own_pages_are_gone_back_to() {
        for path in ["/", "/incidents", "/reviews/inc-1/gdpr/2?from=queue#text", "/incidents?next=//example.com"] {
            assert_eq!(own(Some(path)), path);
        }
    }

    #[test]
    fn nowhere_else() {
        let long = format!("/{}", "a".repeat(600));
        for path in [
            "https://example.com/",
            "//example.com",
            "///example.com",
            "/\\example.com",
            "\\\\example.com",
            "/incidents\\..\\x",
            "/\t/example.com",
            "/\n/example.com",
            "/incidents\r\nSet-Cookie: x=y",
            " /incidents",
            "javascript:alert(1)",
            "incidents",
            "",
            "/ä",
            long.as_str(),
        ] {
            assert_eq!(own(Some(path)), "/", "{path}");
        }
        assert_eq!(own(None), "/");
    }

    #[test]
    fn not_back_to_the_door() {
        for path in ["/sign-in", "/sign-in?return=/sign-in", "/signed-in?code=1&state=2", "/signed-out", "/sign-out"] {
            assert_eq!(own(Some(path)), "/", "{path}");
        }
        assert_eq!(own(Some("/sign-ins")), "/sign-ins");
    }
}
