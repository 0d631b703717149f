//! A mail address that a notice can be sent to, in one form for one mailbox.

use serde::{Deserialize, Serialize};

/// A mailbox (RFC 5321 section 4.1.2) in ASCII, as SES takes it: an international domain in its `xn--` form. The domain is in lower case,
/// since it means the same in either; what stands before the `@` is the mailbox's own business and stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

/// Why a text is no address. The text itself is personal data and never part of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A line break or another control character: it could add a header to the message.
    #[error("the address holds a control character")]
    Control,
    /// It cannot be delivered to.
    #[error("the address is not valid")]
    Malformed,
}

const MOST: usize = 254;
const MOST_LOCAL: usize = 64;
const MOST_LABEL: usize = 63;

impl Address {
    /// Reads an address. Spaces around it do not count.
    ///
    /// # Errors
    /// What SES or a mail server would refuse: a comment, a quoted or empty local part, a domain that is no host name.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        let (local, domain) = text.trim().rsplit_once('@').ok_or(AddressError::Malformed)?;
        let domain = domain.to_ascii_lowercase();
        if is_local(local) && is_host(&domain) && local.len() + 1 + domain.len() <= MOST {
            Ok(Self(format!("{local}@{domain}")))
        } else {
            Err(AddressError::Malformed)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dot-string of RFC 5321: atoms, joined by single dots.
fn is_local(local: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= MOST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

/// At least two labels, of which the last is no number.
fn is_host(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=MOST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_in_lower_case_and_the_mailbox_as_it_was() {
        assert_eq!(Address::parse(" Ada.M+shop@Mail.EXAMPLE ").unwrap().as_str(), "Ada.M+shop@mail.example");
    }

    #[test]
    fn what_adds_a_header_is_told_from_what_is_malformed() {
        for text in ["a@b.example\r\nBcc: x@y.example", "a\n@b.example", "a@b.example\0"] {
            assert_eq!(Address::parse(text), Err(AddressError::Control), "{text:?}");
        }
        let long = format!("{}@b.example", "a".repeat(65));
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a@b..example",
            "a.@b.example",
            "a b@c.example",
            "a@-b.example",
            "a@1.2.3.4",
            "\"a\"@b.example",
            "a,b@c.example",
            "a@b.example, c@d.example",
            "ü@b.example",
            "a@bü.example",
            "<a@b.example>",
            &long,
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::Malformed), "{text:?}");
        }
    }
}
