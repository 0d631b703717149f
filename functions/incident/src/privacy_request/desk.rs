//! Where requests are kept: confirmed, done something about, and reminded of. What is only asked lies apart (`pending`).

use super::{Asked, Deed, DeedRefused, Due, Link, PrivacyRequest, Reference, Reminded, Term};
use crate::fault::Failure;
use crate::notification::Rules;
use crate::ports::Pager;
use crate::records::{Key, Listing, Records, Versioned, Write};
use jiff::Timestamp;

/// How often a deed is tried again that others were faster than.
const MOST_RACES: u32 = 5;

/// Where requests are kept.
#[derive(Debug)]
pub struct RequestDesk<'a, T>(pub &'a T);

impl<T: Records> RequestDesk<'_, T> {
    /// The request that this link has confirmed before, if it did.
    ///
    /// # Errors
    /// What the table answers; `NeedsOperator` where another request has its name.
    pub async fn find_confirmed(&self, link: &Link) -> Result<Option<PrivacyRequest>, Failure> {
        let found: Option<PrivacyRequest> = self.0.get(&Key::privacy_request(&link.reference())).await?;
        found.map(|request| own(request, link)).transpose()
    }

    /// Puts the request on record that this link confirms; a repeat finds the one that is there.
    ///
    /// # Errors
    /// What the table answers; `NeedsOperator` where the rules give no time, or another request has its name.
    pub async fn confirm_request(
        &self,
        link: &Link,
        asked: &Asked,
        zone: Option<&str>,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<PrivacyRequest, Failure> {
        let term = Term::of(asked.kind, asked.residence, asked.asked_at, zone, rules)?;
        let request = PrivacyRequest::confirmed(link, asked, term, now);
        let (kept, _) = self.0.create(&Key::privacy_request(&request.reference), &request).await?;
        own(kept, link)
    }

    /// Records that the receipt was mailed.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn mark_receipt(&self, reference: &Reference, now: Timestamp) -> Result<(), Failure> {
        let mark = |request: &mut PrivacyRequest| {
            request.receipt_mailed_at.get_or_insert(now);
            Ok(())
        };
        self.0.update(&Key::privacy_request(reference), mark).await.map(drop)
    }

    /// The request of this name.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn find_request(&self, reference: &Reference) -> Result<Option<PrivacyRequest>, Failure> {
        self.0.get(&Key::privacy_request(reference)).await
    }

    /// Every request.
    ///
    /// # Errors
    /// What the table answers.
    pub async fn list_requests(&self) -> Result<Vec<PrivacyRequest>, Failure> {
        self.0.list(&Listing::privacy_requests()).await
    }

    /// Records what the privacy team did. Whoever calls it has made sure who that is, and that they may.
    ///
    /// # Errors
    /// What the table answers; `Rejected` where there is no such request.
    pub async fn enter_deed(
        &self,
        reference: &Reference,
        deed: Deed,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Result<PrivacyRequest, DeedRefused>, Failure> {
        let key = Key::privacy_request(reference);
        for _ in 0..MOST_RACES {
            let found = self.0.read::<PrivacyRequest>(std::slice::from_ref(&key)).await?.into_iter().flatten().next();
            let Versioned { record: mut request, version } =
                found.ok_or_else(|| Failure::rejected("there is no request of this reference"))?;
            if let Err(why) = request.take(deed, reason, by, now) {
                return Ok(Err(why));
            }
            if self.0.commit(vec![Write::new(key.clone(), &request, Some(version))?]).await? {
                return Ok(Ok(request));
            }
        }
        Err(Failure::transient("others kept changing the same request"))
    }

    /// Reminds people of a request that waits, and says what comes next. It is marked after it was said: a repeat after a failure says it
    /// again, a repeat after success does not. What is said holds nothing of the person.
    ///
    /// # Errors
    /// What the table or the pager answers; `Rejected` where there is no such request.
    pub async fn remind_of(
        &self,
        reference: &Reference,
        pager: &impl Pager,
        now: Timestamp,
    ) -> Result<(Reminded, Option<Due>), Failure> {
        let key = Key::privacy_request(reference);
        let request: PrivacyRequest = self.0.require(&key, "request of this reference").await?;
        let Some(due) = request.reminder_due(now) else { return Ok((request.next_reminder(now), None)) };
        let (subject, text) = words(&request, due);
        pager.tell(&subject, &text).await?;
        let mark = |request: &mut PrivacyRequest| {
            request.remember(due, now);
            Ok(())
        };
        let request = self.0.update(&key, mark).await?;
        Ok((request.next_reminder(now), Some(due)))
    }
}

/// Names are short digests: that two links share one will not happen, and must not show one person's receipt to another.
fn own(request: PrivacyRequest, link: &Link) -> Result<PrivacyRequest, Failure> {
    if request.link == *link.digest() {
        Ok(request)
    } else {
        Err(Failure::needs_operator("two links name one request"))
    }
}

fn words(request: &PrivacyRequest, due: Due) -> (String, String) {
    let PrivacyRequest { reference, kind, term, .. } = request;
    let percent = due.percent;
    let subject = if percent < 100 {
        format!("Tocsin: request {reference} waits, {percent} % of the time is over")
    } else {
        format!("Tocsin: request {reference} is overdue")
    };
    let rule = term.citation.as_deref().unwrap_or("the organisation's own promise");
    let text = format!(
        "The request {reference} ({}) of a person about their own data is not answered.\n\nReceived: {}\nDue: {}\nRule: {rule}, {}\n\n\
         Next: open the request in the console, under Requests.\n",
        kind.name(),
        request.received_at,
        request.due_at(),
        term.rule
    );
    (subject, text)
}
