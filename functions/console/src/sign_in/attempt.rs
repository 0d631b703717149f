//! What has to be remembered between the way to the issuer and the way back.

use crate::session::after;
use incident::records::{Key, Records, Versioned, Write};
use incident::{Digest, Failure};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a person may take at the issuer.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// One attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The browser that made it, by the digest of its cookie: nobody else can be made to end it.
    browser: Digest,
    /// What the issuer has to put into its token.
    pub(crate) nonce: String,
    /// What shows the issuer that who comes back is who left (PKCE, RFC 7636).
    pub(crate) verifier: String,
    /// Where the person wanted to go.
    pub(crate) return_to: String,
    expires_at: Timestamp,
    is_used: bool,
    /// When the table may forget it, in seconds since 1970.
    forget_at: i64,
}

/// Why nobody is let in by an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// There is none of this state.
    Unknown,
    /// Another browser made it.
    OtherBrowser,
    /// It was used before.
    Used,
    /// It is too long ago.
    Expired,
}

impl Spent {
    /// As logs name it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown-state",
            Self::OtherBrowser => "other-browser",
            Self::Used => "used-state",
            Self::Expired => "expired-state",
        }
    }
}

impl Attempt {
    pub(crate) fn new(browser: &str, nonce: String, verifier: String, return_to: &str, now: Timestamp) -> Self {
        let expires_at = after(now, PATIENCE);
        Self {
            browser: Digest::of(browser.as_bytes()),
            nonce,
            verifier,
            return_to: return_to.to_owned(),
            expires_at,
            is_used: false,
            forget_at: expires_at.as_second(),
        }
    }
}

/// The attempts of a table.
pub(crate) struct Attempts<'a, T>(pub(crate) &'a T);

impl<T: Records> Attempts<'_, T> {
    /// Writes an attempt down, under its state.
    pub(crate) async fn open(&self, state: &str, attempt: &Attempt) -> Result<(), Failure> {
        self.0.create(&key(state), attempt).await.map(|_| ())
    }

    /// The attempt of this state, once, for the browser that made it.
    pub(crate) async fn take(
        &self,
        state: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Result<Attempt, Spent>, Failure> {
        let key = key(state);
        let read = self.0.read::<Attempt>(std::slice::from_ref(&key)).await?;
        let Some(Versioned { record: attempt, version }) = read.into_iter().flatten().next() else {
            return Ok(Err(Spent::Unknown));
        };
        if attempt.browser != Digest::of(browser.as_bytes()) {
            return Ok(Err(Spent::OtherBrowser));
        }
        if attempt.is_used {
            return Ok(Err(Spent::Used));
        }
        if now >= attempt.expires_at {
            return Ok(Err(Spent::Expired));
        }
        // It stays, emptied, so that whoever comes with it again is told apart from whoever never left.
        let used = Attempt { is_used: true, nonce: String::new(), verifier: String::new(), ..attempt.clone() };
        let is_first = self.0.commit(vec![Write::new(key, &used, Some(version))?]).await?;
        Ok(if is_first { Ok(attempt) } else { Err(Spent::Used) })
    }
}

fn key(state: &str) -> Key {
    Key::sign_in(&Digest::of(state.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::memory::{Memory, run};
    use crate::session::tests::at;

    fn attempt() -> Attempt {
        Attempt::new("browser", "nonce".to_owned(), "verifier".to_owned(), "/incidents", at("08:00:00"))
    }

    fn take(memory: &Memory, state: &str, browser: &str, time: &str) -> Result<Attempt, Spent> {
        run(Attempts(memory).take(state, browser, at(time))).unwrap()
    }

    fn opened() -> Memory {
        let memory = Memory::default();
        run(Attempts(&memory).open("state", &attempt())).unwrap();
        memory
    }

    #[test]
    fn an_attempt_is_taken_once() {
        let memory = opened();
        assert_eq!(take(&memory, "state", "browser", "08:09:59"), Ok(attempt()));
        assert_eq!(take(&memory, "state", "browser", "08:09:59"), Err(Spent::Used));
        assert!(!memory.dump().contains("verifier\": String(\"verifier"), "its secret is gone");
    }

    #[test]
    fn by_the_browser_that_made_it_in_ten_minutes() {
        let memory = opened();
        assert_eq!(take(&memory, "other", "browser", "08:01:00"), Err(Spent::Unknown));
        assert_eq!(take(&memory, "state", "other", "08:01:00"), Err(Spent::OtherBrowser));
        assert_eq!(take(&memory, "state", "browser", "08:10:00"), Err(Spent::Expired));
        assert_eq!(take(&memory, "state", "browser", "08:01:00"), Ok(attempt()), "the wrong ones did not use it up");
    }

    #[test]
    fn the_table_holds_neither_state_nor_cookie() {
        let memory = Memory::default();
        let attempt = Attempt::new("cookie-of-it", String::new(), String::new(), "/", at("08:00:00"));
        run(Attempts(&memory).open("state-of-it", &attempt)).unwrap();
        assert!(!memory.dump().contains("cookie-of-it") && !memory.dump().contains("state-of-it"));
    }
}
