//! Fields of queries and forms.

use form_urlencoded::parse;

/// Why no field of a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOne {
    /// There is none.
    Missing,
    /// There are several.
    Repeated,
}

/// The fields of a query or a form, in order (`application/x-www-form-urlencoded`).
pub fn fields(text: &str) -> Vec<(String, String)> {
    parse(text.as_bytes()).into_owned().collect()
}

/// The field of this name.
///
/// # Errors
/// It is not there, or several times: of those two readers could each take another, so none counts.
pub fn only<'a>(fields: &'a [(String, String)], name: &str) -> Result<&'a str, NotOne> {
    let mut values = fields.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let value = values.next().ok_or(NotOne::Missing)?;
    if values.next().is_some() { Err(NotOne::Repeated) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_exact_name() {
        assert_eq!(only(&fields("state=a%2Bb+c&code=x"), "state"), Ok("a+b c"));
        assert_eq!(only(&fields("xstate=1&State=2&=3"), "state"), Err(NotOne::Missing));
        assert_eq!(only(&fields("state"), "state"), Ok(""));
    }

    #[test]
    fn a_field_that_comes_twice_is_none() {
        assert_eq!(only(&fields("csrf=a&csrf=a"), "csrf"), Err(NotOne::Repeated));
        assert_eq!(only(&fields("csrf=a&%63srf=b"), "csrf"), Err(NotOne::Repeated));
    }
}
