//! Sessions in the table.

use super::{Session, cookie};
use incident::records::{Key, Records, Versioned, Write};
use incident::{Digest, Failure};
use jiff::Timestamp;

/// The sessions of a table.
pub(crate) struct Sessions<'a, T>(pub(crate) &'a T);

impl<T: Records> Sessions<'_, T> {
    /// Writes a new session down, under a cookie that never was another's: whoever knew one from before knows nothing.
    pub(crate) async fn open(&self, session: &Session, cookie: &str) -> Result<(), Failure> {
        let (_, is_new) = self.0.create(&key(cookie), session).await?;
        if is_new { Ok(()) } else { Err(Failure::transient("a random cookie came twice")) }
    }

    /// The session of this cookie, if it still counts.
    pub(crate) async fn find(&self, cookie: &str, now: Timestamp) -> Result<Option<Session>, Failure> {
        if !cookie::is_token(cookie) {
            return Ok(None);
        }
        let key = key(cookie);
        let read = self.0.read::<Session>(std::slice::from_ref(&key)).await?;
        let Some(Versioned { record: mut session, version }) = read.into_iter().flatten().next() else {
            return Ok(None);
        };
        if !session.is_live(now) {
            self.0.remove(&key).await?;
            return Ok(None);
        }
        if session.is_seen_anew(now) {
            session.seen_at = now;
            let write = Write::new(key.clone(), &session, Some(version))?;
            // Who was faster has written the same, or has ended the session.
            if !self.0.commit(vec![write]).await? && self.0.get::<Session>(&key).await?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(session))
    }

    /// Ends the session of this cookie.
    pub(crate) async fn end(&self, cookie: &str) -> Result<(), Failure> {
        self.0.remove(&key(cookie)).await
    }
}

fn key(cookie: &str) -> Key {
    Key::session(&Digest::of(cookie.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;
    use crate::memory::{Memory, run};
    use crate::session::tests::{at, counsel};

    fn cookie() -> String {
        "a".repeat(43)
    }

    #[test]
    fn a_session_is_found_by_its_cookie_until_it_is_ended() {
        let memory = Memory::default();
        let (sessions, session) = (Sessions(&memory), counsel(at("08:00:00")));
        run(async {
            sessions.open(&session, &cookie()).await.unwrap();
            assert_eq!(sessions.find(&cookie(), at("08:00:30")).await.unwrap(), Some(session));
            assert_eq!(sessions.find(&"b".repeat(43), at("08:00:30")).await.unwrap(), None);
            assert_eq!(sessions.find("", at("08:00:30")).await.unwrap(), None);
            sessions.end(&cookie()).await.unwrap();
            assert_eq!(sessions.find(&cookie(), at("08:00:30")).await.unwrap(), None);
        });
    }

    #[test]
    fn use_keeps_a_session_alive_and_rest_ends_it_for_good() {
        let memory = Memory::default();
        let sessions = Sessions(&memory);
        run(async {
            sessions.open(&counsel(at("08:00:00")), &cookie()).await.unwrap();
            for time in ["08:20:00", "08:40:00", "09:05:00"] {
                assert!(sessions.find(&cookie(), at(time)).await.unwrap().is_some(), "{time}");
            }
            assert_eq!(sessions.find(&cookie(), at("09:35:00")).await.unwrap(), None);
            assert_eq!(sessions.find(&cookie(), at("09:10:00")).await.unwrap(), None);
        });
    }

    #[test]
    fn a_busy_session_is_written_once_a_minute() {
        let memory = Memory::default();
        let sessions = Sessions(&memory);
        run(async {
            sessions.open(&counsel(at("08:00:00")), &cookie()).await.unwrap();
            for second in 0..=59 {
                sessions.find(&cookie(), at(&format!("08:00:{second:02}"))).await.unwrap();
            }
            assert_eq!(memory.writes(), 1);
            sessions.find(&cookie(), at("08:01:00")).await.unwrap();
            assert_eq!(memory.writes(), 2);
        });
    }

    #[test]
    fn the_table_never_holds_the_cookie() {
        let memory = Memory::default();
        run(async { Sessions(&memory).open(&counsel(at("08:00:00")), &cookie()).await.unwrap() });
        assert!(!memory.dump().contains(&cookie()));
    }
}
