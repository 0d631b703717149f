//! Writes the next version of a notice.

use incident::containment::ActionRecord;
use incident::notification::delivery::{Lists, check_list};
use incident::notification::{Draft, Duty, Facts, LegalReview, Measure, Packet, Writing};
use incident::organisation::Way;
use incident::ports::{Settings, Vault};
use incident::records::{Key, Listing, Records};
use incident::{Digest, Failure, Incident, IncidentId, organisation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Reminders go out before the deadline; the review itself times out, pages and is asked for again at it, but not sooner than this …
const SHORTEST_REVIEW: i64 = 15 * 60;
/// … nor later, in seconds, than the longest time-out of a task (<https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>).
const LONGEST_REVIEW: i64 = 99_999_999;
/// Without a deadline there are no reminders: the time-out stands in for them.
const UNDATED_REVIEW: i64 = 24 * 3600;
/// Once the deadline has passed, in seconds. An execution has room for 25,000 events: over 100 days of pages.
const OVERDUE_REVIEW: i64 = 3600;

/// Drafts.
pub struct Drafter<T, V, S, L> {
    /// The table.
    pub records: T,
    /// Keeps the drafts.
    pub vault: V,
    /// Holds the organisation's settings.
    pub settings: S,
    /// Holds the lists of people.
    pub lists: L,
}

/// Which duty.
#[derive(Debug, Deserialize)]
pub struct DraftTask {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
}

/// The draft that counsel is asked about.
#[derive(Debug, Serialize)]
pub struct Drafted {
    incident: IncidentId,
    obligation: String,
    version: u32,
    digest: Digest,
    due_at: Option<Timestamp>,
    review_seconds: i64,
}

impl<T: Records, V: Vault, S: Settings, L: Lists> Drafter<T, V, S, L> {
    /// The newest draft, or a new version where counsel asked for changes or took an approval back. A repeat gives the same text.
    ///
    /// # Errors
    /// `NeedsOperator` where the notice cannot be written or nobody is named to receive it.
    pub async fn draft(&self, task: DraftTask, now: Timestamp) -> Result<Drafted, Failure> {
        let duty: Duty =
            self.records.require(&Key::obligation(&task.incident, &task.obligation), "duty of this name").await?;
        let draft = match self.newest(&task.incident, &task.obligation).await? {
            None => self.write(&duty, 1, now).await?,
            Some(last) if self.is_spent(&last).await? => self.write(&duty, last.version + 1, now).await?,
            Some(last) => last,
        };
        self.keep(&draft).await?;
        let due_at = duty.obligation.due_at;
        let review_seconds = match due_at.map(|due| due.duration_since(now).as_secs()) {
            None => UNDATED_REVIEW,
            Some(left) if left <= 0 => OVERDUE_REVIEW,
            Some(left) => left.clamp(SHORTEST_REVIEW, LONGEST_REVIEW),
        };
        Ok(Drafted {
            incident: draft.incident,
            obligation: draft.obligation,
            version: draft.version,
            digest: draft.digest,
            due_at,
            review_seconds,
        })
    }

    async fn newest(&self, incident: &IncidentId, obligation: &str) -> Result<Option<Draft>, Failure> {
        let drafts: Vec<Draft> =
            self.records.list(&Listing::of_incident(incident, format!("DRAFT#{obligation}#"))).await?;
        Ok(drafts.into_iter().next_back())
    }

    async fn is_spent(&self, draft: &Draft) -> Result<bool, Failure> {
        let key = Key::review(&draft.incident, &draft.obligation, draft.version);
        let review: Option<LegalReview> = self.records.get(&key).await?;
        Ok(review.is_some_and(|review| review.asks_for_another_text()))
    }

    async fn write(&self, duty: &Duty, version: u32, now: Timestamp) -> Result<Draft, Failure> {
        let id = &duty.incident;
        let obligation = &duty.obligation;
        let incident: Incident = self.records.require(&Key::incident(id), "incident of this id").await?;
        let organisation = organisation::load(&self.settings).await?;
        let recipient = organisation.recipients.get(&obligation.id).ok_or_else(|| {
            Failure::needs_operator(format!("`recipients.{}` is missing in `{}`", obligation.id, organisation::PATH))
        })?;
        let audience = match recipient.way()? {
            Way::List { bucket, key } => Some(check_list(&self.lists, bucket, key).await?.audience),
            Way::Mail(_) | Way::Portal(_) => None,
        };
        let facts: Vec<Facts> = self.records.list(&Listing::of_incident(id, "FACTS#")).await?;
        let facts = facts.last().ok_or_else(|| Failure::rejected("there are no facts: assess first"))?;
        let actions: Vec<ActionRecord> = self.records.list(&Listing::of_incident(id, "ACTION#")).await?;
        let observed =
            actions.into_iter().filter(|action| action.contained_at.is_some() && action.reversed_at.is_none());
        let first_passes = observed.filter(|action| action.step.pass == 1);
        let measures: Vec<Measure> = first_passes
            .map(|action| Measure { action: action.step.action, target: action.step.target, at: action.contained_at })
            .collect();
        let sample = match &obligation.after {
            Some(first) => self.newest(id, first).await?,
            None => None,
        };
        let writing = Writing {
            obligation,
            facts,
            organisation: &organisation,
            incident: &incident,
            recipient,
            measures: &measures,
            sample: sample.as_ref(),
            version,
            // Whoever entered a fact had a hand in the text.
            drafters: facts.authors().clone(),
            written_at: now,
        };
        let unwritable = |error| Failure::needs_operator("the notice cannot be written").because(error);
        let draft = Draft::write(&writing).map_err(unwritable)?;
        // Before the draft is on record: from then on a repeat does not come here.
        if let Some((packet, page)) = Packet::write(&writing).map_err(unwritable)? {
            self.keep_packet(&draft, &packet, page).await?;
        }
        let draft = match audience {
            Some(audience) => draft.addressed_to(audience),
            None => draft,
        };
        Ok(self.records.create(&Key::draft(id, &obligation.id, version), &draft).await?.0)
    }

    /// Keeps the fields of the authority's form in the vault: for programs, and to print.
    async fn keep_packet(&self, draft: &Draft, packet: &Packet, page: String) -> Result<(), Failure> {
        let fields = serde_json::to_vec_pretty(packet);
        let fields = fields.map_err(|error| Failure::needs_operator("the packet cannot be written").because(error))?;
        let page = ("packet.html", page.into_bytes(), "text/html; charset=utf-8");
        self.put(draft, [("packet.json", fields, "application/json"), page]).await
    }

    /// Keeps the text in the vault, as a file that a lawyer can compare with another version.
    async fn keep(&self, draft: &Draft) -> Result<(), Failure> {
        let whole = serde_json::to_vec_pretty(draft);
        let whole = whole.map_err(|error| Failure::needs_operator("the draft cannot be written").because(error))?;
        let text = ("notice.txt", draft.text.clone().into_bytes(), "text/plain; charset=utf-8");
        let page = ("notice.html", draft.html.clone().into_bytes(), "text/html; charset=utf-8");
        self.put(draft, [text, page, ("draft.json", whole, "application/json")]).await?;
        let Some(public) = &draft.page else { return Ok(()) };
        let public = public.html.clone().into_bytes();
        self.put(draft, [("public-page.html", public, "text/html; charset=utf-8")]).await
    }

    async fn put<const N: usize>(&self, draft: &Draft, files: [(&str, Vec<u8>, &str); N]) -> Result<(), Failure> {
        let folder = format!("incidents/{}/notices/{}/v{}", draft.incident, draft.obligation, draft.version);
        for (name, bytes, content_type) in files {
            self.vault.preserve(&format!("{folder}/{name}"), bytes, content_type).await?;
        }
        Ok(())
    }
}
