//! The page of an approved notice: it is public before the first mail goes out.

use crate::Sender;
use incident::notification::{Approval, Draft, PublicSite, Publication};
use incident::organisation::{self, PublicPages};
use incident::records::{Key, Records};
use incident::{Failure, IncidentId};
use jiff::Timestamp;
use platform::telemetry::{Level, count, log};

impl<T: Records, S, M, L, P: PublicSite> Sender<T, S, M, L, P> {
    /// Puts up the page that the approval covers, and records where and when. A repeat puts up nothing new.
    pub(crate) async fn publish(
        &self,
        approval: &Approval,
        draft: &Draft,
        site: Option<&PublicPages>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Some(page) = draft.page.as_ref().filter(|_| approval.covers(draft)) else { return Ok(()) };
        let key = Key::publication(&draft.incident, &draft.obligation);
        if let Some(before) = self.records.get::<Publication>(&key).await? {
            return if before.digest == draft.digest {
                Ok(())
            } else {
                Err(Failure::needs_operator("another text of this notice is public"))
            };
        }
        let site = site.ok_or_else(|| {
            Failure::needs_operator(format!("`public_pages` was taken out of `{}` after the draft", organisation::PATH))
        })?;
        self.site.put_up(page, &draft.language).await?;
        let publication = Publication {
            incident: draft.incident.clone(),
            obligation: draft.obligation.clone(),
            version: draft.version,
            digest: draft.digest.clone(),
            address: page.address(&site.origin),
            published_at: now,
        };
        self.records.create(&key, &publication).await?;
        count("NoticesPublished", 1);
        Ok(())
    }
}

/// Notes why a page is not public; the operator reads the same.
pub(crate) fn note(incident: &IncidentId, failure: &Failure) -> String {
    count("NoticesNotPublished", 1);
    let reason = failure.to_string();
    let about = [("incident.id", incident.as_str()), ("reason", reason.as_str())];
    log(Level::Error, "an approved page is not public", &about);
    reason
}
