//! Fields of queries and forms.

use openidconnect::url::form_urlencoded::parse;

/// The field of this name. Sent twice it counts as not sent: two readers of it might each take another.
pub(crate) fn only(text: &str, name: &str) -> Option<String> {
    let mut values = parse(text.as_bytes()).filter(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::only;

    #[test]
    fn a_field_is_found_by_its_exact_name() {
        assert_eq!(only("state=a%2Bb+c&code=x", "state").as_deref(), Some("a+b c"));
        assert_eq!(only("xstate=1&State=2&=3", "state"), None);
        assert_eq!(only("state", "state").as_deref(), Some(""));
    }

    #[test]
    fn a_field_that_comes_twice_is_none() {
        assert_eq!(only("csrf=a&csrf=a", "csrf"), None);
        assert_eq!(only("csrf=a&%63srf=b", "csrf"), None);
    }
}
