//! Where lies what was asked and not confirmed: apart from the requests, so that whoever works on those never sees it.

use super::{Asked, Link, RequestDesk};
use crate::fault::Failure;
use crate::records::{Key, Records};
use jiff::Timestamp;

impl<T: Records> RequestDesk<'_, T> {
    /// Keeps what was asked, until the link confirms it or ends.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn keep_asked(&self, link: &Link, asked: &Asked) -> Result<(), Failure> {
        let (_, is_new) = self.0.create(&Key::privacy_link(link.digest()), asked).await?;
        if is_new { Ok(()) } else { Err(Failure::transient("a random token came twice")) }
    }

    /// What this link asks for, if it still counts. Of a link that was never made nothing is learned.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn find_asked(&self, link: &Link, now: Timestamp) -> Result<Option<Asked>, Failure> {
        let asked: Option<Asked> = self.0.get(&Key::privacy_link(link.digest())).await?;
        Ok(asked.filter(|asked| asked.is_live(now)))
    }
}
